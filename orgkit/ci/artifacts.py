"""Artifacts of other runs, of which nothing is taken but what orgkit writes: a plan with its review, and records."""

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from orgkit.errors import ApprovalMismatch, WorkflowRefused
from orgkit.records.archive import marker
from orgkit.records.chain import INDEX, SIGNATURES, Entry, entries_of, lines_of
from orgkit.records.files import RUN_FOLDER, private_folder, write_private
from orgkit.records.manifest import MANIFEST
from orgkit.records.plan_store import read_plan
from orgkit.records.verify.check_chain import faults_of_chain
from orgkit.records.verify.verify import verify_record
from orgkit.sanitize.terminal import short

PLAN_FILES = ("plan.json", "review.json")
CHAIN_FILES = (INDEX, marker.MARKER, marker.SIGNATURE)
MAX_PLAN_BYTES = 50_000_000  # a plan for 1,000 accounts has a twentieth of that
MAX_ARCHIVE_BYTES = 500_000_000  # all files of an archive together, as they are unpacked
MAX_FILES = 50_000
Files = dict[tuple[str, ...], bytes]  # the parts of a path below the account's folder, and the content

PLAN_REMEDY = "run the workflow orgkit plan again, and apply the digest that it shows."


def take_plan(artifact: Path, digest: str, destination: Path) -> Path:
    """Copy the plan of a digest, and its review, out of an artifact that was unpacked: these two files alone.

    Args:
        artifact: The folder of the artifact, which may hold anything.
        digest: The digest of the plan that was reviewed.
        destination: A new folder.

    Returns:
        The copy of plan.json.

    Raises:
        ApprovalMismatch: The artifact has no such plan, or it is not as orgkit writes it.
        WorkflowRefused: The destination exists, or cannot be written.
    """
    folder = _plan_folder(artifact, digest)
    contents = {name: _read_regular(folder / name) for name in PLAN_FILES}
    try:
        private_folder(destination.parent)
        destination.mkdir(mode=0o700)
        for name, content in contents.items():
            write_private(destination / name, content)
    except OSError as error:
        raise WorkflowRefused(f"{destination} cannot be written: {error.strerror}.", "name a new folder.") from None
    plan = destination / PLAN_FILES[0]
    if read_plan(plan).digest != digest:
        raise ApprovalMismatch(
            "plan.json and review.json of the artifact are not what this digest stands for.", _plan_remedy(digest)
        )
    return plan


def adopt_records(archives: Iterable[tuple[str, bytes]], place: Path) -> Iterator[str]:
    """Put the records of earlier runs into an account's folder, and yield a sentence about each archive and run.

    The newest archive comes first and gives the chain, where there is none here yet. A sealed record is taken if it is
    as its chain says; a run that was killed has none, and is taken as it is. Nothing that exists is overwritten.

    Args:
        archives: Names of artifacts, with their zip archives.
        place: The folder of one account in outputs/.
    """
    for name, content in archives:
        files = read_records(name, content, place.name)
        runs = sorted({parts[0] for parts in files if RUN_FOLDER.fullmatch(parts[0])})
        yield f"{name}: {len(runs)} run(s)"
        with TemporaryDirectory(prefix=".records-", dir=private_folder(place.parent)) as folder:
            staged = Path(folder) / place.name
            try:
                _write_all(staged, files)
            except OSError as error:  # a name that is too long, or that of a file and of a folder
                raise _refusal(name, f"cannot be written: {error.strerror}") from None
            yield from _adopt_chain(name, staged, place)
            entries = {entry.run: entry for entry in entries_of(place)}
            for run in runs:
                yield from _adopt_run(name, staged / run, place, entries.get(run))


def read_records(name: str, content: bytes, account: str) -> Files:
    """Read what orgkit writes into an account's folder out of an archive: the chain and the run folders.

    Raises:
        WorkflowRefused: The archive is none, too large, or has a name or a link that leads out of its folder.
    """
    files: Files = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_ARCHIVE_BYTES:
                raise _refusal(name, "is larger than records are")
            for member in members:
                parts = _parts(name, member)
                if not member.is_dir() and parts[0] == account and _is_of_records(parts[1:]):
                    files[parts[1:]] = archive.read(member)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise _refusal(name, f"cannot be read: {error}") from None
    return files


def _parts(name: str, member: zipfile.ZipInfo) -> tuple[str, ...]:
    """The parts of a member's path; nothing that orgkit uploads has a link, or a name that leads anywhere else."""
    path = member.orig_filename.removesuffix("/")
    parts = tuple(path.split("/"))
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if is_link or not path.isprintable() or "\\" in path or {"", ".", ".."} & set(parts):
        raise _refusal(name, f"has {short(path, 100)!r}, which is no path of a record")
    return parts


def _is_of_records(parts: tuple[str, ...]) -> bool:
    if len(parts) == 1:
        return parts[0] in CHAIN_FILES
    is_signature = parts[:1] == (SIGNATURES,) and len(parts) == 2 and parts[1].endswith(".sig")
    return is_signature or (len(parts) > 1 and bool(RUN_FOLDER.fullmatch(parts[0])))


def _write_all(place: Path, files: Mapping[tuple[str, ...], bytes]) -> None:
    private_folder(place)
    for parts, content in files.items():
        file = place.joinpath(*parts)
        write_private(private_folder(file.parent) / file.name, content)


def _adopt_chain(name: str, staged: Path, place: Path) -> Iterator[str]:
    """Take the chain of an archive with its signatures, where this machine has none."""
    lines = lines_of(staged)
    if not lines or (place / INDEX).exists():
        return
    for fault in faults_of_chain(staged, lines, None):
        yield f"{name}: its chain is left, since it is not whole: {fault.sentence}"
        return
    private_folder(place)
    for part in (SIGNATURES, *CHAIN_FILES[1:], INDEX):  # the index last: it names the others
        if (staged / part).exists() and not (place / part).exists():
            (staged / part).rename(place / part)


def _adopt_run(name: str, run: Path, place: Path, entry: Entry | None) -> Iterator[str]:
    if (place / run.name).exists():
        return
    if (run / MANIFEST).exists():
        for fault in verify_record(run, entry):
            yield f"{name}: {run.name} is left: {fault.sentence}"
            return
    run.rename(private_folder(place) / run.name)


def _plan_folder(artifact: Path, digest: str) -> Path:
    try:
        entries = [entry for entry in os.scandir(artifact) if entry.name.endswith(f"-{digest[:12]}")]
    except OSError as error:
        raise ApprovalMismatch(f"the artifact cannot be read: {error}.", _plan_remedy(digest)) from None
    folders = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    if len(folders) != 1:
        count = "no plan" if not folders else f"{len(folders)} plans"
        raise ApprovalMismatch(f"the run that you named has {count} of the digest {digest}.", _plan_remedy(digest))
    return folders[0]


def _read_regular(file: Path) -> bytes:
    """The content of an ordinary file: a link would lead to another one."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ApprovalMismatch(f"{file.name} of the artifact cannot be read: {error.strerror}.", PLAN_REMEDY) from None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_PLAN_BYTES:
        os.close(descriptor)
        raise ApprovalMismatch(
            f"{file.name} of the artifact is not an ordinary file, or larger than a plan is.", PLAN_REMEDY
        )
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read()


def _plan_remedy(digest: str) -> str:
    return f"copy digest and plan run from one summary; {digest[:12]} is the beginning of the digest. Or {PLAN_REMEDY}"


def _refusal(name: str, reason: str) -> WorkflowRefused:
    return WorkflowRefused(f"the records in {short(name, 60)} are not taken: it {reason}.", "find out who wrote it.")
