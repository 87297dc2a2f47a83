"""Whether records are still what was sealed: every file, the approval, the place, and the chain of all of them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from os.path import lexists
from pathlib import Path
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.records.archive.marker import name_runs, runs_of_other_machines
from orgkit.records.catalogue import is_prepared
from orgkit.records.chain import Entry, head_of, lines_of
from orgkit.records.files import run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.verify.check_approval import NOT_STRICT, faults_of_approval
from orgkit.records.verify.check_chain import (
    LINK,
    Fault,
    faults_of_chain,
    faults_of_head,
    faults_of_no_signature,
    faults_of_unsigned,
    notes_on_head,
    runs_after_head,
)
from orgkit.records.verify.check_files import faults_of_files
from orgkit.records.verify.strict_json import read_strict
from orgkit.records.verify.unexpected_files import faults_of_place
from orgkit.signing.keys import PublicKey


@dataclass(frozen=True)
class Verification:
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
    after_head: tuple[str, ...] = ()  # runs whose lines come after the head that was given: it says nothing of them
    key: str = ""  # the id of the one with which signatures were checked

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def verify_all(place: Path, head: str = "", key: PublicKey | None = None, named_by: str = "") -> Verification:
    """Every record of an account, whose folder `place` is, its chain, and what else lies there.

    `head` is one that was kept elsewhere. `named_by` is the parameters file that names the key. Such a key may
    be newer than the first records; a key that a person gives has to have signed every line.
    """
    lines = lines_of(place)
    entries = {entry.run: entry for line in lines if (entry := Entry.parse(line))}
    every = key is not None and not named_by
    faults = [*_chain(place, lines, head, key, every=every), *faults_of_place(place)]
    if named_by:
        faults += faults_of_no_signature(lines)
    runs = run_folders(place.parent, place.name)
    sealed = [run for run in runs if lexists(run / MANIFEST) or run.name in entries or run.is_symlink()]
    for run in sealed:
        faults += verify_record(run, entries.get(run.name))
    only_archived, missing = runs_of_other_machines(place, lines, key), entries.keys() - {run.name for run in runs}
    missing_runs = sorted(missing - only_archived.keys())
    faults += [Fault(name, "", "is in the chain, and its folder is gone") for name in missing_runs]
    archived = tuple(sorted(missing & only_archived.keys()))
    unsealed = tuple(run.name for run in runs if run not in sealed and not is_prepared(run))
    signed = sum(bool(entry.signed_by) for entry in entries.values())
    notes = (*_notes(lines, head, named_by), *name_runs(archived, (only_archived[run] for run in archived)))
    after_head = tuple(runs_after_head(lines, head))
    return Verification(
        place.name, str(place), len(sealed), head_of(place.parent, place.name), signed, tuple(faults), unsealed, notes,
        archived, after_head, key.id if key else "",
    )  # fmt: skip


def verify_one(run: Path, head: str = "", key: PublicKey | None = None, named_by: str = "") -> Verification:
    """One record alone, and the chain that it stands in.

    With a head, the record's own line has to stand at or before it: nothing vouches for what was added after it. With a
    key that a person gives, that line has to be signed; lines before the first signed one need not be.
    """
    place, lines = run.parent, lines_of(run.parent)
    entry = next((entry for line in lines if (entry := Entry.parse(line)) and entry.run == run.name), None)
    faults = [*_chain(place, lines, head, key, every=False), *verify_record(run, entry)]
    if named_by:
        faults += faults_of_no_signature(lines)
    if run.name in runs_after_head(lines, head):
        faults.append(Fault(run.name, "", "was sealed after the head that was given, which says nothing of it"))
    if entry is not None and key is not None and not named_by and not entry.signed_by:
        faults.append(Fault(run.name, "", "its line of the chain is not signed"))
    return Verification(
        place.name, str(place), 1, head_of(place.parent, place.name), int(bool(entry and entry.signed_by)),
        tuple(faults), notes=tuple(_notes(lines, head, named_by)), key=key.id if key else "",
    )  # fmt: skip


def _chain(place: Path, lines: Sequence[bytes], head: str, key: PublicKey | None, *, every: bool) -> Iterator[Fault]:
    yield from faults_of_chain(place, lines, key, every=every)
    if not every:
        yield from faults_of_unsigned(lines)
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
    links = [name for name in ("", MANIFEST) if (run / name).is_symlink()]
    if links:
        yield Fault(run.name, links[0], LINK)
        return
    manifest = read_strict(run / MANIFEST)
    if manifest is None:
        yield Fault(run.name, MANIFEST, NOT_STRICT)
        return
    if entry is None:
        yield Fault(run.name, MANIFEST, "is not in the chain: added since, or its seal was cut short")
    elif hashlib.sha256((run / MANIFEST).read_bytes()).hexdigest() != entry.manifest_sha256:
        yield Fault(run.name, MANIFEST, "was changed after it was sealed")
    elif entry.sealed_at != manifest.get("sealed_at"):
        yield Fault(run.name, MANIFEST, f"was sealed at {manifest.get('sealed_at')}, and not when the chain says")
    identifiers = manifest.get("account"), manifest.get("run")
    if identifiers != (run.parent.name, run.name):
        yield Fault(run.name, MANIFEST, f"belongs to {identifiers[0]}/{identifiers[1]}: it was copied or renamed")
    yield from faults_of_files(run, manifest)
    yield from (Fault(run.name, file, problem) for file, problem in faults_of_approval(run, manifest))
