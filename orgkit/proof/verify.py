"""Whether records are still what was sealed: every file, the approval, the place, and the chain of all of them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from os.path import lexists
from pathlib import Path
from typing import Any

from orgkit.proof.archived import elsewhere, told_of
from orgkit.proof.strays import faults_of_place
from orgkit.proof.verify_approval import faults_of_approval
from orgkit.proof.verify_chain import (
    LINK,
    Fault,
    faults_of_chain,
    faults_of_head,
    faults_of_unsigned,
    notes_on_head,
)
from orgkit.proof.verify_files import faults_of_files
from orgkit.record.catalogue import is_prepared
from orgkit.record.chain import Entry, head_of, lines_of
from orgkit.record.files import read_json, run_folders
from orgkit.record.manifest import MANIFEST
from orgkit.signing.keys import PublicKey


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what was found; `unsealed` are runs that never became a record, which is no fault."""

    account: str
    folder: str
    records: int
    head: str
    signed: int
    faults: tuple[Fault, ...]
    unsealed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()  # sealed on other machines: their lines are here, their files in the archive alone
    key: str = ""  # the id of the one with which signatures were checked

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def verify_all(place: Path, head: str = "", key: PublicKey | None = None, named_by: str = "") -> Verified:
    """Every record of an account, whose folder `place` is, its chain, and what else lies there.

    `head` is one that was kept elsewhere. `named_by` is the parameters file that names the key: it may have begun to
    after the first records were sealed, while a key that a person gives has to have signed every line.
    """
    lines = lines_of(place)
    entries = {entry.run: entry for line in lines if (entry := Entry.parse(line))}
    faults = [*_chain(place, lines, head, key, named_by), *faults_of_place(place)]
    runs = run_folders(place.parent, place.name)
    sealed = [run for run in runs if lexists(run / MANIFEST) or run.name in entries or run.is_symlink()]
    for run in sealed:
        faults += verify_record(run, entries.get(run.name))
    away, missing = elsewhere(place, lines, key), entries.keys() - {run.name for run in runs}
    gone = sorted(missing - away.keys())
    faults += [Fault(name, "", "is in the chain, and its folder is gone") for name in gone]
    archived = tuple(sorted(missing & away.keys()))
    unsealed = tuple(run.name for run in runs if run not in sealed and not is_prepared(run))
    signed = sum(bool(entry.signed_by) for entry in entries.values())
    notes = (*_notes(lines, head, named_by), *told_of(archived, (away[run] for run in archived)))
    return Verified(
        place.name, str(place), len(sealed), head_of(place.parent, place.name), signed, tuple(faults), unsealed, notes,
        archived, key.id if key else "",
    )  # fmt: skip


def of_record(run: Path, head: str = "", key: PublicKey | None = None, named_by: str = "") -> Verified:
    """One record alone, and the chain that it stands in."""
    place, lines = run.parent, lines_of(run.parent)
    entry = next((entry for line in lines if (entry := Entry.parse(line)) and entry.run == run.name), None)
    faults = (*_chain(place, lines, head, key, named_by), *verify_record(run, entry))
    return Verified(
        place.name, str(place), 1, head_of(place.parent, place.name), int(bool(entry and entry.signed_by)), faults,
        notes=tuple(_notes(lines, head, named_by)), key=key.id if key else "",
    )  # fmt: skip


def _chain(place: Path, lines: Sequence[bytes], head: str, key: PublicKey | None, named_by: str) -> Iterator[Fault]:
    every = key is not None and not named_by
    yield from faults_of_chain(place, lines, key, every=every)
    if not every:
        yield from faults_of_unsigned(lines, at_least_one=bool(named_by))
    yield from faults_of_head(lines, head)


def _notes(lines: Sequence[bytes], head: str, named_by: str) -> Iterator[str]:
    yield from notes_on_head(lines, head)
    if named_by and lines:
        yield f"Signatures were checked with public_key of {named_by}."


def verify_record(run: Path, entry: Entry | None) -> Iterator[Fault]:
    """One record: its manifest against the chain, its files against the manifest, its approval against its plan."""
    try:
        yield from _record(run, entry)
    except OSError as error:
        yield Fault(run.name, "", f"cannot be read: {error}")


def _record(run: Path, entry: Entry | None) -> Iterator[Fault]:
    linked = [name for name in ("", MANIFEST) if (run / name).is_symlink()]
    if linked:
        yield Fault(run.name, linked[0], LINK)
        return
    manifest = read_json(run / MANIFEST)
    if not manifest:
        yield Fault(run.name, MANIFEST, "is gone, or is no JSON object")
        return
    if entry is None:
        yield Fault(run.name, MANIFEST, "is not in the chain: added since, or its seal was cut short")
    elif hashlib.sha256((run / MANIFEST).read_bytes()).hexdigest() != entry.manifest_sha256:
        yield Fault(run.name, MANIFEST, "was changed after it was sealed")
    elif entry.sealed_at != manifest.get("sealed_at"):
        yield Fault(run.name, MANIFEST, f"was sealed at {manifest.get('sealed_at')}, and not when the chain says")
    named = manifest.get("account"), manifest.get("run")
    if named != (run.parent.name, run.name):
        yield Fault(run.name, MANIFEST, f"belongs to {named[0]}/{named[1]}: it was copied or renamed")
    yield from faults_of_files(run, manifest)
    yield from (Fault(run.name, file, what) for file, what in faults_of_approval(run, manifest))
