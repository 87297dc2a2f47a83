"""The chain of an account's records: a line for each sealed one, which holds the hash of the line before it."""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orgkit.errors import NotSealed
from orgkit.journal import file_writes
from orgkit.model.canonical_json import canonical_line
from orgkit.records.files import private_folder, write_private

if TYPE_CHECKING:
    from orgkit.signing.keys import Signer

INDEX = "index.jsonl"
SIGNATURES = "signatures"
GENESIS_HASH = "0" * 64  # what the first line has for a line before it
# The one form of a line. No escape and no other character is in it, so that each reader of JSON, and a pattern that
# reads no JSON, see the same values; docs/verifying-a-record.md has the same pattern.
LINE = re.compile(
    rb'{"account":"[0-9]{12}","manifest_sha256":"[0-9a-f]{64}","number":[1-9][0-9]{0,8},"previous":"[0-9a-f]{64}",'
    rb'"run":"[0-9A-Za-z-]{1,80}","sealed_at":"[0-9A-Za-z:.+-]{0,40}","signed_by":"(?:sha256:[0-9a-f]{64})?"}\n'
)


@dataclass(frozen=True)
class Entry:
    """One sealed record, in its place; `previous` is the digest of the line before."""

    number: int
    account: str
    run: str
    manifest_sha256: str
    sealed_at: str
    previous: str
    signed_by: str = ""  # the id of the key whose signature over this line lies next to the chain

    @property
    def line(self) -> bytes:
        return f"{canonical_line(asdict(self))}\n".encode()

    @property
    def digest(self) -> str:
        """sha256 of the line with its end, as sha256sum says it; that of the last line is the head."""
        return hashlib.sha256(self.line).hexdigest()

    @property
    def signature_name(self) -> str:
        return f"{self.number:06}-{self.digest[:16]}.sig"

    @classmethod
    def parse(cls, line: bytes) -> "Entry | None":
        """None for what is not a line in the one form that a chain has, with its end."""
        return cls(**json.loads(line)) if LINE.fullmatch(line) else None


def lines_of(place: Path) -> list[bytes]:
    """The lines of an account's chain as they stand, ends included; the last may be cut short."""
    index = place / INDEX
    content = index.read_bytes() if index.is_file() else b""
    return re.findall(rb"[^\n]*\n|[^\n]+", content)


def head_of(base: Path, account: str) -> str:
    """The digest of the last line, or "" before the first seal; a copy kept elsewhere shows a chain that was cut."""
    lines = lines_of(base / account)
    return hashlib.sha256(lines[-1]).hexdigest() if lines else ""


def append(place: Path, run: str, manifest_sha256: str, sealed_at: str, signer: "Signer | None" = None) -> Entry:
    """Add one record to an account's chain, signed where there is a key; one that stands there is left as it is."""
    with _lock_chain(place):
        entries = list(_whole(place))
        known = next((entry for entry in entries if entry.manifest_sha256 == manifest_sha256), None)
        if known is not None:
            return known
        new_entry = link_entry(entries, place.name, run, manifest_sha256, sealed_at, signer)
        if Entry.parse(new_entry.line) is None:
            raise NotSealed(
                f"the manifest of {run} has a time or a name that no line of the chain can hold.",
                "restore the manifest.json that orgkit wrote, then seal the run again.",
            )
        if signer is not None:
            keep_signature(place, new_entry, signer)
        _add(place / INDEX, new_entry.line)
    return new_entry


def link_entry(
    entries: Sequence[Entry], account: str, run: str, manifest_sha256: str, sealed_at: str, signer: "Signer | None"
) -> Entry:
    """The next line after these."""
    previous, key = entries[-1].digest if entries else GENESIS_HASH, signer.public.id if signer else ""
    return Entry(len(entries) + 1, account, run, manifest_sha256, sealed_at, previous, key)


def replace_chain(place: Path, expected: Sequence[Entry], entries: Sequence[Entry], signer: "Signer | None") -> bool:
    """Put a chain in the place of the one that was read; False, and nothing done, when it has grown meanwhile."""
    with _lock_chain(place):
        if list(_whole(place)) != list(expected):
            return False
        for entry in entries:
            if signer is not None and entry.signed_by == signer.public.id:
                keep_signature(place, entry, signer)
        write_private(place / INDEX, b"".join(entry.line for entry in entries))
    return True


def entries_of(place: Path) -> list[Entry]:
    """The chain up to the first line that is none."""
    return list(_whole(place))


def _whole(place: Path) -> Iterator[Entry]:
    for line in lines_of(place):
        entry = Entry.parse(line)
        if entry is None:
            return
        yield entry


def keep_signature(place: Path, entry: Entry, signer: "Signer") -> None:
    """Sign a line, unless that was done."""
    file = private_folder(place / SIGNATURES) / entry.signature_name
    if not file.exists():
        write_private(file, signer.sign(entry.line))


def _add(index: Path, line: bytes) -> None:
    """On disk when this returns. What a kill left of an earlier line says nothing, and goes."""
    descriptor = os.open(index, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        whole = content.rfind(b"\n") + 1
        os.ftruncate(descriptor, whole)
        file_writes.append(descriptor, line)
        if whole == 0:
            file_writes.sync_folder(index.parent)
    finally:
        os.close(descriptor)


@contextmanager
def _lock_chain(place: Path) -> Iterator[None]:
    """One writer at a time; a second one waits."""
    descriptor = os.open(private_folder(place) / ".index.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
