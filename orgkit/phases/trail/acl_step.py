"""The step of phase 05 that makes a bucket's ACL private."""

from typing import ClassVar

from orgkit.dataclass import dataclass
from orgkit.phases.trail.steps import BucketSetting


@dataclass(frozen=True, kw_only=True)
class SetAcl(BucketSetting):
    """Make a bucket's ACL private: S3 refuses BucketOwnerEnforced while the ACL grants access to others."""

    kind: ClassVar = "set-acl"
    setting: ClassVar = "acl_grants"
    actions: ClassVar = ("sts:AssumeRole", "s3:GetBucketAcl", "s3:PutBucketAcl")
    grants: tuple[str, ...]  # "READ to group LogDelivery"

    @property
    def sentence(self) -> str:
        return (
            f"make the ACL of bucket {self.bucket} private, which takes away {', '.join(self.grants)} {self.location}"
        )
