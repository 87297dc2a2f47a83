"""What the steps of every phase about a bucket in a member account share: each phase has kinds of its own."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.plan import Step


@dataclass(frozen=True, kw_only=True)
class InAccount(Step):
    """A step in a member account, through its access role, restricted to what the step needs."""

    account: str  # key of the account in the file
    region: str

    @property
    @abstractmethod
    def location(self) -> str:
        """The account, as the end of a sentence."""


@dataclass(frozen=True, kw_only=True)
class AboutBucket(InAccount):
    """A step about one bucket."""

    bucket: str

    @property
    def subject(self) -> str:
        return self.bucket


@dataclass(frozen=True, kw_only=True)
class BucketSetting(AboutBucket):
    """A step that replaces one setting of a bucket."""

    symbol: ClassVar = "~"
    cost_note: ClassVar = "settings of a bucket cost nothing"
    setting: ClassVar[str]  # the field of `Bucket` that it replaces, and starts from


@dataclass(frozen=True, kw_only=True)
class PublicAccessBlockStep(BucketSetting):
    """Switch on all four settings of the public access block."""

    setting: ClassVar = "public_access_block"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock")

    @property
    def sentence(self) -> str:
        return f"block public access to bucket {self.bucket} {self.location}"


@dataclass(frozen=True, kw_only=True)
class AclStep(BucketSetting):
    """Make a bucket's ACL private: S3 refuses BucketOwnerEnforced while the ACL grants access to others."""

    setting: ClassVar = "acl_grants"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketAcl", "s3:PutBucketAcl")
    grants: tuple[str, ...]  # "READ to group LogDelivery"

    @property
    def sentence(self) -> str:
        return (
            f"make the ACL of bucket {self.bucket} private, which takes away {', '.join(self.grants)} {self.location}"
        )


@dataclass(frozen=True, kw_only=True)
class OwnershipStep(BucketSetting):
    """Set BucketOwnerEnforced: what others write belongs to the bucket's owner, and ACLs have no effect."""

    setting: ClassVar = "ownership"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls")

    @property
    def sentence(self) -> str:
        return f"switch off ACLs of bucket {self.bucket} (BucketOwnerEnforced) {self.location}"


@dataclass(frozen=True, kw_only=True)
class VersioningStep(BucketSetting):
    """Keep what is overwritten or deleted as older versions."""

    setting: ClassVar = "versioning"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketVersioning", "s3:PutBucketVersioning")

    @property
    def sentence(self) -> str:
        return f"keep versions in bucket {self.bucket} {self.location}"


@dataclass(frozen=True, kw_only=True)
class BucketTagsStep(BucketSetting):
    """Set tags of a bucket; other tags stay."""

    setting: ClassVar = "tags"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketTagging", "s3:PutBucketTagging")
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return f"tag bucket {self.bucket}: {', '.join(f'{k}={v}' for k, v in self.tags)} {self.location}"
