"""AWS calls that read, make, change and attach policies of the organization. None detaches or deletes one."""

import json
from collections.abc import Container, Iterator
from functools import partial
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Observed
from orgkit.model.plan import DISABLED, ENABLED, starting_value
from orgkit.phases.handler import handle
from orgkit.phases.policies.facts import ObservedPolicy, PolicyFacts
from orgkit.phases.policies.spec import DESCRIPTION, PoliciesSpec
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the policies of the types that the file uses, and the documents of those that it names."""
    names = {(policy.type, policy.name) for policy in desired.section(PoliciesSpec).policies}
    organization = observed.organization
    if organization is None:
        return observed
    enabled = {kind for kind, status in organization.policy_types if status == "ENABLED"}
    kinds = sorted({kind for kind, _ in names} & enabled)
    policies = [policy for kind in kinds for policy in list_policies(aws, kind, names)]
    return observed.with_facts(PolicyFacts(tuple(sorted(policies, key=lambda policy: (policy.type, policy.name)))))


def list_policies(aws: Connection, kind: str, names: Container[tuple[str, str]] = ()) -> list[ObservedPolicy]:
    """Return the policies of a type with their targets, and with their documents where (type, name) is in `names`."""
    reads = [partial(read_policy, aws, item, (kind, item["Name"]) in names) for item in policy_summaries(aws, kind)]
    return list(aws.executor.map(lambda read_policy: read_policy(), reads))


def create_policy(aws: Connection, step: CreatePolicy, id_index: IdIndex) -> None:
    """Make it; one that an attempt with a lost response has made counts as made."""
    try:
        aws.mutate(
            "organizations", "CreatePolicy", expect="Policy",
            Name=step.name, Type=step.type, Content=step.content, Description=DESCRIPTION,
        )  # fmt: skip
    except Rejected as rejection:
        if rejection.code != "DuplicatePolicyException":
            raise
        _check_existing(step, _content(aws, step))


def _check_existing(step: CreatePolicy, content: str | None) -> None:
    if content is None:
        raise NeedsDecision(
            f"AWS has a policy named {step.name} already, and lists none of type {step.type} with that name.",
            "give the policy another name in [policies]; then plan again.",
        )
    if content != step.content:
        raise NeedsDecision(
            f"policy {step.name} has been made in the meantime, with another document.",
            "find out who made it; then plan again: the plan shows the difference.",
        )


def change_policy(aws: Connection, step: ChangePolicy, id_index: IdIndex) -> None:
    """Replace its document; its name and description stay."""
    aws.mutate(
        "organizations", "UpdatePolicy", expect="Policy", PolicyId=_existing_id(aws, step), Content=step.content
    )  # fmt: skip


def attach_policy(aws: Connection, step: AttachPolicy, id_index: IdIndex) -> None:
    """Attach it; a policy that is attached there already counts as attached."""
    policy_id = aws.wait_for(f"policy {step.name} to be listed", lambda: _find(aws, step), every=2, at_most=60)
    try:
        aws.mutate("organizations", "AttachPolicy", PolicyId=policy_id, TargetId=id_index.parent(step.unit))
    except Rejected as rejection:
        if rejection.code != "DuplicatePolicyAttachmentException":
            raise


def content_of_policy(aws: Connection, step: CreatePolicy | ChangePolicy, id_index: IdIndex) -> str:
    """Return the current document of the policy of this name and type."""
    return starting_value(_content(aws, step))


def attachment_state(aws: Connection, step: AttachPolicy, id_index: IdIndex) -> str:
    """Return whether a policy of this name and type is attached to the unit now."""
    target = id_index.parent(step.unit)
    pages = aws.pages("organizations", "ListPoliciesForTarget", "Policies", TargetId=target, Filter=step.type)
    return ENABLED if any(item["Name"] == step.name for item in pages) else DISABLED


HANDLERS = (
    handle(CreatePolicy, create_policy, content_of_policy),
    handle(ChangePolicy, change_policy, content_of_policy),
    handle(AttachPolicy, attach_policy, attachment_state),
)


def policy_summaries(aws: Connection, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the policies of a type, as AWS lists them."""
    yield from aws.pages("organizations", "ListPolicies", "Policies", Filter=kind)


def read_policy(aws: Connection, item: dict[str, Any], is_named: bool) -> ObservedPolicy:
    """Return one policy of a list with its targets, and with its document if the file names it."""
    policy_id = str(item["Id"])
    pages = aws.pages("organizations", "ListTargetsForPolicy", "Targets", PolicyId=policy_id)
    document = _text(aws, policy_id) if is_named else ""
    return ObservedPolicy(
        type=str(item["Type"]),
        name=str(item["Name"]),
        id=policy_id,
        is_of_aws=bool(item.get("AwsManaged")),
        targets=tuple(sorted(str(target["TargetId"]) for target in pages)),
        content=_without_white_space(document),
        text=document,
        description=str(item.get("Description", "")),
    )


def read_document(aws: Connection, policy_id: str) -> str:
    """Return the document of a policy as orgkit writes one."""
    return _without_white_space(_text(aws, policy_id))


def _text(aws: Connection, policy_id: str) -> str:
    return str(aws.read("organizations", "DescribePolicy", PolicyId=policy_id)["Policy"]["Content"])


def _without_white_space(text: str) -> str:
    """Return a document as orgkit writes one: somebody may have saved it with white space, or keys in another order."""
    try:
        return compact_json(json.loads(text))
    except ValueError:
        return text


def _content(aws: Connection, step: CreatePolicy | ChangePolicy) -> str | None:
    policy_id = _find(aws, step)
    return read_document(aws, policy_id) if policy_id else None


def _existing_id(aws: Connection, step: ChangePolicy) -> str:
    policy_id = _find(aws, step)
    if policy_id is None:
        raise StepFailed(f"policy {step.name} is no longer there.", "run the phase again: it plans to make it.")
    return policy_id


def _find(aws: Connection, step: CreatePolicy | ChangePolicy | AttachPolicy) -> str | None:
    own = (item for item in policy_summaries(aws, step.type) if not item.get("AwsManaged"))
    names = {str(item["Name"]): str(item["Id"]) for item in own}
    return names.get(step.name)
