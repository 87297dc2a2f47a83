"""IAM: validation of the trust policies and policy ARNs of roles."""

from typing import Any

from moto.iam.models import IAMBackend, Role

from orgkit.sandbox.corrections.documents import find_problem
from orgkit.sandbox.corrections.registry import corrects, refusal

_create_role = IAMBackend.create_role
_attach_role_policy = IAMBackend.attach_role_policy
RECORDINGS = "localstack at 8b9a79f0, tests/aws/services/iam, recorded on AWS"


@corrects(
    IAMBackend,
    moto="CreateRole keeps any text as its trust policy; text that is not JSON makes each later AssumeRole fail.",
    source=f"{RECORDINGS}: test_create_role_with_malformed_assume_role_policy_document.",
)
def create_role(self: IAMBackend, role_name: str, assume_role_policy_document: str, *args: Any, **kwargs: Any) -> Role:
    """CreateRole refuses an invalid trust policy: MalformedPolicyDocument."""
    problem = find_problem(assume_role_policy_document)
    if problem:
        raise refusal("MalformedPolicyDocument", "This policy contains invalid Json" if "JSON" in problem else problem)
    role: Role = _create_role(self, role_name, assume_role_policy_document, *args, **kwargs)
    return role


@corrects(
    IAMBackend,
    moto="AttachRolePolicy with an invalid ARN is NoSuchEntity.",
    source=f"{RECORDINGS}.",
)
def attach_role_policy(self: IAMBackend, policy_arn: str, role_name: str) -> None:
    """AttachRolePolicy with an invalid ARN is a ValidationError."""
    if not policy_arn.startswith("arn:"):
        raise refusal("ValidationError", f"ARN {policy_arn} is not valid.")
    _attach_role_policy(self, policy_arn, role_name)
