"""Which records can be trusted: unsealed journals are only claims; sealed ones are verified."""

from collections.abc import Iterator
from pathlib import Path

from orgkit.dataclass import dataclass
from orgkit.journal.events import read_events
from orgkit.records.chain import Entry, lines_of
from orgkit.records.files import run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.reconcile.journal_changes import Mutation, mutations_of
from orgkit.records.verify.verify import verify_one, verify_record


@dataclass(frozen=True)
class RecordTrust:
    """Whether a record is sealed, what differs from its seal, and the changes of the runs next to it."""

    sealed: bool
    faults: tuple[str, ...]
    trusted_mutations: tuple[Mutation, ...]  # of records that are sealed, in the chain and whole
    claimed_mutations: tuple[Mutation, ...]  # of all other runs


def assess_trust(run: Path) -> RecordTrust:
    """Check a record with its chain, and each of the account's other records by itself."""
    lines = lines_of(run.parent)
    entries = {entry.run: entry for line in lines if (entry := Entry.parse(line))}
    sealed = (run / MANIFEST).exists() or run.name in entries
    faults = (fault for fault in verify_one(run).faults if sealed or fault.where != run.name)
    other_runs = [folder for folder in run_folders(run.parent.parent, run.parent.name) if folder != run]
    whole = {folder for folder in other_runs if not any(verify_record(folder, entries.get(folder.name)))}
    return RecordTrust(
        sealed,
        tuple(fault.sentence for fault in faults),
        tuple(mutation for folder in other_runs if folder in whole for mutation in _mutations(folder)),
        tuple(mutation for folder in other_runs if folder not in whole for mutation in _mutations(folder)),
    )


def _mutations(run: Path) -> Iterator[Mutation]:
    """None of a journal that orgkit has not written."""
    try:
        yield from mutations_of(run.name, read_events(run / "events.jsonl"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return
