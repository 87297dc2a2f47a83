"""Whether what lies in the archive is still what was sealed: S3's own checksum of every file, against the manifest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from orgkit.aws.session import Connection
from orgkit.dataclass import dataclass
from orgkit.journal.events import object_in
from orgkit.records.archive.model import ArchiveResult
from orgkit.records.archive.s3_store_aws import Store, checksum_of
from orgkit.records.chain import SIGNATURES, Entry, entries_of
from orgkit.records.manifest import MANIFEST
from orgkit.records.verify.check_chain import Fault

ALTERED_MESSAGE = (
    "is not in the archive as it was sealed: its older versions, where the bucket keeps them, are still there"
)


def check_archive(aws: Connection, store: Store, place: Path, archived: ArchiveResult) -> ArchiveResult:
    """The same, with what S3 says of every file of every record in the chain that was not written just now."""
    places = {*archived.kept, *(fault.where for fault in archived.refused)}
    checking = ArchiveCheck(aws, store)
    checking.check([entry for entry in entries_of(place) if entry.run not in places])
    return replace(archived, altered=tuple(checking.faults), checked=checking.requests)


@dataclass
class ArchiveCheck:
    """What was asked and found so far; a request for each object, and none of them reads more than a manifest."""

    aws: Connection  # that reports its progress
    store: Store
    requests: int = 0
    faults: list[Fault] = field(default_factory=list)

    def check(self, entries: Sequence[Entry]) -> None:
        """Each record by the manifest that lies in the archive, whether or not it lies here."""
        for number, entry in enumerate(entries, 1):
            self.aws.progress(f"checking record {number} of {len(entries)}, {entry.run}", 0.0, 0.0)
            self.faults += self._record(entry)

    def _record(self, entry: Entry) -> Iterator[Fault]:
        self.requests += 1
        manifest = self.store.get(entry.run, MANIFEST)
        if manifest is None or manifest.sha256 != entry.manifest_sha256:
            yield Fault(entry.run, MANIFEST, ALTERED_MESSAGE)
            return
        listed: Mapping[str, Mapping[str, Any]] = object_in(manifest.content)["files"]  # as it was sealed, to the byte
        for name, facts in sorted(listed.items()):
            if self._checksum(entry.run, *name.split("/")) != checksum_of(facts["sha256"]):
                yield Fault(entry.run, name, ALTERED_MESSAGE)
        if entry.signed_by and not self._checksum(SIGNATURES, entry.signature_name):
            yield Fault(entry.run, f"{SIGNATURES}/{entry.signature_name}", "is not in the archive")

    def _checksum(self, *names: str) -> str:
        self.requests += 1
        return self.store.sha256(*names)
