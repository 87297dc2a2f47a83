"""The steps of phase 09: the bucket of the state, and the roles with which GitHub's jobs use it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from orgkit.costs.estimate.charge import Usage
from orgkit.costs.estimate.usage import Volumes, state_usage
from orgkit.model.desired import Desired
from orgkit.model.plan import ABSENT
from orgkit.phases.state_backend.documents import ISSUER
from orgkit.phases.storage.steps import (
    AboutBucket,
    AclStep,
    BucketSetting,
    BucketTagsStep,
    InAccount,
    OwnershipStep,
    PublicAccessBlockStep,
    VersioningStep,
)


@dataclass(frozen=True, kw_only=True)
class InStateAccount(InAccount):
    """A step in the account of the state, through its access role, restricted to what the step needs."""

    cross_account_actions: ClassVar = ("s3:", "iam:")

    @property
    def location(self) -> str:
        return f"(account {self.account})"


@dataclass(frozen=True, kw_only=True)
class CreateStateBucket(InStateAccount, AboutBucket):
    """Make an empty, private bucket for the state; separate steps protect it."""

    kind: ClassVar = "create-state-bucket"
    usage_note: ClassVar = "requests of plans and applies, paid by the account of the bucket"
    actions: ClassVar = ("sts:AssumeRole", "s3:ListBucket", "s3:CreateBucket")
    starts_from: str = ABSENT
    namespace: str  # global, or account-regional, whose names nobody else can take

    @property
    def sentence(self) -> str:
        namespace = " in the account's own namespace" if self.namespace != "global" else ""
        return f"create bucket {self.bucket}{namespace} in {self.region}, for the state of Terraform {self.location}"

    def added_usage(self, desired: Desired, volumes: Volumes) -> Iterable[Usage]:
        """The requests of plans and applies."""
        return state_usage(desired, volumes)


@dataclass(frozen=True, kw_only=True)
class BlockStatePublicAccess(InStateAccount, PublicAccessBlockStep):
    """Switch on all four settings of the public access block of the state's bucket."""

    kind: ClassVar = "block-state-public-access"


@dataclass(frozen=True, kw_only=True)
class SetStateAcl(InStateAccount, AclStep):
    """Make the ACL of the state's bucket private: S3 refuses BucketOwnerEnforced while it grants access to others."""

    kind: ClassVar = "set-state-acl"


@dataclass(frozen=True, kw_only=True)
class SetStateOwnership(InStateAccount, OwnershipStep):
    """Set BucketOwnerEnforced for the state's bucket: ACLs have no effect."""

    kind: ClassVar = "set-state-ownership"


@dataclass(frozen=True, kw_only=True)
class SetStateVersioning(InStateAccount, VersioningStep):
    """Keep each state that is overwritten as an older version, which can be restored."""

    kind: ClassVar = "set-state-versioning"


@dataclass(frozen=True, kw_only=True)
class SetStateEncryption(InStateAccount, BucketSetting):
    """Set the default encryption of the state's bucket: S3's own keys, or the KMS key of the file with a bucket key."""

    kind: ClassVar = "set-state-encryption"
    setting: ClassVar = "encryption"
    cost_note: ClassVar = "settings of a bucket cost nothing; the requests to a KMS key are the key owner's"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration")
    key_arn: str  # "" for S3's own keys

    @property
    def sentence(self) -> str:
        method = f"KMS key {self.key_arn}" if self.key_arn else "S3's own keys (AES256)"
        replacement = f", no longer with {self.starts_from}" if self.starts_from.startswith("aws:kms") else ""
        return f"encrypt bucket {self.bucket} with {method}{replacement} {self.location}"


@dataclass(frozen=True, kw_only=True)
class SetStateBucketPolicy(InStateAccount, BucketSetting):
    """Add orgkit's missing statements to the policy of the state's bucket; those of others stay."""

    kind: ClassVar = "set-state-bucket-policy"
    setting: ClassVar = "policy"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketPolicy", "s3:PutBucketPolicy")
    statements: tuple[str, ...]  # as JSON; ids that AWS gives are named in <> and filled in at apply
    shut_out: tuple[str, ...] = ()  # what statements of others no longer grant

    @property
    def sentence(self) -> str:
        shut_out = "".join(f"; {loss}" for loss in self.shut_out)
        limits = "nobody without TLS, and only principals of this organization"
        return f"set the policy of bucket {self.bucket}: {limits}{shut_out} {self.location}"

    @property
    def losses(self) -> tuple[str, ...]:
        return self.shut_out


