"""archived.json: the records of a chain that were sealed on other machines and lie in the archive, not here.

A run counts as archived while three conditions hold:

- its line here has the manifest's hash that the marker has;
- the head that was read from the archive is a line of the chain here;
- the run's line does not come after that head.

So a marker covers nothing that the archive's index did not have. It does not show whether the record was ever here:
anyone who may write this folder can remove an archived record and name it in the marker. The record is not lost then,
and verify always names it (from the sixth on, in its JSON). With a public key, a marker counts only as far as it is
signed with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from orgkit.journal.events import Event
from orgkit.records.chain import Entry
from orgkit.records.files import as_json, private_folder, read_json, write_private

if TYPE_CHECKING:
    from orgkit.signing.keys import PublicKey, Signer

MARKER = "archived.json"
SIGNATURE = "archived.json.sig"
LIMIT = 5  # names in a line


def mark(
    place: Path,
    url: str,
    head: str,
    entries: Iterable[Entry],
    signer: "Signer | None",
    events: Mapping[str, Sequence[Event]] = MappingProxyType({}),
) -> None:
    """Add these runs to those that are known to lie in the archive, with what `events` says of what they applied."""
    new: dict[str, dict[str, Any]] = {
        entry.run: {"manifest_sha256": entry.manifest_sha256, "archive": url} for entry in entries
    }
    for run in new.keys() & events.keys():
        new[run]["events"] = list(events[run])
    runs = _runs(place) | new
    content = as_json({"schema": 1, "head": head, "runs": runs})
    write_private(private_folder(place) / MARKER, content)
    (place / SIGNATURE).unlink(missing_ok=True)
    if signer is not None:
        write_private(place / SIGNATURE, signer.sign(content.encode()))


def archived_events(place: Path) -> Iterator[Sequence[Event]]:
    """What other machines have applied to this account lately, a list of events for each run, oldest run first."""
    for _, facts in sorted(_runs(place).items()):
        events = facts.get("events")
        yield [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []


def of_apply(events: Iterable[Event]) -> list[Event]:
    """The part of a run's events that says what was done under which approval."""
    return [_short(event) for event in events if event.get("event") in ("apply", "step", "intent", "settled")]


def _short(event: Event) -> Event:
    steps = event.get("steps")
    ids = [{"id": step.get("id")} for step in steps if isinstance(step, dict)] if isinstance(steps, list) else None
    fields = {name: event[name] for name in ("event", "digest", "step", "result", "intent") if name in event}
    return fields if ids is None else {**fields, "steps": ids}


def runs_of_other_machines(place: Path, lines: Sequence[bytes], key: "PublicKey | None" = None) -> dict[str, str]:
    """The runs of a chain that lie in the archive alone, and where that is."""
    entries = [entry for line in lines if (entry := Entry.parse(line))]
    head = read_json(place / MARKER).get("head")
    covered = next((number for number, entry in enumerate(entries, 1) if entry.digest == head), 0)
    if not covered or (key is not None and not _is_signed(place, key)):
        return {}
    runs = _runs(place)
    return {
        entry.run: str(runs[entry.run].get("archive"))
        for entry in entries[:covered]
        if runs.get(entry.run, {}).get("manifest_sha256") == entry.manifest_sha256
    }


def name_runs(runs: Sequence[str], archives: Iterable[str]) -> Iterator[str]:
    """What verify says of such runs, by name: none is passed over in silence."""
    if runs:
        names = f"{', '.join(runs[:LIMIT])}{f' and {len(runs) - LIMIT} more (--json)' if len(runs) > LIMIT else ''}"
        locations = ", ".join(sorted({*archives}))
        yield f"{len(runs)} record(s) are archived in {locations} and not here; only their lines were checked: {names}."


def _runs(place: Path) -> dict[str, Mapping[str, Any]]:
    runs = read_json(place / MARKER).get("runs")
    return {run: facts for run, facts in runs.items() if isinstance(facts, dict)} if isinstance(runs, dict) else {}


def _is_signed(place: Path, key: "PublicKey") -> bool:
    content, signature = place / MARKER, place / SIGNATURE
    return signature.is_file() and key.verify(content.read_bytes(), signature.read_bytes())
