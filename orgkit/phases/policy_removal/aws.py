"""AWS calls that read, detach and delete policies of the organization; nothing else in orgkit detaches or deletes one.

AWS refuses a second DetachPolicy and a second DeletePolicy. Only a look at AWS decides whether the first one was ours:
a policy that is not there any more counts as removed, whatever the refusal says.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Observed
from orgkit.model.plan import ABSENT
from orgkit.phases.handler import handle
from orgkit.phases.policies.aws import list_policies, policy_summaries, read_document
from orgkit.phases.policies.facts import ObservedPolicy
from orgkit.phases.policy_removal.facts import RemovalFacts
from orgkit.phases.policy_removal.spec import PolicyRemovalSpec, is_policy_id
from orgkit.phases.policy_removal.starting_values import allows_something, place_of, state
from orgkit.phases.policy_removal.steps import DeletePolicy, DetachPolicy

REMOVED_CODES = ("PolicyNotAttachedException", "PolicyNotFoundException")


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the policies of the types that `[policy_removal]` names, as far as these are enabled."""
    organization, spec = observed.organization, desired.section(PolicyRemovalSpec)
    if organization is None:
        return observed
    enabled = {kind for kind, status in organization.policy_types if status == "ENABLED"}
    kinds = tuple(sorted({removal.type for removal in spec.removals} & enabled))
    facts = RemovalFacts(kinds, tuple(policy for kind in kinds for policy in list_policies(aws, kind)))
    named_ids = {policy.id for removal in spec.removals for policy in facts.matching(removal)}
    facts = _with_documents(aws, facts, named_ids)
    allowing = [
        policy for policy in facts.policies if policy.id in named_ids and allows_something(policy.type, policy.content)
    ]
    targets = {(policy.type, target) for policy in allowing for target in policy.targets}
    next_to = {policy.id for kind, target in targets for policy in facts.attached_to(target, kind)}
    facts = _with_documents(aws, facts, next_to - named_ids)
    return observed.with_facts(RemovalFacts(kinds, tuple(sorted(facts.policies, key=lambda item: item.id))))


def _with_documents(aws: Connection, facts: RemovalFacts, ids: set[str]) -> RemovalFacts:
    def with_document(policy: ObservedPolicy) -> ObservedPolicy:
        return replace(policy, content=read_document(aws, policy.id)) if policy.id in ids else policy

    return replace(facts, policies=tuple(aws.executor.map(with_document, facts.policies)))


def detach_policy(aws: Connection, step: DetachPolicy, id_index: IdIndex) -> None:
    """Detach it; what AWS shows as detached counts as detached, and nothing else does."""
    target = _target(step, id_index)
    policy_id = _id_of(step, _attached(aws, step, target))
    if policy_id is None:
        return
    try:
        aws.mutate("organizations", "DetachPolicy", PolicyId=policy_id, TargetId=target)
    except Rejected as rejection:
        if rejection.code not in REMOVED_CODES or _id_of(step, _attached(aws, step, target)) is not None:
            raise


def delete_policy(aws: Connection, step: DeletePolicy, id_index: IdIndex) -> None:
    """Delete it; a policy that AWS does not list counts as deleted, and no other."""
    policy_id = _id_of(step, policy_summaries(aws, step.type))
    if policy_id is None:
        return
    try:
        aws.mutate("organizations", "DeletePolicy", PolicyId=policy_id)
    except Rejected as rejection:
        if rejection.code not in REMOVED_CODES or _id_of(step, policy_summaries(aws, step.type)) is not None:
            raise


def attachment_before(aws: Connection, step: DetachPolicy, id_index: IdIndex) -> str:
    """Return the document and the other targets of the policy; absent where it is not attached to the target."""
    target = _target(step, id_index)
    attached = list(_attached(aws, step, target))
    policy_id = _id_of(step, attached)
    if policy_id is None:
        return ABSENT
    content = read_document(aws, policy_id)
    allowing = None
    if allows_something(step.type, content):
        other_policies = [item for item in attached if item["Id"] != policy_id]
        documents = aws.executor.map(lambda item: read_document(aws, str(item["Id"])), other_policies)
        allowing = {str(item["Name"]): text for item, text in zip(other_policies, documents, strict=True)}
    return state(content, _places(aws, policy_id, id_index, target), allowing)


def policy_before(aws: Connection, step: DeletePolicy, id_index: IdIndex) -> str:
    """Return the document and the targets of the policy; absent where it is not there."""
    policy_id = _id_of(step, policy_summaries(aws, step.type))
    if policy_id is None:
        return ABSENT
    return state(read_document(aws, policy_id), _places(aws, policy_id, id_index))


HANDLERS = (
    handle(DetachPolicy, detach_policy, attachment_before),
    handle(DeletePolicy, delete_policy, policy_before),
)


def _target(step: DetachPolicy, id_index: IdIndex) -> str:
    return step.account or id_index.parent(step.unit)


def _attached(aws: Connection, step: DetachPolicy, target: str) -> Iterator[dict[str, Any]]:
    yield from aws.pages("organizations", "ListPoliciesForTarget", "Policies", TargetId=target, Filter=step.type)


def _id_of(step: DetachPolicy | DeletePolicy, items: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> str | None:
    key = "Id" if is_policy_id(step.policy) else "Name"
    return next((str(item["Id"]) for item in items if item[key] == step.policy), None)


def _places(aws: Connection, policy_id: str, id_index: IdIndex, excluded_target: str = "") -> list[str]:
    pages = aws.pages("organizations", "ListTargetsForPolicy", "Targets", PolicyId=policy_id)
    targets = [str(item["TargetId"]) for item in pages]
    return [place_of(target, id_index.observed) for target in targets if target != excluded_target]
