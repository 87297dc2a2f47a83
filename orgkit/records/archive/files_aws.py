"""One record into the archive: each file written once and read back, the manifest last."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path

from orgkit.aws.session import Connection
from orgkit.dataclass import dataclass
from orgkit.records.archive.s3_store_aws import Store, checksum_of
from orgkit.records.chain import Entry
from orgkit.records.files import read_json, run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.verify.check_chain import Fault
from orgkit.records.verify.verify import verify_record


@dataclass
class Upload:
    """The records of an account on their way into the archive, as far as they have come."""

    aws: Connection  # that reports its progress, and has the journal
    store: Store
    place: Path  # the account's folder
    uploaded: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    handled_runs: set[str] = field(default_factory=set)

    def keep_records(self, chain: Sequence[Entry]) -> None:
        """Each record that is here; whatever is not as it was sealed is refused by name, and stays here."""
        entries = {entry.run: entry for entry in chain}
        runs = [run for run in run_folders(self.place.parent, self.place.name) if (run / MANIFEST).exists()]
        for number, run in enumerate(runs, 1):
            if run.name not in self.handled_runs:
                self.aws.progress(f"record {number} of {len(runs)}, {run.name}", 0.0, 0.0)
                self._keep_record(run, entries.get(run.name))
                self.handled_runs.add(run.name)

    def keep(self, content: bytes, sha256: str, *names: str) -> Iterator[str]:
        """Write one object, or find it there, and read it back; what is wrong with it, if anything."""
        if hashlib.sha256(content).hexdigest() != sha256:
            yield "was changed while it was read"
            return
        self.aws.journal.step = f"keep {'/'.join(names)}"
        is_new = self.store.put_new(content, *names)
        back, location = self.store.get(*names), f"{self.store.archive.url}/{'/'.join(names)}"
        if back is None or back.sha256 != sha256:
            problem = "was read back otherwise than it was written" if is_new else "has other content in the archive"
            yield f"{problem}: {location} was left as it is"
        elif self.store.lock and not back.locked:
            yield f"is in the archive, and not locked there: {location}"

    def is_archived(self, entry: Entry) -> bool:
        """The manifest comes last: where it is, all files are, and were read back."""
        sha256 = self.store.sha256(entry.run, MANIFEST)
        return sha256 == checksum_of(entry.manifest_sha256)

    def _keep_record(self, run: Path, entry: Entry | None) -> None:
        faults = list(verify_record(run, entry))
        if entry is None or faults:
            self.faults += faults
        elif self.is_archived(entry):
            self.existing.append(run.name)
        elif faults := list(self._keep_files(run, entry)):
            self.faults += faults
        else:
            self.uploaded.append(run.name)

    def _keep_files(self, run: Path, entry: Entry) -> Iterator[Fault]:
        """A record of which something is wrong gets no manifest: so it is known by its lack."""
        listed = sorted((name, str(facts["sha256"])) for name, facts in read_json(run / MANIFEST)["files"].items())
        whole = True
        for name, sha256 in [*listed, (MANIFEST, entry.manifest_sha256)]:
            if name == MANIFEST and not whole:
                return
            self.aws.progress(f"{run.name}, {name}", 0.0, 0.0)
            for problem in self.keep((run / name).read_bytes(), sha256, run.name, *name.split("/")):
                whole = False
                yield Fault(run.name, name, problem)
