"""What is believed of the records in an account's folder: anybody can write a journal, a sealed one is checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orgkit.journal import read_events
from orgkit.proof.mutations import Mutation, mutations_of
from orgkit.proof.verify import of_record, verify_record
from orgkit.record.chain import Entry, lines_of
from orgkit.record.files import run_folders
from orgkit.record.manifest import MANIFEST


@dataclass(frozen=True)
class Belief:
    """Whether a record is sealed, what about it is not as it was sealed, and the changes of the runs beside it."""

    sealed: bool
    faults: tuple[str, ...]
    believed: tuple[Mutation, ...]  # of records that are sealed, in the chain and whole
    claimed: tuple[Mutation, ...]  # of all other runs


def belief_in(run: Path) -> Belief:
    """Check a record with its chain, and each of the account's other records by itself."""
    lines = lines_of(run.parent)
    entries = {entry.run: entry for line in lines if (entry := Entry.parse(line))}
    sealed = (run / MANIFEST).exists() or run.name in entries
    faults = (fault for fault in of_record(run).faults if sealed or fault.where != run.name)
    others = [other for other in run_folders(run.parent.parent, run.parent.name) if other != run]
    whole = {other for other in others if not any(verify_record(other, entries.get(other.name)))}
    return Belief(
        sealed,
        tuple(fault.sentence for fault in faults),
        tuple(each for other in others if other in whole for each in _mutations(other)),
        tuple(each for other in others if other not in whole for each in _mutations(other)),
    )


def _mutations(run: Path) -> Iterator[Mutation]:
    """None of a journal that orgkit has not written."""
    try:
        yield from mutations_of(run.name, read_events(run / "events.jsonl"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return
