"""Deleted principals of policies: AWS shows their unique ids from then on, and rejects a policy with one.

Source: IAM User Guide, "AWS JSON policy elements: Principal".
"""

import json
from collections.abc import Iterator
from typing import Any

from moto.iam.models import IAMBackend, iam_backends
from moto.iam.responses import IamResponse
from moto.kms.models import kms_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

from orgkit.policy_evaluation.deleted_principals import deleted_principals
from orgkit.policy_evaluation.statements import is_policy, statements_of
from orgkit.sandbox.corrections.registry import corrects, refusal

_delete_role = IAMBackend.delete_role
_update_trust = IamResponse.update_assume_role_policy
_put_bucket = S3Response._bucket_response_put


class InvalidPrincipal(S3ClientError):  # type: ignore[misc]  # moto has no types
    """A policy names a principal that does not exist."""

    code = 400

    def __init__(self) -> None:
        super().__init__("MalformedPolicy", "Invalid principal in policy")


@corrects(IAMBackend, moto="DeleteRole leaves the role's ARN in the policies that name it.")
def delete_role(self: IAMBackend, role_name: str) -> None:
    """DeleteRole leaves the role's unique id in the policies that name it."""
    role = self.get_role(role_name)
    _delete_role(self, role_name)
    for holder, attribute in _policies():
        document = getattr(holder, attribute)
        text = document.decode() if isinstance(document, bytes) else str(document)
        if json.dumps(role.arn) in text:
            text = text.replace(json.dumps(role.arn), json.dumps(role.id))
            setattr(holder, attribute, text.encode() if isinstance(document, bytes) else text)


def _policies() -> Iterator[tuple[Any, str]]:
    """What holds a policy that names principals, in all accounts."""
    for regions in iam_backends.values():
        for iam in regions.values():
            yield from ((role, "assume_role_policy_document") for role in iam.roles.values())
    for regions in s3_backends.values():
        for s3 in regions.values():
            yield from ((bucket, "policy") for bucket in s3.buckets.values() if bucket.policy)
    for regions in kms_backends.values():
        for kms in regions.values():
            yield from ((key, "policy") for key in kms.keys.values())


@corrects(S3Response, "_bucket_response_put", moto="PutBucketPolicy accepts a principal that was deleted.")
def put_bucket(self: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    """PutBucketPolicy refuses a principal that was deleted."""
    if "policy" in querystring and names_deleted_principal(self.body):
        raise InvalidPrincipal
    return _put_bucket(self, request, bucket_name, querystring)


@corrects(IamResponse, moto="UpdateAssumeRolePolicy accepts a principal that was deleted.")
def update_assume_role_policy(self: IamResponse) -> Any:
    """UpdateAssumeRolePolicy refuses a principal that was deleted."""
    if names_deleted_principal(self._get_param("PolicyDocument")):
        raise refusal("MalformedPolicyDocument", "Invalid principal in policy")
    return _update_trust(self)


def names_deleted_principal(document: Any) -> bool:
    """Return whether a policy, as it was sent, names the unique id of a deleted principal."""
    text = document.decode(errors="replace") if isinstance(document, bytes) else str(document)
    return is_policy(text) and bool(deleted_principals(statements_of(text)))