@dataclass(frozen=True, kw_only=True)
class SetStateLifecycle(InStateAccount, BucketSetting):
    """Set orgkit's lifecycle rule for older versions of the state, 0 days mean never; rules of others stay."""

    kind: ClassVar = "set-state-lifecycle"
    setting: ClassVar = "lifecycle"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration")
    noncurrent_days: int

    @property
    def sentence(self) -> str:
        older = f"kept {self.noncurrent_days} days" if self.noncurrent_days else "kept for ever"
        rule = f"the state never deleted, older versions {older}"
        return f"set the lifecycle of bucket {self.bucket}: {rule} {self.location}"


@dataclass(frozen=True, kw_only=True)
class TagStateBucket(InStateAccount, BucketTagsStep):
    """Set tags of the state's bucket; other tags stay."""

    kind: ClassVar = "tag-state-bucket"


@dataclass(frozen=True, kw_only=True)
class CreateIdentityProvider(InStateAccount):
    """Let GitHub's tokens be used in the account; which jobs may do what is said by the roles that trust it."""

    kind: ClassVar = "create-identity-provider"
    cost_note: ClassVar = "an identity provider costs nothing"
    actions: ClassVar = ("sts:AssumeRole", "iam:GetOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider")
    starts_from: str = ABSENT

    @property
    def subject(self) -> str:
        return ISSUER

    @property
    def sentence(self) -> str:
        return f"create identity provider {ISSUER} {self.location}"


@dataclass(frozen=True, kw_only=True)
class AboutRole(InStateAccount):
    """A step about one of the two roles."""

    cost_note: ClassVar = "IAM roles cost nothing"
    role: str

    @property
    def subject(self) -> str:
        return self.role


@dataclass(frozen=True, kw_only=True)
class CreateStateRole(AboutRole):
    """Make a role that jobs of one environment of the repository may take; a separate step says what it may do."""

    kind: ClassVar = "create-state-role"
    actions: ClassVar = ("sts:AssumeRole", "iam:GetRole", "iam:CreateRole")
    starts_from: str = ABSENT
    trusted_subject: str
    trust: str  # as JSON, with the account's id in <>

    @property
    def depends_on(self) -> tuple[str, ...]:
        return (self.role, ISSUER)

    @property
    def sentence(self) -> str:
        return f"create role {self.role} for {self.trusted_subject} {self.location}"


@dataclass(frozen=True, kw_only=True)
class SetStateRoleTrust(AboutRole):
    """Let a role be taken by jobs of one environment of the repository alone; it starts from the whole policy."""

    kind: ClassVar = "set-state-role-trust"
    symbol: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "iam:GetRole", "iam:UpdateAssumeRolePolicy")
    trusted_subject: str
    trust: str
    no_longer_trusted: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        loss = f"; it no longer trusts {', '.join(self.no_longer_trusted)}" if self.no_longer_trusted else ""
        return f"let role {self.role} be taken by {self.trusted_subject} alone{loss} {self.location}"

    @property
    def losses(self) -> tuple[str, ...]:
        return tuple(f"role {self.role} no longer trusts {name}" for name in self.no_longer_trusted)


@dataclass(frozen=True, kw_only=True)
class SetStateRolePolicy(AboutRole):
    """Set the policy of a role: it reads the state and holds its lock; the role for applies also writes the state."""

    kind: ClassVar = "set-state-role-policy"
    symbol: ClassVar = "~"
    actions: ClassVar = ("sts:AssumeRole", "iam:GetRolePolicy", "iam:PutRolePolicy")
    use: str  # what it may do, in words
    policy: str  # as JSON, with the account's id in <>

    @property
    def sentence(self) -> str:
        return f"let role {self.role} {self.use} {self.location}"
