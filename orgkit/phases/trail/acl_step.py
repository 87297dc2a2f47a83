"""The step of phase 05 that makes a bucket's ACL private."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.phases.storage.steps import AclStep
from orgkit.phases.trail.steps import InLogArchive


@dataclass(frozen=True, kw_only=True)
class SetAcl(InLogArchive, AclStep):
    """Make a bucket's ACL private: S3 refuses BucketOwnerEnforced while the ACL grants access to others."""

    kind: ClassVar = "set-acl"
