"""Sealed records into the archive, and one chain for all machines: its index is read first and written last."""

import hashlib
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.engine.observe import observe
from orgkit.errors import NotArchived
from orgkit.journal.events import Event, object_in
from orgkit.model.decision import MAX_HOURS
from orgkit.model.desired import Desired
from orgkit.model.matching import known_ids
from orgkit.phases.registry import RUNBOOKS
from orgkit.records.archive.bucket_access_aws import open_store
from orgkit.records.archive.check_aws import check_archive
from orgkit.records.archive.files_aws import Upload
from orgkit.records.archive.marker import mark, of_apply
from orgkit.records.archive.model import Archive, ArchiveResult, MergedChain, chain_of, merge_chains
from orgkit.records.archive.s3_store_aws import Store
from orgkit.records.chain import INDEX, SIGNATURES, Entry, entries_of, keep_signature, lines_of, replace_chain
from orgkit.records.files import RUN_FOLDER, private_folder, run_folders, write_private
from orgkit.records.manifest import MANIFEST
from orgkit.records.verify.check_chain import faults_of_chain
from orgkit.signing.keys import PublicKey, Signer

LONGEST_APPROVAL = timedelta(hours=MAX_HOURS + 1)  # and an hour for clocks that differ
LABELS = frozenset(phase.run_label for phase in RUNBOOKS if phase.changes)
MAX_ATTEMPTS = 5  # how often somebody else may be first


def archive(
    aws: Connection,
    desired: Desired,
    place: Path,
    destination: Archive,
    signer: Signer | None = None,
    key: PublicKey | None = None,
    *,
    check: bool = False,
) -> ArchiveResult | None:
    """The same into a bucket that is looked for first; None when there is none yet, in any account of ours."""
    try:
        aws.progress("which account has the bucket", 0.0, 0.0)
        store = open_store(aws, desired, known_ids(desired, observe(aws, desired, "costs")), destination)
        archived = archive_records(aws, store, place, signer, key) if store else None
        return check_archive(aws, store, place, archived) if store and archived and check else archived
    except Rejected as rejection:
        remedy = "run the same command again when that is fixed: what is kept is not sent again."
        raise NotArchived(f"{rejection}.", remedy) from None


def archive_records(
    aws: Connection, store: Store, place: Path, signer: Signer | None = None, key: PublicKey | None = None
) -> ArchiveResult:
    """Keep every sealed record of an account, whose folder `place` is, and continue one chain.

    Nothing is overwritten but index.jsonl, whose versions S3 keeps where the bucket has versioning, and nothing is
    deleted. NotArchived where both sides contradict each other; records that are not as they were sealed are refused.
    `key` checks the signatures of lines that come from the archive; by default the signer's.
    """
    keeping = Upload(aws, store, place)
    for _ in range(MAX_ATTEMPTS):
        archived = _upload_once(keeping, signer, key or (signer.public if signer else None))
        if archived is not None:
            return archived
    raise NotArchived(
        f"others wrote the archive's index, or the chain here, {MAX_ATTEMPTS} times while this was tried.",
        "run the same command again: records that are kept are not sent again.",
    )


def _upload_once(keeping: Upload, signer: Signer | None, key: PublicKey | None) -> ArchiveResult | None:
    """None when somebody else was first: then what was read counts no longer."""
    store, place = keeping.store, keeping.place
    index, local = store.get(INDEX), _our_chain(place)
    unindexed = () if index else tuple(_unindexed_runs(store))
    merged_chain = merge_chains(
        local, chain_of(index.content.splitlines(keepends=True), place.name) if index else (), signer
    )
    _adopt_signatures(keeping, merged_chain, {*local, *merged_chain.added}, key)
    keeping.keep_records(local)
    _keep_signatures(keeping, merged_chain, signer)
    keeping.aws.journal.step = f"keep {INDEX}"
    if merged_chain.added and not store.put_index(merged_chain.content, index.etag if index else ""):
        return None
    only_archived, notes = _adopt(keeping, merged_chain, local, signer)
    if tuple(local) != merged_chain.entries and not replace_chain(place, local, merged_chain.entries, None):
        return None
    return _as_result(keeping, merged_chain, only_archived, (*unindexed, *notes))


def _our_chain(place: Path) -> list[Entry]:
    for fault in faults_of_chain(place, lines_of(place), None):
        raise NotArchived(f"the chain of records here is not whole: {fault.sentence}.", "see `orgkit records verify`.")
    return entries_of(place)


def _keep_signatures(keeping: Upload, merged_chain: MergedChain, signer: Signer | None) -> None:
    """Before the index names them."""
    for entry in (entry for entry in merged_chain.added if entry.signed_by):
        if signer is not None and entry.signed_by == signer.public.id:
            keep_signature(keeping.place, entry, signer)
        content = (keeping.place / SIGNATURES / entry.signature_name).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        for problem in keeping.keep(content, sha256, SIGNATURES, entry.signature_name):
            raise NotArchived(f"signature {entry.signature_name} {problem}.", "find out who wrote it.")


