"""One page that lists every run of a project, with links to each record, its plan and its parameters."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape
from os import path
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orgkit.records.catalogue import Record
from orgkit.records.files import RUN_FOLDER, read_json, write_private
from orgkit.records.html import head
from orgkit.records.manifest import MANIFEST
from orgkit.records.outcome_mark import MARKS, mark_of
from orgkit.records.verify.verify import Verification
from orgkit.sanitize.terminal import flat, short

NAME = 40  # characters of the name of the approver; the record has all of it
FAULTY = "faulty"  # the class of a row whose record is not as it was sealed
HEADERS = ("run", "outcome", "steps", "approved", "identity", "plan", "parameters", "commit")
# On a narrow page each row is a block, each cell with its name before it.
STYLE = """body { max-width: 80rem; } .records { width: 100%; } .records td, .records th { border-width: 1px 0; }
.records td { overflow-wrap: anywhere; } .records td:nth-child(n+6) { white-space: nowrap; }
h1 { margin-top: 0; } small { color: var(--quiet); }
.records .outcome { white-space: nowrap; color: var(--mark); font-weight: 650; } b.bad, .faults b { color: var(--bad); }
.records td:nth-child(1) { white-space: nowrap; } td small { display: block; }
.faults { border-left: 3px solid var(--bad); padding-left: 2rem; }
fieldset { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: .25rem .75rem .5rem; }
legend { color: var(--quiet); font-size: .875rem; padding: 0 .25rem; }
fieldset label { display: inline-block; margin-right: 1rem; padding: .25rem 0; }
fieldset label:has(:checked) { font-weight: 650; }
@media (max-width: 56rem) { .records thead { display: none; } .records, .records tbody { display: block; }
  .records tr { display: block; border-top: 1px solid var(--line); padding: .5rem 0; }
  .records td { display: block; border: 0; padding: .05rem 0; } .records td:empty { display: none; }
  .records td:nth-child(n+3)::before { content: attr(data-name) ": "; color: var(--quiet); } }
