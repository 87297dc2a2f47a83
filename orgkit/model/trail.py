"""The steps of phase 05: the buckets and the key in the log archive account, and the organization trail."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.plan import Step

# What planning asks, by the account in which it asks. The read role of the log archive account is made of the first;
# its s3 part needs no other resources than the two buckets of the file.
READS_IN_LOG_ARCHIVE = (
    "s3:ListBucket",  # HeadBucket
    "s3:GetBucketVersioning", "s3:GetBucketPublicAccessBlock", "s3:GetBucketOwnershipControls",
    "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetBucketPolicy",
    "s3:GetBucketObjectLockConfiguration", "s3:GetBucketTagging",
    "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:GetKeyPolicy",
)  # fmt: skip
READS_IN_MANAGEMENT = (
    "sts:AssumeRole", "cloudtrail:ListTrails", "cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class InLogArchive(Step):
    """A step in the log archive account: done through its access role, narrowed to what the step needs."""

    entered_for: ClassVar = ("s3:", "kms:")
    account: str  # key of the log archive account in the file
    region: str

    @property
    def where(self) -> str:
        return f"(log archive account {self.account})"


@dataclass(frozen=True, kw_only=True)
class _AboutBucket(InLogArchive):
    bucket: str

    @property
    def subject(self) -> str:
        return self.bucket


@dataclass(frozen=True, kw_only=True)
class CreateBucket(_AboutBucket):
    """Make an empty, private bucket; what protects it follows in steps of their own."""

    # With Object Lock from the start, AWS asks for the two Puts as well.
    actions: ClassVar = (
        "sts:AssumeRole", "s3:ListBucket", "s3:CreateBucket", "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketVersioning",
    )  # fmt: skip
    object_lock: bool

    @property
    def sentence(self) -> str:
        lock = ", with Object Lock, which cannot be switched off again," if self.object_lock else ""
        return f"create bucket {self.bucket}{lock} in {self.region} {self.where}"


@dataclass(frozen=True, kw_only=True)
class BlockPublicAccess(_AboutBucket):
    """All four settings of the public access block."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "s3:PutBucketPublicAccessBlock")

    @property
    def sentence(self) -> str:
        return f"block public access to bucket {self.bucket} {self.where}"


@dataclass(frozen=True, kw_only=True)
class SetOwnership(_AboutBucket):
    """BucketOwnerEnforced: what others write belongs to the bucket's owner, and ACLs mean nothing."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "s3:PutBucketOwnershipControls")

    @property
    def sentence(self) -> str:
        return f"switch off ACLs of bucket {self.bucket} (BucketOwnerEnforced) {self.where}"


@dataclass(frozen=True, kw_only=True)
class SetVersioning(_AboutBucket):
    """Keep what is overwritten or deleted as older versions."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "s3:PutBucketVersioning")

    @property
    def sentence(self) -> str:
        return f"keep versions in bucket {self.bucket} {self.where}"


@dataclass(frozen=True, kw_only=True)
class SetEncryption(_AboutBucket):
    """The default encryption of new objects: S3's own keys, or a KMS key with a bucket key."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration")
    key_alias: str  # "" for S3's own keys

    @property
    def leans_on(self) -> tuple[str, ...]:
        return (self.bucket, *filter(None, (self.key_alias,)))

    @property
    def sentence(self) -> str:
        how = f"KMS key {self.key_alias}" if self.key_alias else "S3's own keys (AES256)"
        return f"encrypt bucket {self.bucket} with {how} {self.where}"


@dataclass(frozen=True, kw_only=True)
class SetBucketPolicy(_AboutBucket):
    """Set orgkit's statements of a bucket policy; statements under other names stay."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketPolicy", "s3:PutBucketPolicy")
    trail: str  # that may write; "" for none
    statements: tuple[str, ...]  # as JSON; ids that AWS gives are named in <> and filled in at apply

    @property
    def sentence(self) -> str:
        writer = f"CloudTrail may write for trail {self.trail} only, and " if self.trail else ""
        return f"set the policy of bucket {self.bucket}: {writer}nobody without TLS {self.where}"


