"""Policies of the organization: ids from their names, documents that are JSON, attachments once."""

import json
from typing import Any

from moto.organizations.models import FakePolicy, OrganizationsBackend

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

_create_policy = OrganizationsBackend.create_policy
_attach_policy = OrganizationsBackend.attach_policy
MAX_LENGTH = 10_240  # characters of a service control policy, since 15 May 2026


@corrects(OrganizationsBackend, moto="CreatePolicy accepts any text, and four types of policy.")
def create_policy(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
    """CreatePolicy takes every type of policy, and refuses a document that is not JSON, or too long."""
    check_document(kwargs["Content"])
    kind = kwargs["Type"]
    if kind not in FakePolicy.SUPPORTED_POLICY_TYPES:
        raise refusal("InvalidInputException", "You specified an invalid value.", "INVALID_ENUM_POLICY_TYPE")
    described: dict[str, Any] = _create_policy(self, **{**kwargs, "Type": "TAG_POLICY"})
    policy: FakePolicy = self.policies[-1]
    policy.type, policy._arn_format = kind, f"arn:{{0}}:organizations::{{1}}:policy/{{2}}/{kind.lower()}/{{3}}"
    number = world().count("policy", self.org.id, policy.type, policy.name)
    policy.id = f"p-{ids.derive(8, 'policy', self.org.id, policy.type, policy.name, number)}"
    described["Policy"]["PolicySummary"] |= {"Id": policy.id, "Arn": policy.arn, "Type": kind}
    return described


def check_document(content: str) -> None:
    """JSON, and not too long."""
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise refusal("MalformedPolicyDocumentException", "The policy document does not meet the requirements.")
    if len(content) > MAX_LENGTH:
        message = "You have exceeded the size limit of a policy."
        raise refusal("ConstraintViolationException", message, "POLICY_CONTENT_LIMIT_EXCEEDED")


@corrects(OrganizationsBackend, moto="AttachPolicy accepts both: a second time, and a type that is not enabled.")
def attach_policy(self: OrganizationsBackend, **kwargs: Any) -> None:
    """AttachPolicy refuses a second time, and a policy of a type that is not enabled in the root."""
    policy = self.get_policy_by_id(kwargs["PolicyId"])
    if not policy.aws_managed:
        _check_attachment(self, policy, kwargs["TargetId"])
    _attach_policy(self, **kwargs)


def _check_attachment(backend: OrganizationsBackend, policy: FakePolicy, target: str) -> None:
    if not any(item == {"Type": policy.type, "Status": "ENABLED"} for item in backend.ou[0].policy_types):
        message = "The specified policy type isn't currently enabled in this root."
        raise refusal("PolicyTypeNotEnabledException", message)
    if any(item.id == target for item in policy.attachments):
        message = "The selected policy is already attached to the specified target."
        raise refusal("DuplicatePolicyAttachmentException", message)