@media print { fieldset { display: none; } }
"""


def write_page(base: Path, records: Sequence[Record], verified: Sequence[Verification]) -> Path:
    """Write catalogue.html to the outputs folder: newest first, each account with its chain and what is wrong with it.

    Rows are filtered by the style sheet alone. A browser that does not know `:has` shows all of them.
    """
    faulty = {Path(verification.folder) / fault.where for verification in verified for fault in verification.faults}
    filters = (*_outcome_filters(records, faulty), *_phase_filters(records))
    rules = "".join(
        f"body:has(#show-{name}:checked) .records tbody tr:not(.{name}) {{ display: none; }}\n" for name, _ in filters
    )
    parts = "".join(_account(base, verification, records) for verification in verified)
    return write_private(
        base / "catalogue.html",
        f"{head('Records', STYLE + rules)}<body>\n<main>\n<h1>Records</h1>\n"
        f"{_fieldset('Outcome', len(records), _outcome_filters(records, faulty))}"
        f"{_fieldset('Phase', len(records), _phase_filters(records))}{parts}</main>\n</body>\n</html>\n",
    )


def _outcome_filters(records: Sequence[Record], faulty: Collection[Path]) -> list[tuple[str, str]]:
    """Class and label of each choice: only outcomes that some record has."""
    counts = Counter(mark_of(record.exit_code) for record in records)
    choices = [(mark.kind, f"{mark.sign} {mark.meaning} ({counts[mark]})") for mark in MARKS if counts[mark]]
    count = sum(record.folder in faulty for record in records)
    return [*choices, *([(FAULTY, f"! with faults ({count})")] if count else [])]


def _phase_filters(records: Sequence[Record]) -> list[tuple[str, str]]:
    counts = Counter(record.phase for record in records)
    return [(f"phase-{phase}", f"{phase} ({count})") for phase, count in sorted(counts.items())]


def _fieldset(legend: str, count: int, choices: Sequence[tuple[str, str]]) -> str:
    """Radio buttons, the first of which shows everything; none where there is nothing to choose."""
    if len(choices) < 2:
        return ""
    group = legend.lower()
    labels = "".join(
        f'<label><input type="radio" name="{group}" id="show-{name}"{" checked" if not number else ""}> '
        f"{escape(label)}</label>\n"
        for number, (name, label) in enumerate([(f"any-{group}", f"all ({count})"), *choices])
    )
    return f"<fieldset><legend>{legend}</legend>\n{labels}</fieldset>\n"


def _account(base: Path, verified: Verification, records: Sequence[Record]) -> str:
    place = Path(verified.folder)
    account_records = [record for record in reversed(records) if record.folder.parent == place]
    names = "".join(f'<th scope="col">{name}</th>' for name in HEADERS)
    wrong = {fault.where for fault in verified.faults}
    rows = "".join(_row(base, record, wrong) for record in account_records)
    faults = "".join(f"<li>{escape(flat(fault.sentence))}</li>" for fault in verified.faults)
    listed = f'<ul class="faults">{faults}</ul>\n' if faults else ""
    return (
        f"<section><h2>{escape(flat(path.relpath(place, base)))}</h2>\n"
        f"<p>{verified.records} sealed record(s): {_verification_word(verified)}."
        f" Head <code>{escape(verified.head or 'none')}</code></p>\n{listed}"
        f'<table class="records"><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table></section>\n'
    )


def _verification_word(verified: Verification) -> str:
    """Never that all is well when something was not looked at."""
    if verified.faults:
        return f'<b class="bad">{len(verified.faults)} fault(s)</b>'
    doubt = [f"{len(verified.archived)} more are not here and were not checked"] if verified.archived else []
    doubt += ["signatures not checked"] if verified.signed and not verified.key else []
    return "; ".join(["as they were sealed" if verified.archived else "<b>everything as it was sealed</b>", *doubt])


def _row(base: Path, record: Record, wrong: Collection[str]) -> str:
    """A sign and a word, not a color alone, show how it ended."""
    mark, is_wrong = mark_of(record.exit_code), record.name in wrong
    classes = f"{mark.kind} phase-{record.phase}{f' {FAULTY}' if is_wrong else ''}"
    outcome = f'<span aria-hidden="true">{mark.sign}</span> {escape(flat(record.outcome))}'
    outcome += ', <b class="bad">with faults</b>' if is_wrong else ""
    name = f"{_link(base, record, f'{record.phase}.html', record.phase)}<small>{_time_and_id(record)}</small>"
    cells = "".join(
        f'<td data-name="{header}">{cell}</td>' for header, cell in zip(HEADERS[2:], _cells(base, record), strict=True)
    )
    return f'<tr class="{classes}"><td>{name}</td><td class="outcome">{outcome}</td>{cells}</tr>\n'


def _cells(base: Path, record: Record) -> Iterator[str]:
    """The other cells of a row, as HTML."""
    result, manifest = (read_json(record.folder / name) for name in ("result.json", MANIFEST))
    approval, counts, identity = (_object(result, name) for name in ("approval", "ended", "identity"))
    git = _object(manifest, "git")
    yield escape(flat(", ".join(f"{count} {state}" for state, count in counts.items())))
    approver = " ".join(str(approval.get(name) or "") for name in ("asserted_by", "ticket")).strip()
    yield escape(short(approver, NAME))
    yield escape(flat(identity.get("arn", "")))
    yield _link(base, record, "plan.json", flat(result.get("digest") or record.plan_sha256)[:12])
    yield _link(base, record, "parameters.toml", "parameters.toml", "")
    yield escape(flat(f"{str(git.get('commit') or '')[:12]}{' (changed)' if git.get('dirty') else ''}"))


def _link(base: Path, record: Record, file: str, text: str, otherwise: str | None = None) -> str:
    """A link to a file of the record where there is one, else the text or `otherwise`."""
    if not (record.folder / file).is_file():
        return escape(text if otherwise is None else otherwise)
    place = quote(path.relpath(record.folder / file, base))
    return f'<a href="{escape(place)}">{escape(text or file)}</a>'


def _time_and_id(record: Record) -> str:
    """When the run began, and the part of its name that commands take for it."""
    parts = RUN_FOLDER.fullmatch(record.name)
    if parts is None:
        return escape(flat(record.name))
    at = parts["at"]
    return f"{at[:4]}-{at[4:6]}-{at[6:8]} {at[9:11]}:{at[11:13]}:{at[13:15]} UTC, {parts['id']}"


def _object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within a file, whatever somebody put in its place."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}