def _adopt_signatures(
    keeping: Upload, merged_chain: MergedChain, local_entries: Collection[Entry], key: PublicKey | None
) -> None:
    """Lines of others come with their signatures; what nobody has signed is never signed here in their name."""
    for entry in (entry for entry in merged_chain.entries if entry.signed_by and entry not in local_entries):
        signature = keeping.store.get(SIGNATURES, entry.signature_name)
        known = key is not None and key.id == entry.signed_by
        if signature is None or (key is not None and known and not key.verify(entry.line, signature.content)):
            raise NotArchived(
                f"line {entry.number} of the archive's index ({entry.run}) says that it is signed, and its signature "
                "is not that of the key, or not there.",
                "find out who wrote it: nothing of it was taken over.",
            )
        write_private(private_folder(keeping.place / SIGNATURES) / entry.signature_name, signature.content)


def _adopt(
    keeping: Upload, merged_chain: MergedChain, local: list[Entry], signer: Signer | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write what has to exist before the merged chain: the marker and our former chain; return notes on both."""
    place, store = keeping.place, keeping.store
    local_runs = {run.name for run in run_folders(place.parent, place.name)}
    remote_only = [entry for entry in merged_chain.adopted if entry.run not in local_runs]
    only_archived = tuple(entry for entry in remote_only if keeping.is_archived(entry))
    if only_archived:
        events = {
            entry.run: _applied_events(store, entry) for entry in only_archived if _may_be_approved(keeping, entry)
        }
        mark(place, store.archive.url, merged_chain.entries[-1].digest, only_archived, signer, events)
    lost = [
        f"{remote_entry.run} is in the archive's chain, and no whole record of it is there."
        for remote_entry in remote_only
    ]
    notes = [note for note, remote_entry in zip(lost, remote_only, strict=True) if remote_entry not in only_archived]
    if merged_chain.relinked:
        notes.append(_set_aside(place, local))
    return tuple(entry.run for entry in only_archived), tuple(notes)


def _may_be_approved(keeping: Upload, entry: Entry) -> bool:
    """Whether an approval under which this run applied anything can still hold."""
    match = RUN_FOLDER.fullmatch(entry.run)
    if match is None or match["label"] not in LABELS:
        return False
    started_at = datetime.strptime(match["at"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    now = min(keeping.aws.clock.now(), datetime.now(UTC))  # an emulator's clock may be ahead of the names of runs
    return now - started_at < LONGEST_APPROVAL


def _applied_events(store: Store, entry: Entry) -> list[Event]:
    """What a run on another machine has done; NotArchived where that is not as it was sealed."""
    manifest = store.get(entry.run, MANIFEST)
    listed = object_in(manifest.content).get("files", {}) if manifest else {}
    events = store.get(entry.run, "events.jsonl")
    sealed = manifest is not None and manifest.sha256 == entry.manifest_sha256
    if not sealed or events is None or events.sha256 != listed.get("events.jsonl", {}).get("sha256"):
        raise NotArchived(
            f"the record {entry.run} in the archive is not as it was sealed, so that what it applied is not known.",
            "run `orgkit records archive --check`, and find out who changed it.",
        )
    return of_apply(event for line in events.content.split(b"\n") if (event := object_in(line)))


def _set_aside(place: Path, local: list[Entry]) -> str:
    """Keep the lines of our chain next to it, so that a head that was shown before can still be verified."""
    head = local[-1].digest
    file = write_private(place / f"index-{head[:12]}.jsonl", b"".join(entry.line for entry in local))
    return f"Records of others came first: ours were linked after them, and {file.name} holds the chain of {head}."


def _as_result(
    keeping: Upload, merged_chain: MergedChain, only_archived: tuple[str, ...], notes: tuple[str, ...]
) -> ArchiveResult:
    runs = run_folders(keeping.place.parent, keeping.place.name)
    unsealed = [run.name for run in runs if not (run / MANIFEST).exists() and (run / "events.jsonl").exists()]
    return ArchiveResult(
        keeping.store.archive.url, keeping.place.name, tuple(keeping.uploaded), tuple(keeping.existing), only_archived,
        tuple(unsealed), tuple(keeping.faults), merged_chain.entries[-1].digest if merged_chain.entries else "",
        (*keeping.store.notes(), *notes),
    )  # fmt: skip


def _unindexed_runs(store: Store) -> Iterator[str]:
    """Who deletes index.jsonl leaves its versions; a fresh machine would begin a chain of its own."""
    if store.has_objects():
        yield (
            "The archive had records and no index.jsonl: the first archiving was cut short, or somebody deleted it "
            "(then its versions are still in the bucket)."
        )
