"""S3: the ACL of a bucket and the switch that turns ACLs off, which AWS keeps from contradicting each other.

Source: S3 User Guide, "Controlling ownership of objects": S3 refuses BucketOwnerEnforced while the ACL grants access to
others, and with BucketOwnerEnforced it refuses such an ACL.
"""

from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeAcl, S3Backend, get_canned_acl

from orgkit.sandbox.corrections.registry import corrects

_put_ownership = S3Backend.put_bucket_ownership_controls
_put_acl = S3Backend.put_bucket_acl
ENFORCED = "BucketOwnerEnforced"


class InvalidBucketAcl(S3ClientError):  # type: ignore[misc]  # moto has no types
    """The bucket's ACL grants access to others."""

    code = 400

    def __init__(self) -> None:
        message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        super().__init__("InvalidBucketAclWithObjectOwnership", message)


class AclsNotSupported(S3ClientError):  # type: ignore[misc]
    """ACLs are switched off."""

    code = 400

    def __init__(self) -> None:
        super().__init__("AccessControlListNotSupported", "The bucket does not allow ACLs")


@corrects(S3Backend, moto="PutBucketOwnershipControls switches ACLs off whatever they grant.")
def put_bucket_ownership_controls(self: S3Backend, bucket_name: str, ownership: Any) -> None:
    """PutBucketOwnershipControls refuses BucketOwnerEnforced while the bucket's ACL grants access to others."""
    if ownership == ENFORCED and _lets_others_in(self.get_bucket(bucket_name).acl):
        raise InvalidBucketAcl
    _put_ownership(self, bucket_name, ownership)


@corrects(S3Backend, moto="PutBucketAcl is accepted where ACLs are switched off.")
def put_bucket_acl(self: S3Backend, bucket_name: str, acl: FakeAcl | None) -> None:
    """PutBucketAcl is refused where ACLs are switched off, unless it grants access to the owner alone."""
    if self.get_bucket(bucket_name).ownership_rule == ENFORCED and _lets_others_in(acl):
        raise AclsNotSupported
    _put_acl(self, bucket_name, acl)


def _lets_others_in(acl: FakeAcl | None) -> bool:
    (owner,) = get_canned_acl("private").grants[0].grantees
    return any(grantee != owner for grant in (acl.grants if acl else ()) for grantee in grant.grantees)
