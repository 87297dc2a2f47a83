"""Views of a hand-over: what Terraform gets, what it does not get, the files, and Terraform's own plan."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from orgkit.handover.configuration import Configuration
from orgkit.handover.difference import FileDifference, is_changed
from orgkit.handover.guide import notes, section_text
from orgkit.handover.plan_check import PlanCheck
from orgkit.runbook.views import tables
from orgkit.runbook.views.views import View
from orgkit.sanitize.secrets import hide_secrets

NOTHING_WRITTEN = (
    "Nothing was written: `folder` is empty. Name a folder in the parameters of this runbook to write them."
)
MAX_TEXT_LINES = 40  # of a difference, where only text is shown; the browser folds all of them


def render_resources(configuration: Configuration) -> View:
    """Each type with its number, and each resource with its import id."""
    title = (
        f"{configuration.imports} resources of organization {configuration.organization}, for "
        f"{configuration.tool.title}"
    )
    addresses = sorted((kind, address, import_id) for (kind, import_id), address in configuration.addresses.items())
    counts = [(kind, len(list(items))) for kind, items in groupby(addresses, key=lambda item: item[0])]
    rows = [(hide_secrets(address), hide_secrets(import_id)) for _, address, import_id in addresses]
    headers = ("resource type", "resources")
    return View(
        f"{title}\n\n{tables.as_text(headers, counts)}\n\n{tables.as_text(('address', 'import id'), rows)}",
        f"<p><b>{escape(title)}</b></p>{tables.as_html(headers, counts)}"
        f"{_as_details('Each resource with its import id', tables.as_html(('address', 'import id'), rows))}",
    )


def render_left_out(configuration: Configuration) -> View:
    """What Terraform does not get, and the reason."""
    rows = [(hide_secrets(item.subject), hide_secrets(item.reason)) for item in configuration.left_out]
    return View(tables.as_text(("what", "reason"), rows), tables.as_html(("what", "reason"), rows))


def render_differences(differences: Sequence[FileDifference]) -> View:
    """Each file with what changes in it; of a new file, its text."""
    rows = [(item.name, item.outcome) for item in differences]
    changed = [item for item in differences if is_changed(item)]
    texts = [f"{item.name}\n" + "\n".join(_shortened(_lines(item))) for item in changed]
    details = [_as_details(item.name, f"<pre>{escape(chr(10).join(_lines(item)))}</pre>") for item in changed]
    return View(
        "\n\n".join([tables.as_text(("file", "what writing changes"), rows), *texts]),
        tables.as_html(("file", "what writing changes"), rows) + "".join(details),
    )


def render_written(folder: Path, outcomes: Mapping[str, str], configuration: Configuration) -> View:
    """What was written, what to run before the next apply, and the section of the parameters file."""
    rows = [(outcome, str(folder / name)) for name, outcome in outcomes.items()]
    command = configuration.tool.command
    forgotten = [f"{command} state rm '{hide_secrets(address)}'" for address in configuration.changes.forgotten]
    state, tried = (forgotten, "Take out of the state before the next apply"), (notes(configuration.tool), "Notes")
    section, title = section_text(configuration.labels), "Add to the parameters file once Terraform has applied it"
    headers = ("outcome", "file")
    return View(
        tables.as_text(headers, rows)
        + tables.as_text_list(*state)
        + f"\n{title}:\n{section}"
        + tables.as_text_list(*tried),
        tables.as_html(headers, rows)
        + (tables.as_list(*state) if forgotten else "")
        + f"<p><b>{title}</b></p><pre>{escape(section)}</pre>"
        + tables.as_list(*tried),
    )


def render_nothing_written() -> View:
    """Say that the runbook was only to show."""
    return View(NOTHING_WRITTEN, f"<p>{escape(NOTHING_WRITTEN)}</p>")


def render_nothing_to_check() -> View:
    """Say that there is nothing that Terraform could plan."""
    text = "Nothing was written, so that there is nothing to check."
    return View(text, f"<p>{text}</p>")


def render_check(check: PlanCheck) -> View:
    """Terraform's plan in one sentence; where there is none, the command."""
    sentence = hide_secrets(check.sentence[0].upper() + check.sentence[1:])
    if not check.unchecked:
        return View(f"Verified. {sentence}.", f"<p>Verified. {escape(sentence)}.</p>")
    lines = [f"{sentence}.", f"Run: {check.command}"]
    lines += [f"The first plan has to say: {check.expected} to import, 0 to add, 0 to change, 0 to destroy."]
    return View("\n".join(lines), "".join(f"<p>{escape(tables.flat(line))}</p>" for line in lines))


def _lines(item: FileDifference) -> list[str]:
    return [tables.flat(hide_secrets(line)) for line in item.lines]


def _shortened(lines: list[str]) -> list[str]:
    hidden = len(lines) - MAX_TEXT_LINES
    return lines if hidden <= 0 else [*lines[:MAX_TEXT_LINES], f"… and {hidden} lines more"]


def _as_details(title: str, html: str) -> str:
    return f"<details><summary>{escape(tables.flat(title))}</summary>{html}</details>"
