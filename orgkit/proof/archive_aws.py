"""Sealed records into the archive, and one chain for all machines: its index is read first and written last."""

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import NotArchived
from orgkit.model.desired import Desired
from orgkit.model.matching import known_ids
from orgkit.proof.archive import Archive, Archived, Joined, chain_of, joined
from orgkit.proof.archive_check_aws import checked
from orgkit.proof.archive_door_aws import open_store
from orgkit.proof.archive_files_aws import Keeping
from orgkit.proof.archive_store_aws import Store
from orgkit.proof.archived import mark
from orgkit.proof.verify_chain import faults_of_chain
from orgkit.read import read_organization
from orgkit.record.chain import INDEX, SIGNATURES, Entry, entries_of, keep_signature, lines_of, replace_chain
from orgkit.record.files import private_folder, run_folders, write_private
from orgkit.record.manifest import MANIFEST
from orgkit.signing.keys import PublicKey, Signer

TURNS = 5  # how often somebody else may be first


def archive(
    aws: Connection,
    desired: Desired,
    place: Path,
    to: Archive,
    signer: Signer | None = None,
    key: PublicKey | None = None,
    *,
    check: bool = False,
) -> Archived | None:
    """The same into a bucket that is looked for first; None when there is none yet, in any account of ours."""
    try:
        aws.progress("which account has the bucket", 0.0, 0.0)
        store = open_store(aws, desired, known_ids(desired, read_organization(aws, desired, "costs")), to)
        found = archive_records(aws, store, place, signer, key) if store else None
        return checked(aws, store, place, found) if store and found and check else found
    except Refused as refused:
        again = "run the same command again when that is mended: what is kept is not sent again."
        raise NotArchived(f"{refused}.", again) from None


def archive_records(
    aws: Connection, store: Store, place: Path, signer: Signer | None = None, key: PublicKey | None = None
) -> Archived:
    """Keep every sealed record of an account, whose folder `place` is, and continue one chain.

    Nothing is overwritten but index.jsonl, whose versions S3 keeps where the bucket has versioning, and nothing is
    deleted. NotArchived where both sides contradict each other; records that are not as they were sealed are refused.
    `key` checks the signatures of lines that come from the archive; by default the signer's.
    """
    keeping = Keeping(aws, store, place)
    for _ in range(TURNS):
        found = _turn(keeping, signer, key or (signer.public if signer else None))
        if found is not None:
            return found
    raise NotArchived(
        f"others wrote the archive's index, or the chain here, {TURNS} times while this was tried.",
        "run the same command again: records that are kept are not sent again.",
    )


def _turn(keeping: Keeping, signer: Signer | None, key: PublicKey | None) -> Archived | None:
    """None when somebody else was first: then what was read counts no longer."""
    store, place = keeping.store, keeping.place
    there, here = store.get(INDEX), _our_chain(place)
    odd = () if there else tuple(_without_index(store))
    both = joined(here, chain_of(there.content.splitlines(keepends=True), place.name) if there else (), signer)
    _adopt_signatures(keeping, both, {*here, *both.added}, key)
    keeping.keep_records(here)
    _keep_signatures(keeping, both, signer)
    keeping.aws.journal.step = f"keep {INDEX}"
    if both.added and not store.put_index(both.content, there.etag if there else ""):
        return None
    away, notes = _adopt(keeping, both, here, signer)
    if tuple(here) != both.entries and not replace_chain(place, here, both.entries, None):
        return None
    return _told(keeping, both, away, (*odd, *notes))


def _our_chain(place: Path) -> list[Entry]:
    for fault in faults_of_chain(place, lines_of(place), None):
        raise NotArchived(f"the chain of records here is not whole: {fault.sentence}.", "see `orgkit records verify`.")
    return entries_of(place)


def _keep_signatures(keeping: Keeping, both: Joined, signer: Signer | None) -> None:
    """Before the index names them."""
    for entry in (entry for entry in both.added if entry.signed_by):
        if signer is not None and entry.signed_by == signer.public.id:
            keep_signature(keeping.place, entry, signer)
        content = (keeping.place / SIGNATURES / entry.signature_name).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        for what in keeping.keep(content, sha256, SIGNATURES, entry.signature_name):
            raise NotArchived(f"signature {entry.signature_name} {what}.", "find out who wrote it.")


def _adopt_signatures(keeping: Keeping, both: Joined, ours: Collection[Entry], key: PublicKey | None) -> None:
    """Lines of others come with their signatures; what nobody has signed is never signed here in their name."""
    for entry in (entry for entry in both.entries if entry.signed_by and entry not in ours):
        found = keeping.store.get(SIGNATURES, entry.signature_name)
        known = key is not None and key.id == entry.signed_by
        if found is None or (key is not None and known and not key.verify(entry.line, found.content)):
            raise NotArchived(
                f"line {entry.number} of the archive's index ({entry.run}) says that it is signed, and its signature "
                "is not that of the key, or not there.",
                "find out who wrote it: nothing of it was taken over.",
            )
        write_private(private_folder(keeping.place / SIGNATURES) / entry.signature_name, found.content)


def _adopt(
    keeping: Keeping, both: Joined, here: list[Entry], signer: Signer | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What has to lie here before the joined chain does: the marker, and our former chain; and what to tell."""
    place, store = keeping.place, keeping.store
    ours = {run.name for run in run_folders(place.parent, place.name)}
    others = [entry for entry in both.adopted if entry.run not in ours]
    away = tuple(entry for entry in others if keeping.is_kept(entry))
    if away:
        mark(place, store.archive.url, both.entries[-1].digest, away, signer)
    lost = [f"{each.run} is in the archive's chain, and no whole record of it is there." for each in others]
    notes = [note for note, each in zip(lost, others, strict=True) if each not in away]
    if both.relinked:
        notes.append(_set_aside(place, here))
    return tuple(entry.run for entry in away), tuple(notes)


def _set_aside(place: Path, here: list[Entry]) -> str:
    """A head that was told before stays provable: the lines that it is of are kept beside the chain."""
    head = here[-1].digest
    file = write_private(place / f"index-{head[:12]}.jsonl", b"".join(entry.line for entry in here))
    return f"Records of others came first: ours were linked after them, and {file.name} holds the chain of {head}."


def _told(keeping: Keeping, both: Joined, away: tuple[str, ...], notes: tuple[str, ...]) -> Archived:
    runs = run_folders(keeping.place.parent, keeping.place.name)
    unsealed = [run.name for run in runs if not (run / MANIFEST).exists() and (run / "events.jsonl").exists()]
    return Archived(
        keeping.store.archive.url, keeping.place.name, tuple(keeping.kept), tuple(keeping.there), away,
        tuple(unsealed), tuple(keeping.faults), both.entries[-1].digest if both.entries else "",
        (*keeping.store.notes(), *notes),
    )  # fmt: skip


def _without_index(store: Store) -> Iterator[str]:
    """Who deletes index.jsonl leaves its versions; a fresh machine would begin a chain of its own."""
    if store.has_objects():
        yield (
            "The archive had records and no index.jsonl: the first archiving was cut short, or somebody deleted it "
            "(then its versions are still in the bucket)."
        )
