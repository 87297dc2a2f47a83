"""The steps of phase 05: the buckets and the key in the log archive account, and the organization trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from orgkit.costs.estimate.charge import Usage
from orgkit.costs.estimate.usage import MANAGEMENT, Volumes, key_usage, logging_usage, second_copy_usage
from orgkit.model.desired import Desired
from orgkit.model.plan import ABSENT, DISABLED, Step
from orgkit.phases.storage.steps import (
    AboutBucket,
    BucketSetting,
    BucketTagsStep,
    InAccount,
    OwnershipStep,
    PublicAccessBlockStep,
    VersioningStep,
)

EVERY_ACCOUNT = "every account"  # a value of StartLogging.second_copy


@dataclass(frozen=True, kw_only=True)
class InLogArchive(InAccount):
    """A step in the log archive account, through its access role, restricted to what the step needs."""

    cross_account_actions: ClassVar = ("s3:", "kms:")

    @property
    def location(self) -> str:
        return f"(log archive account {self.account})"


@dataclass(frozen=True, kw_only=True)
class CreateBucket(InLogArchive, AboutBucket):
    """Make an empty, private bucket; separate steps protect it."""

    kind: ClassVar = "create-bucket"
    cost_note: ClassVar = "an empty bucket costs nothing; what the trail stores in it is counted where logging starts"
    # With Object Lock from the start, AWS asks for the two Puts as well.
    actions: ClassVar = (
        "sts:AssumeRole", "s3:ListBucket", "s3:CreateBucket", "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketVersioning",
    )  # fmt: skip
    starts_from: str = ABSENT
    object_lock: bool
    namespace: str = "global"  # or account-regional, whose names nobody else can take

    @property
    def sentence(self) -> str:
        lock = ", with Object Lock, which cannot be switched off again," if self.object_lock else ""
        namespace = " in the account's own namespace" if self.namespace != "global" else ""
        return f"create bucket {self.bucket}{namespace}{lock} in {self.region} {self.location}"


@dataclass(frozen=True, kw_only=True)
class BlockPublicAccess(InLogArchive, PublicAccessBlockStep):
    """Switch on all four settings of the public access block."""

    kind: ClassVar = "block-public-access"


@dataclass(frozen=True, kw_only=True)
class SetOwnership(InLogArchive, OwnershipStep):
    """Set BucketOwnerEnforced: what others write belongs to the bucket's owner, and ACLs have no effect."""

    kind: ClassVar = "set-ownership"


@dataclass(frozen=True, kw_only=True)
class SetVersioning(InLogArchive, VersioningStep):
    """Keep what is overwritten or deleted as older versions."""

    kind: ClassVar = "set-versioning"


@dataclass(frozen=True, kw_only=True)
class SetEncryption(InLogArchive, BucketSetting):
    """Set the default encryption of new objects: S3's own keys, or a KMS key with a bucket key."""

    kind: ClassVar = "set-encryption"
    setting: ClassVar = "encryption"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration")
    key_alias: str  # "" for S3's own keys

    @property
    def depends_on(self) -> tuple[str, ...]:
        return (self.bucket, *filter(None, (self.key_alias,)))

    @property
    def sentence(self) -> str:
        method = f"KMS key {self.key_alias}" if self.key_alias else "S3's own keys (AES256)"
        return f"encrypt bucket {self.bucket} with {method} {self.location}"


@dataclass(frozen=True, kw_only=True)
class SetBucketPolicy(InLogArchive, BucketSetting):
    """Add orgkit's missing statements to a bucket policy; what it grants to others stays."""

    kind: ClassVar = "set-bucket-policy"
    setting: ClassVar = "policy"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketPolicy", "s3:PutBucketPolicy")
    trail: str  # that may write; "" for none
    statements: tuple[str, ...]  # as JSON; ids that AWS gives are named in <> and filled in at apply
    other_writers: tuple[str, ...] = ()  # other trails for which the policy lets CloudTrail write, before and after
    removes: tuple[str, ...] = ()  # statements, in normal form, that grant more than those that take their place
    losses: tuple[str, ...] = ()  # what that takes away

    @property
    def sentence(self) -> str:
        extent = f"and, as before, for {', '.join(self.other_writers)}" if self.other_writers else "only"
        writer = f"CloudTrail may write for trail {self.trail} {extent}, and " if self.trail else ""
        losses = "".join(f"; this removes that {loss}" for loss in self.losses)
        return f"set the policy of bucket {self.bucket}: {writer}nobody without TLS{losses} {self.location}"


@dataclass(frozen=True, kw_only=True)
class SetLifecycle(InLogArchive, BucketSetting):
    """Set orgkit's lifecycle rule; 0 days mean never; rules under other names stay."""

    kind: ClassVar = "set-lifecycle"
    setting: ClassVar = "lifecycle"
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
        return f"set the lifecycle of bucket {self.bucket}: {moved}, {deleted}, older versions {older} {self.location}"


@dataclass(frozen=True, kw_only=True)
class SetObjectLock(InLogArchive, BucketSetting):
    """Protect new objects from deletion for a number of days; never shortened or undone by orgkit."""

    kind: ClassVar = "set-object-lock"
    setting: ClassVar = "object_lock"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration")
    mode: str
    days: int

    @property
    def sentence(self) -> str:
        effect = (
            "nobody can delete them sooner, not even the root user" if self.mode == "COMPLIANCE" else "for most users"
        )
        return f"lock new objects of bucket {self.bucket} for {self.days} days, {self.mode}: {effect} {self.location}"


