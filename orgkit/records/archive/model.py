"""Where sealed records are kept for good, and how two chains of one account become one; pure."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from orgkit.errors import NotArchived
from orgkit.records.chain import GENESIS_HASH, Entry, link_entry
from orgkit.records.files import RUN_FOLDER
from orgkit.records.verify.check_chain import Fault

if TYPE_CHECKING:
    from orgkit.signing.keys import Signer

READS_OF_BUCKET = (
    "s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning", "s3:GetLifecycleConfiguration", "s3:ListBucket",
)  # fmt: skip
CHANGES = ("s3:GetObject", "s3:GetObjectRetention", "s3:PutObject", "s3:PutObjectRetention")


@dataclass(frozen=True)
class Archive:
    """A place in S3 for the records of one management account."""

    bucket: str
    prefix: str
    account: str

    @classmethod
    def parse(cls, place: str, account: str) -> "Archive":
        """Of s3://bucket/prefix, as a parameters file may have it."""
        bucket, _, prefix = place.removeprefix("s3://").partition("/")
        return cls(bucket, prefix.strip("/"), account)

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key()}"

    def key(self, *names: str) -> str:
        """The name of an object of this account."""
        return "/".join(filter(None, (self.prefix, self.account, *names)))

    def policy(self, partition: str = "aws") -> dict[str, Any]:
        """What the archiving role may do in the account of the bucket; it cannot delete anything there."""
        bucket = f"arn:{partition}:s3:::{self.bucket}"
        # Without ListBucket on the bucket as a whole, S3 answers 403 for an object that is not there, and not 404.
        statements = [
            {"Sid": "Bucket", "Effect": "Allow", "Action": list(READS_OF_BUCKET), "Resource": bucket},
            {"Sid": "Records", "Effect": "Allow", "Action": list(CHANGES), "Resource": f"{bucket}/{self.key('*')}"},
        ]
        return {"Version": "2012-10-17", "Statement": statements}


@dataclass(frozen=True)
class MergedChain:
    """The chain that both sides get: the archive's lines as they are, then those that only we have."""

    entries: tuple[Entry, ...]
    adopted: tuple[Entry, ...]  # from the archive, of runs that are not in our chain
    added: tuple[Entry, ...]  # ours that the archive does not have yet
    relinked: bool  # ours no longer stand as they did: numbers, digests and signatures are others, and so is the head

    @property
    def content(self) -> bytes:
        """As the index holds it."""
        return b"".join(entry.line for entry in self.entries)


def chain_of(lines: Sequence[bytes], account: str) -> tuple[Entry, ...]:
    """The archive's lines, each of which has to follow the one before it; NotArchived otherwise."""
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        entry = Entry.parse(line)
        expected = (number, account, entries[-1].digest if entries else GENESIS_HASH)
        known = {listed_entry.run for listed_entry in entries}
        if entry is None or (entry.number, entry.account, entry.previous) != expected or not _is_new(entry.run, known):
            raise NotArchived(
                f"line {number} of the archive's index does not follow the one before it: nothing was written.",
                "look at the older versions of index.jsonl in the bucket: one of them is whole.",
            )
        entries.append(entry)
    return tuple(entries)


def _is_new(run: str, known: Collection[str]) -> bool:
    """A name that a run can have, and none that stands in the chain."""
    return bool(RUN_FOLDER.fullmatch(run)) and run not in known


def merge_chains(local: Sequence[Entry], remote: Sequence[Entry], signer: "Signer | None") -> MergedChain:
    """NotArchived when both have a run and not the same record of it, or when our signatures cannot be renewed."""
    remote_entries, local_entries = {entry.run: entry for entry in remote}, {entry.run: entry for entry in local}
    _refuse_other_records(local_entries, remote_entries)
    own = [entry for entry in local if entry.run not in remote_entries]
    adopted = tuple(entry for entry in remote if entry.run not in local_entries)
    if tuple(local[: len(remote)]) == tuple(remote):
        return MergedChain(tuple(local), (), tuple(own), relinked=False)
    entries = list(remote)
    for entry in own:
        _refuse_to_unsign(entry, signer)
        entries.append(link_entry(entries, entry.account, entry.run, entry.manifest_sha256, entry.sealed_at, signer))
    relinked = entries[: len(local)] != list(local)
    return MergedChain(tuple(entries), adopted, tuple(entries[len(remote) :]), relinked)


def _refuse_other_records(local_entries: dict[str, Entry], remote_entries: dict[str, Entry]) -> None:
    for run in sorted(local_entries.keys() & remote_entries.keys()):
        if (local_entries[run].manifest_sha256, local_entries[run].sealed_at) != (
            remote_entries[run].manifest_sha256,
            remote_entries[run].sealed_at,
        ):
            raise NotArchived(
                f"the chain here has another record of {run} than the archive's: one of them is not what was sealed.",
                "see `orgkit records verify`; what is in the archive was not touched.",
            )


def _refuse_to_unsign(entry: Entry, signer: "Signer | None") -> None:
    if entry.signed_by and (signer is None or signer.public.id != entry.signed_by):
        raise NotArchived(
            f"{entry.run} has to be linked again after the archive's records, and the key that signed it is not here.",
            "run it where sign_with of [records] can be used.",
        )


@dataclass(frozen=True)
class ArchiveResult:
    """The outcome of archiving, record by record."""

    place: str
    account: str
    kept: tuple[str, ...] = ()  # now
    there: tuple[str, ...] = ()  # since an earlier time
    elsewhere: tuple[str, ...] = ()  # made on other machines: only their lines are here
    unsealed: tuple[str, ...] = ()
    refused: tuple[Fault, ...] = ()
    head: str = ""
    notes: tuple[str, ...] = ()
    altered: tuple[Fault, ...] = ()  # in the archive, as far as it was asked to check
    checked: int = 0  # requests that this took

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
