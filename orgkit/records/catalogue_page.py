"""One page that lists every run of a project, with a link to each record."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from os import path
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orgkit.errors import EXIT_DONE, EXIT_WAITING
from orgkit.records.catalogue import Record
from orgkit.records.files import read_json, write_private
from orgkit.records.html import POLICY
from orgkit.records.manifest import MANIFEST
from orgkit.records.verify.verify import Verification
from orgkit.sanitize.terminal import flat, short

NAME = 40  # characters of the approver's name; the record has all of it
# A head breaks anywhere, a table scrolls by itself: the page is no wider than a telephone.
STYLE = """code, li, td { overflow-wrap: anywhere; } td { min-width: 6.75rem; } td:first-child { min-width: 11rem; }
.faults { border-left: 3px solid var(--bad); padding-left: 2rem; } .bad { color: var(--bad); }
"""
HEADERS = ("run", "outcome", "steps", "identity", "approved", "plan", "commit")


def write_page(base: Path, records: Sequence[Record], verified: Sequence[Verification]) -> Path:
    """catalogue.html in the outputs folder: newest first, each account with its chain and what is wrong with it."""
    css = (files("orgkit.records") / "record.css").read_text(encoding="utf-8")
    parts = "".join(_account(base, verification, records) for verification in verified)
    return write_private(
        base / "catalogue.html",
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Records</title>\n<style>\n{css}{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Records</h1>\n{parts}</main>\n"
        f"</body>\n</html>\n",
    )


def _account(base: Path, verified: Verification, records: Sequence[Record]) -> str:
    place = Path(verified.folder)
    account_records = [record for record in reversed(records) if record.folder.parent == place]
    head = "".join(f"<th>{name}</th>" for name in HEADERS)
    wrong = {fault.where for fault in verified.faults}
    rows = "".join(_row(base, record, wrong) for record in account_records)
    faults = "".join(f"<li>{escape(flat(fault.sentence))}</li>" for fault in verified.faults)
    listed = f'<ul class="faults">{faults}</ul>\n' if faults else ""
    return (
        f"<h2>{escape(flat(path.relpath(place, base)))}</h2>\n"
        f"<p>{verified.records} sealed record(s): {_verification_word(verified)}."
        f" Head <code>{escape(verified.head or 'none')}</code></p>\n{listed}"
        f'<div class="output_area"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>\n'
    )


def _verification_word(verified: Verification) -> str:
    """Never that all is well when something was not looked at."""
    if verified.faults:
        return f'<b class="bad">{len(verified.faults)} fault(s)</b>'
    doubt = [f"{len(verified.archived)} more are not here and were not checked"] if verified.archived else []
    doubt += ["signatures not checked"] if verified.signed and not verified.key else []
    return "; ".join(["as they were sealed" if verified.archived else "<b>everything as it was sealed</b>", *doubt])


def _row(base: Path, record: Record, wrong: Collection[str]) -> str:
    """A word, not a colour, says how it ended."""
    kind = "good" if record.exit_code == EXIT_DONE else "stop" if record.exit_code == EXIT_WAITING else ""
    cells = "".join(f"<td>{escape(flat(value))}</td>" for value in _cells(record, wrong))
    page = record.folder / f"{record.phase}.html"
    link = quote(path.relpath(page, base)) if page.is_file() else ""
    name = f'<a href="{escape(link)}">{escape(record.name)}</a>' if link else escape(record.name)
    return f'<tr class="{kind}"><td>{name}</td>{cells}</tr>'


def _cells(record: Record, wrong: Collection[str]) -> Iterator[str]:
    result, manifest = (read_json(record.folder / name) for name in ("result.json", MANIFEST))
    approval, ended, identity = (_object(result, name) for name in ("approval", "ended", "identity"))
    git = _object(manifest, "git")
    yield f"{record.outcome}{', with faults' if record.name in wrong else ''}"
    yield ", ".join(f"{count} {state}" for state, count in ended.items())
    yield str(identity.get("arn", ""))
    yield short(" ".join(str(approval.get(name) or "") for name in ("asserted_by", "ticket")).strip(), NAME)
    yield str(result.get("digest") or record.plan_sha256)[:12]
    yield f"{str(git.get('commit') or '')[:12]}{' (changed)' if git.get('dirty') else ''}"


def _object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within a file, whatever somebody put in its place."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}