@dataclass(frozen=True, kw_only=True)
class TagBucket(InLogArchive, BucketTagsStep):
    """Set tags of a bucket; other tags stay."""

    kind: ClassVar = "tag-bucket"


@dataclass(frozen=True, kw_only=True)
class AboutKey(InLogArchive):
    """A step about the trail's key."""

    key_alias: str

    @property
    def subject(self) -> str:
        return self.key_alias


@dataclass(frozen=True, kw_only=True)
class CreateKey(AboutKey):
    """Make the trail's KMS key with its policy, its alias and yearly rotation."""

    kind: ClassVar = "create-key"
    usage_note: ClassVar = "the key itself, and its use by those who read encrypted logs"
    # KMS makes no key whose policy its maker could not change: hence PutKeyPolicy, which is not called.
    actions: ClassVar = (
        "kms:PutKeyPolicy",
        "sts:AssumeRole", "kms:CreateKey", "kms:TagResource", "kms:CreateAlias", "kms:EnableKeyRotation",
        "kms:DescribeKey", "kms:ListKeys", "kms:ListResourceTags",
    )  # fmt: skip
    starts_from: str = ABSENT
    trail: str
    statements: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return (
            f"create KMS key {self.key_alias} in {self.region}, rotated yearly, for trail {self.trail} {self.location}"
        )

    def added_usage(self, desired: Desired, volumes: Volumes) -> Iterable[Usage]:
        """The key, and its use."""
        return key_usage(desired, volumes)


@dataclass(frozen=True, kw_only=True)
class SetKeyPolicy(AboutKey):
    """Add orgkit's missing statements to the key policy; what it grants to others stays."""

    kind: ClassVar = "set-key-policy"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "settings of a key cost nothing"
    actions: ClassVar = ("sts:AssumeRole", "kms:GetKeyPolicy", "kms:PutKeyPolicy")
    trail: str
    statements: tuple[str, ...]
    removes: tuple[str, ...] = ()  # statements, in normal form, that grant more than those that take their place
    losses: tuple[str, ...] = ()  # what that takes away

    @property
    def sentence(self) -> str:
        losses = "".join(f"; this removes that {loss}" for loss in self.losses)
        use = f"CloudTrail may use it for trail {self.trail}{losses}"
        return f"set the policy of KMS key {self.key_alias}: {use} {self.location}"


@dataclass(frozen=True, kw_only=True)
class RotateKey(AboutKey):
    """Let AWS rotate the key's material every year; old material still decrypts."""

    kind: ClassVar = "rotate-key"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "the first and the second rotation add a part of the key's price each, a year from now"
    actions: ClassVar = ("sts:AssumeRole", "kms:GetKeyRotationStatus", "kms:EnableKeyRotation")
    is_switch: ClassVar = True
    starts_from: str = DISABLED

    @property
    def sentence(self) -> str:
        return f"rotate KMS key {self.key_alias} every year {self.location}"


# Of the management account. CreateTrail and UpdateTrail ask for the rest on behalf of the caller.
DEPENDENT_ACTIONS = (
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
    def depends_on(self) -> tuple[str, ...]:
        """The bucket and key as required: without them, a trail would lose what it logs, or expose it."""
        return (self.trail, self.bucket, *filter(None, (self.key_alias,)))


@dataclass(frozen=True, kw_only=True)
class CreateTrail(_AboutTrail):
    """Make the organization trail; AWS makes it without logging."""

    kind: ClassVar = "create-trail"
    cost_note: ClassVar = "a trail costs nothing until it logs"
    actions: ClassVar = ("cloudtrail:GetTrail", "cloudtrail:CreateTrail", "cloudtrail:AddTags", *DEPENDENT_ACTIONS)
    starts_from: str = ABSENT
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
    """Change an existing trail into an organization trail."""

    kind: ClassVar = "update-trail"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "a trail costs nothing; its first copy of management events is free"
    actions: ClassVar = ("cloudtrail:GetTrail", "cloudtrail:UpdateTrail", *DEPENDENT_ACTIONS)
    changes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return f"change trail {self.trail} in {self.region}: {', '.join(self.changes)}"


@dataclass(frozen=True, kw_only=True)
class StartLogging(_AboutTrail):
    """Start the trail's logging, and wait until AWS reports it."""

    kind: ClassVar = "start-logging"
    symbol: ClassVar = "~"
    usage_note: ClassVar = "log and digest files of every account of the file, paid by the log archive account"
    actions: ClassVar = ("cloudtrail:StartLogging", "cloudtrail:GetTrailStatus")
    is_switch: ClassVar = True
    starts_from: str = DISABLED
    second_copy: str = ""  # where another trail logs management events: EVERY_ACCOUNT | MANAGEMENT | "" for none

    @property
    def sentence(self) -> str:
        copy = f", as a second copy of the management events of {self.second_copy}" if self.second_copy else ""
        return f"start logging of trail {self.trail} to bucket {self.bucket}{copy}"

    def added_usage(self, desired: Desired, volumes: Volumes) -> Iterable[Usage]:
        """The log and digest files of every account, and what AWS charges for a second copy of events."""
        keys = (MANAGEMENT, *(member.key for member in desired.members))
        usages = [usage for key in keys for usage in logging_usage(desired, key, volumes)]
        return usages + copied_events(self.second_copy, desired, volumes)


def copied_events(second_copy: str, desired: Desired, volumes: Volumes) -> list[Usage]:
    """The management events that another trail of `second_copy` logs as well."""
    keys = {
        EVERY_ACCOUNT: (MANAGEMENT, *(member.key for member in desired.members)),
        MANAGEMENT: (MANAGEMENT,),
    }.get(second_copy, ())
    return [second_copy_usage(key, volumes) for key in keys]
