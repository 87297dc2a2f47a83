"""Policies of the organization: ids from their names, documents that are JSON, attachments once."""

import json
from typing import Any

from moto.organizations.models import FakePolicy, OrganizationsBackend

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.members import backend_of
from orgkit.sandbox.corrections.paths import chain
from orgkit.sandbox.corrections.registry import corrects, refusal, settles
from orgkit.sandbox.seed import OwnPolicy
from orgkit.sandbox.world import world

_create_policy = OrganizationsBackend.create_policy
_attach_policy = OrganizationsBackend.attach_policy
_detach_policy = OrganizationsBackend.detach_policy
_delete_policy = OrganizationsBackend.delete_policy
_DETACH = "Organizations API Reference, DetachPolicy"
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
    key = "policy", self.org.id, policy.type, policy.name
    used = (other.id for other in self.policies[:-1])
    policy.id = world().free_id(used, lambda number: f"p-{ids.derive(8, *key, number)}", *key)
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
    if not _is_enabled(backend, policy.type):
        message = "The specified policy type isn't currently enabled in this root."
        raise refusal("PolicyTypeNotEnabledException", message)
    if any(item.id == target for item in policy.attachments):
        message = "The selected policy is already attached to the specified target."
        raise refusal("DuplicatePolicyAttachmentException", message)


def _is_enabled(backend: OrganizationsBackend, policy_type: str) -> bool:
    return {"Type": policy_type, "Status": "ENABLED"} in backend.ou[0].policy_types


@corrects(OrganizationsBackend, moto="DetachPolicy answers with nothing in each of these cases.", source=_DETACH)
def detach_policy(self: OrganizationsBackend, **kwargs: Any) -> None:
    """DetachPolicy refuses what is not attached, the last SCP of a target, and RCPFullAWSAccess."""
    policy, target = self.get_policy_by_id(kwargs["PolicyId"]), kwargs["TargetId"]
    if policy.aws_managed and policy.name == "RCPFullAWSAccess":
        message = "You can't detach this Amazon Web Services Managed Policy."
        raise refusal("InvalidInputException", message, "NON_DETACHABLE_POLICY")
    if not any(item.id == target for item in policy.attachments):
        message = "The policy isn't attached to the specified target in the specified root."
        raise refusal("PolicyNotAttachedException", message)
    attached = [item for item in self.policies if any(place.id == target for place in item.attachments)]
    if policy.type == "SERVICE_CONTROL_POLICY" and sum(item.type == policy.type for item in attached) == 1:
        message = "You cannot remove the last policy attached to the specified target."
        raise refusal("ConstraintViolationException", message, "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    _detach_policy(self, **kwargs)


@corrects(
    OrganizationsBackend,
    moto="DeletePolicy deletes them where they are attached to nothing.",
    source="Organizations API Reference, DeletePolicy",
)
def delete_policy(self: OrganizationsBackend, **kwargs: Any) -> None:
    """DeletePolicy refuses the policies that AWS manages."""
    if any(item.id == kwargs["PolicyId"] and item.aws_managed for item in self.policies):
        message = "You specified a policy that is managed by Amazon Web Services and can't be modified."
        raise refusal("InvalidInputException", message, "IMMUTABLE_POLICY")
    _delete_policy(self, **kwargs)


@settles
def attach_own_policies() -> None:
    """Create the policies of the seed once their type is enabled, and attach each to its targets once they are there.

    What somebody detaches stays detached.
    """
    seed = world().seed
    backend = backend_of(seed.management_account_id)
    if not seed.own_policies or backend.org is None:
        return
    policy_ids = world().state.setdefault("own_policies", {})
    attachments = world().state.setdefault("own_attachments", set())
    for number, policy in enumerate(seed.own_policies):
        if not _is_enabled(backend, policy.type):
            continue
        if number not in policy_ids:
            content = {"Name": policy.name, "Content": policy.content, "Type": policy.type}
            created = backend.create_policy(**content, Description="A policy of [rehearsal].")
            policy_ids[number] = created["Policy"]["PolicySummary"]["Id"]
        for target in _targets(backend, policy):
            if (number, target) not in attachments:
                attachments.add((number, target))
                backend.attach_policy(PolicyId=policy_ids[number], TargetId=target)


def _targets(backend: OrganizationsBackend, policy: OwnPolicy) -> list[str]:
    """Return the ids of a policy's targets that are there."""
    if not policy.units and not policy.emails:
        return [backend.ou[0].id]
    paths = {unit.id: tuple(parent.name for parent in chain(backend, unit.id)[1:]) for unit in backend.ou}
    units = [target for target, names in paths.items() if names in policy.units]
    emails = {email.lower() for email in policy.emails}
    return [*units, *(account.id for account in backend.accounts if account.email.lower() in emails)]