@dataclass(frozen=True, kw_only=True)
class SetLifecycle(_AboutBucket):
    """Set orgkit's lifecycle rule; 0 days mean never; rules under other names stay."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration")
    transition_days: int
    storage_class: str
    expire_days: int
    noncurrent_days: int

    @property
    def sentence(self) -> str:
        moved = f"to {self.storage_class} after {self.transition_days} days" if self.transition_days else "never moved"
        deleted = f"deleted after {self.expire_days} days" if self.expire_days else "never deleted"
        older = f"kept {self.noncurrent_days} days" if self.noncurrent_days else "kept for ever"
        return f"set the lifecycle of bucket {self.bucket}: {moved}, {deleted}, older versions {older} {self.where}"


@dataclass(frozen=True, kw_only=True)
class SetObjectLock(_AboutBucket):
    """Protect new objects from deletion for a number of days; never shortened or undone by orgkit."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "s3:PutBucketObjectLockConfiguration")
    mode: str
    days: int

    @property
    def sentence(self) -> str:
        who = "nobody can delete them sooner, not even the root user" if self.mode == "COMPLIANCE" else "for most users"
        return f"lock new objects of bucket {self.bucket} for {self.days} days, {self.mode}: {who} {self.where}"


@dataclass(frozen=True, kw_only=True)
class TagBucket(_AboutBucket):
    """Set tags of a bucket; other tags stay."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketTagging", "s3:PutBucketTagging")
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return f"tag bucket {self.bucket}: {', '.join(f'{k}={v}' for k, v in self.tags)} {self.where}"


@dataclass(frozen=True, kw_only=True)
class _AboutKey(InLogArchive):
    key_alias: str

    @property
    def subject(self) -> str:
        return self.key_alias


@dataclass(frozen=True, kw_only=True)
class CreateKey(_AboutKey):
    """Make the trail's KMS key with its policy, its alias and yearly rotation."""

    # KMS makes no key whose policy its maker could not change: hence PutKeyPolicy, which is not called.
    actions: ClassVar = (
        "kms:PutKeyPolicy",
        "sts:AssumeRole", "kms:CreateKey", "kms:TagResource", "kms:CreateAlias", "kms:EnableKeyRotation",
        "kms:DescribeKey", "kms:ListKeys", "kms:ListResourceTags",
    )  # fmt: skip
    trail: str
    statements: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return f"create KMS key {self.key_alias} in {self.region}, rotated yearly, for trail {self.trail} {self.where}"


@dataclass(frozen=True, kw_only=True)
class SetKeyPolicy(_AboutKey):
    """Set orgkit's statements of the key policy; statements under other names stay."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy")
    trail: str
    statements: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return f"set the policy of KMS key {self.key_alias}: for trail {self.trail} and nothing else {self.where}"


@dataclass(frozen=True, kw_only=True)
class RotateKey(_AboutKey):
    """Let AWS rotate the key's material every year; old material still decrypts."""

    sign: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "kms:DescribeKey", "kms:EnableKeyRotation")

    @property
    def sentence(self) -> str:
        return f"rotate KMS key {self.key_alias} every year {self.where}"


# Of the management account. CreateTrail and UpdateTrail ask for the rest on behalf of the caller.
_DEPENDENT = (
    "iam:CreateServiceLinkedRole", "iam:GetRole", "organizations:DescribeOrganization",
    "organizations:ListAWSServiceAccessForOrganization",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _AboutTrail(Step):
    trail: str
    region: str  # the trail's home region: the only one that takes changes
    bucket: str

    key_alias: str | None  # "" for no key; None leaves the trail's key as it is

    @property
    def subject(self) -> str:
        return self.trail

    @property
    def leans_on(self) -> tuple[str, ...]:
        """Without its bucket and key as they should be, a trail would lose what it logs, or show it."""
        return (self.trail, self.bucket, *filter(None, (self.key_alias,)))


@dataclass(frozen=True, kw_only=True)
class CreateTrail(_AboutTrail):
    """Make the organization trail; AWS makes it without logging."""

    actions: ClassVar = ("cloudtrail:GetTrail", "cloudtrail:CreateTrail", "cloudtrail:AddTags", *_DEPENDENT)
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        key = f", encrypted with KMS key {self.key_alias}" if self.key_alias else ""
        return (
            f"create organization trail {self.trail} in {self.region}: every account, every region, "
            f"log file validation, to bucket {self.bucket}{key}"
        )


@dataclass(frozen=True, kw_only=True)
class UpdateTrail(_AboutTrail):
    """Make an existing trail what an organization trail should be."""

    sign: ClassVar = "~"
    actions: ClassVar = ("cloudtrail:UpdateTrail", *_DEPENDENT)
    changes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return f"change trail {self.trail} in {self.region}: {', '.join(self.changes)}"


@dataclass(frozen=True, kw_only=True)
class StartLogging(_AboutTrail):
    """Start it, and see that it has started."""

    sign: ClassVar = "~"
    actions: ClassVar = ("cloudtrail:StartLogging", "cloudtrail:GetTrailStatus")

    @property
    def sentence(self) -> str:
        return f"start logging of trail {self.trail} to bucket {self.bucket}"
