"""The inventory of the last run: the newest record of 08 that is sealed, and is as it was sealed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.journal.events import read_events
from orgkit.model.inventory import Gap, Resource
from orgkit.records.chain import Entry, lines_of
from orgkit.records.files import label_of, run_folders
from orgkit.records.health.comparison import Snapshot
from orgkit.records.manifest import MANIFEST
from orgkit.records.verify.verify import verify_record

EVENT = "inventory"  # in the journal of a run
LABEL = "08-health"


@dataclass(frozen=True)
class LastRun:
    """The newest usable inventory, and the newer records that cannot be used, each with the reason."""

    snapshot: Snapshot | None = None
    unusable: tuple[str, ...] = ()


def find_last_run(base: Path, account: str) -> LastRun:
    """Return the inventory of the newest sealed record of 08 of an account.

    Args:
        base: The folder with the records of accounts.
        account: The management account.
    """
    entries = {entry.run: entry for line in lines_of(base / account) if (entry := Entry.parse(line))}
    unusable = []
    for folder in reversed(run_folders(base, account)):
        if label_of(folder) != LABEL or not (folder / MANIFEST).exists():
            continue
        if faults := list(verify_record(folder, entries.get(folder.name))):
            unusable.append(f"{folder.name} is not as it was sealed: {faults[0].sentence}")
        elif snapshot := _snapshot(folder):
            return LastRun(snapshot, tuple(unusable))
    return LastRun(None, tuple(unusable))


def as_event(resources: Iterable[Resource], gaps: Iterable[Gap]) -> dict[str, Any]:
    """Return an inventory as the journal has it."""
    return {
        "resources": [
            {
                "kind": item.kind, "id": item.id, "name": item.name, "values": dict(item.values),
                "unread": list(item.unread),
                "identifiers": list(item.identifiers),
            }
            for item in resources
            if item.values is not None
        ],
        "gaps": [{"kind": gap.kind, "id": gap.id, "reason": gap.reason} for gap in gaps],
    }  # fmt: skip


def _snapshot(folder: Path) -> Snapshot | None:
    event = next((item for item in read_events(folder / "events.jsonl") if item.get("event") == EVENT), None)
    if event is None:  # the run ended before it had read AWS
        return None
    resources = list(_objects(event.get("resources")))
    keys = [(str(item.get("kind")), str(item.get("id"))) for item in resources]
    return Snapshot(
        run=folder.name,
        at=str(event.get("read_at", "")),
        names=dict(zip(keys, (str(item.get("name", "")) for item in resources), strict=True)),
        values=dict(zip(keys, (_texts(item.get("values")) for item in resources), strict=True)),
        identifiers=dict(zip(keys, (_list(item.get("identifiers")) for item in resources), strict=True)),
        unread=dict(zip(keys, (_list(item.get("unread")) for item in resources), strict=True)),
        gaps=tuple(
            Gap(str(item.get("kind")), str(item.get("id", "")), str(item.get("reason", "")))
            for item in _objects(event.get("gaps"))
        ),
    )


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _texts(value: object) -> dict[str, str]:
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _list(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
