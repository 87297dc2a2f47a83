"""Whether a chain of records is whole: each line follows the one before it, and nothing was cut, moved or copied."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from orgkit.dataclass import dataclass
from orgkit.records.chain import GENESIS_HASH, INDEX, SIGNATURES, Entry
from orgkit.signing.keys import PublicKey

LINK = "is a link: what it leads to is no part of the records"


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was sealed: in which record, in which of its files, and what."""

    where: str  # a run's name, or index.jsonl
    file: str
    what: str

    @property
    def sentence(self) -> str:
        return f"{self.where}{f', {self.file}' if self.file else ''}: {self.what}"


def faults_of_chain(
    place: Path, lines: Sequence[bytes], key: PublicKey | None, *, every: bool = True
) -> Iterator[Fault]:
    """Every line follows the one before it, belongs here, and is signed with the key where one is given.

    Without `every`, a line that says that nobody signed it is not looked at: see `faults_of_unsigned`.
    """
    if (place / INDEX).is_symlink():
        yield Fault(INDEX, "", LINK)
    previous, seen = GENESIS_HASH, set[str]()
    for number, line in enumerate(lines, 1):
        entry = Entry.parse(line)
        if entry is None:
            yield Fault(INDEX, f"line {number}", "was changed, or cut short")
        else:
            yield from _link(place, number, entry, previous, seen)
            if every or entry.signed_by:
                yield from _signature(place, number, entry, key)
            seen.add(entry.run)
        previous = hashlib.sha256(line).hexdigest()


def _link(place: Path, number: int, entry: Entry, previous: str, seen: set[str]) -> Iterator[Fault]:
    location = f"line {number}"
    if entry.previous != previous or entry.number != number:
        yield Fault(
            INDEX,
            location,
            f"does not follow the line before it: one was changed, removed, added or moved ({entry.run})",
        )
    if entry.account != place.name:
        yield Fault(INDEX, location, f"belongs to account {entry.account}: the chain was copied here")
    if entry.run in seen:
        yield Fault(INDEX, location, f"{entry.run} stands in the chain already")


def _signature(place: Path, number: int, entry: Entry, key: PublicKey | None) -> Iterator[Fault]:
    location, file = f"line {number}", place / SIGNATURES / entry.signature_name
    if not entry.signed_by:
        if key is not None:
            yield Fault(INDEX, location, "is not signed")
    elif not file.is_file():
        yield Fault(INDEX, location, f"its signature {SIGNATURES}/{file.name} is gone")
    elif file.is_symlink():
        yield Fault(INDEX, location, f"its signature {SIGNATURES}/{file.name} {LINK}")
    elif key is not None and entry.signed_by != key.id:
        yield Fault(INDEX, location, f"was signed with another key, {entry.signed_by}")
    elif key is not None and not key.verify(entry.line, file.read_bytes()):
        yield Fault(INDEX, location, f"its signature {SIGNATURES}/{file.name} is not that of the key")


def faults_of_unsigned(lines: Sequence[bytes]) -> Iterator[Fault]:
    """A signature covers the lines before it, each of which is hashed into the next; nothing covers those after."""
    signed = [bool(entry and entry.signed_by) for entry in map(Entry.parse, lines)]
    for number in range(signed.index(True) + 1 if any(signed) else len(signed), len(signed)):
        if not signed[number] and Entry.parse(lines[number]):
            yield Fault(INDEX, f"line {number + 1}", "is not signed, and a line before it is")


def faults_of_no_signature(lines: Sequence[bytes]) -> Iterator[Fault]:
    """Where the parameters file names a key, one line at least has to be signed."""
    if lines and not any(entry.signed_by for entry in map(Entry.parse, lines) if entry):
        yield Fault(INDEX, "", "no line of it is signed, and the parameters file names a key")


def faults_of_head(lines: Sequence[bytes], head: str) -> Iterator[Fault]:
    """A head that was kept elsewhere has to be the digest of one of the lines."""
    if head and head not in {hashlib.sha256(line).hexdigest() for line in lines}:
        yield Fault(INDEX, "", f"the head {head} is not in the chain: its tail was cut, or it is another chain")


def runs_after_head(lines: Sequence[bytes], head: str) -> list[str]:
    """The runs whose lines come after the one whose digest is the head; none without a head that is in the chain."""
    digests = [hashlib.sha256(line).hexdigest() for line in lines]
    newer_lines = lines[digests.index(head) + 1 :] if head in digests else ()
    return [entry.run for line in newer_lines if (entry := Entry.parse(line))]


def notes_on_head(lines: Sequence[bytes], head: str) -> Iterator[str]:
    """What was sealed after that head, and what cannot be verified without one."""
    digests = [hashlib.sha256(line).hexdigest() for line in lines]
    if head in digests and (newer_lines := len(digests) - 1 - digests.index(head)):
        yield f"{newer_lines} record(s) were sealed after the head that was given."
    if not head and lines:
        yield "No head was given: whether the newest records were removed cannot be verified (--head)."
