"""How an archive's bucket is asked: objects are written once, read back, and never deleted."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orgkit.aws.rejections import OutcomeUnknown, Rejected
from orgkit.errors import NotArchived
from orgkit.model.desired import ObjectLockSpec
from orgkit.phases.storage.bucket_aws import Place
from orgkit.records.archive.model import Archive
from orgkit.records.chain import INDEX

MAX_ATTEMPTS = 3  # of one object whose answers are lost: each time after a look
NOT_FOUND_CODES = ("404", "NoSuchKey", "NotFound")
CONFLICT_CODES = ("412", "PreconditionFailed")


@dataclass(frozen=True)
class Object:
    """One object as it was read back."""

    content: bytes
    etag: str
    locked: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Store:
    """A bucket, entered: each call names its owner, so that nobody's namesake is written to."""

    place: Place
    archive: Archive
    lock: str  # what protects new objects: "GOVERNANCE 90", "" for nothing
    headers: ObjectLockSpec | None = None  # where the bucket itself has no default
    versions: bool = True
    expires: int = 0  # days after which a lifecycle rule of the bucket deletes objects; 0 for never

    def put_new(self, content: bytes, *names: str) -> bool:
        """Write one object unless it exists; whether it was written. S3 itself refuses a second writer."""
        return self._put(content, names, IfNoneMatch="*", **self._retention())

    def put_index(self, content: bytes, etag: str) -> bool:
        """Write the next version of the chain; False when somebody else has written one since `etag` was read."""
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        return self._put(content, (INDEX,), **condition, **self._retention())

    def get(self, *names: str) -> Object | None:
        """What is there, read in full."""
        try:
            answer, content = self.place.member.stream(
                "s3", "GetObject", _read_whole, region=self.place.region, **self._request(names)
            )
        except Rejected as rejection:
            if rejection.code in NOT_FOUND_CODES:
                return None
            raise
        return Object(content, str(answer["ETag"]), "ObjectLockRetainUntilDate" in answer)

    def sha256(self, *names: str) -> str:
        """What S3 says without giving the object; "" when there is none, or when it was written without a checksum."""
        try:
            answer = self.place.member.read("s3", "HeadObject", region=self.place.region, **self._request(names))
        except Rejected as rejection:
            if rejection.code in NOT_FOUND_CODES:
                return ""
            raise
        return str(answer.get("ChecksumSHA256", ""))

    def has_objects(self) -> bool:
        """Whether anything of this account is there."""
        answer = self.place.member.read(
            "s3", "ListObjectsV2", region=self.place.region, Bucket=self.place.bucket,
            ExpectedBucketOwner=self.place.owner, Prefix=f"{self.archive.key()}/", MaxKeys=1,
        )  # fmt: skip
        return bool(answer.get("Contents"))

    def notes(self) -> Iterator[str]:
        """What the bucket does not protect from."""
        bucket = f"bucket {self.place.bucket}"
        if not self.lock:
            yield f"{bucket.capitalize()} has no Object Lock: anyone who may delete objects there can delete records."
        elif self.headers is not None:
            yield f"{bucket.capitalize()} locks nothing by itself: each object was locked ({self.lock} days)."
        if self.expires:
            yield f"A lifecycle rule of {bucket} deletes objects after {self.expires} days, once unlocked."
        if not self.versions:
            yield f"{bucket.capitalize()} keeps no versions: the former index.jsonl is lost each time."

    def _put(self, content: bytes, names: tuple[str, ...], **options: Any) -> bool:
        checksum = checksum_of(hashlib.sha256(content).hexdigest())
        for _ in range(MAX_ATTEMPTS):
            try:
                self.place.set(
                    "PutObject", Key=self.archive.key(*names), Body=content, ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum, **options,
                )  # fmt: skip
                return True
            except Rejected as rejection:
                if rejection.code in CONFLICT_CODES or ("IfMatch" in options and rejection.code in NOT_FOUND_CODES):
                    return False
                raise
            except OutcomeUnknown:
                existing_object = self.get(*names)
                if existing_object is not None and existing_object.content == content:
                    return True
        raise NotArchived(
            f"AWS gave no answer to {MAX_ATTEMPTS} attempts to write {'/'.join(names)}, and it is not there.",
            "check the network, then run the same command again: what is kept is not sent again.",
        )

    def _retention(self) -> dict[str, Any]:
        """Nothing where the bucket has a default retention: S3 sets that one."""
        if self.headers is None:
            return {}
        until = self.place.member.clock.now() + timedelta(days=self.headers.days)
        return {"ObjectLockMode": self.headers.mode, "ObjectLockRetainUntilDate": until}

    def _request(self, names: tuple[str, ...]) -> dict[str, Any]:
        request = {"Bucket": self.place.bucket, "ExpectedBucketOwner": self.place.owner, "ChecksumMode": "ENABLED"}
        return {**request, "Key": self.archive.key(*names)}


def _read_whole(body: Any) -> bytes:
    return bytes(body.read())


def checksum_of(sha256: str) -> str:
    """As S3 writes it."""
    return b64encode(bytes.fromhex(sha256)).decode()
