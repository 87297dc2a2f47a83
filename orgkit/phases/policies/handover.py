"""What phase 12 hands over to Terraform: the policies of the file, and where they are attached."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orgkit.model.desired import Desired, Tags
from orgkit.model.observed import Observed
from orgkit.phases.policies.facts import ObservedPolicy, PolicyFacts
from orgkit.phases.policies.spec import PoliciesSpec
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy
from orgkit.phases.terraform.hcl import Block, Expression, JsonDocument, Value, attributes
from orgkit.phases.terraform.part import Handover, HandoverPart, LeftOut, Resource
from orgkit.phases.terraform.provider import POLICY_TYPES, TRIED_VERSION, UNIT_IDS, value_of
from orgkit.phases.terraform.tree import NOT_IN_FILE, keys_of, managed_units

POLICY = "aws_organizations_policy.policies"
ATTACHMENTS = "policy_attachments"


@dataclass(frozen=True)
class PolicyDetails:
    """What orgkit does not compare of a policy."""

    id: str
    description: str
    tags: Tags


@dataclass(frozen=True)
class PolicyHandoverFacts:
    """Details of the policies of the file, and all policies of the types that the file does not use."""

    details: tuple[PolicyDetails, ...] = ()
    other_policies: tuple[ObservedPolicy, ...] = ()


@dataclass(frozen=True)
class _Attachments:
    """Entries of the map of attachments, their import ids, and the targets that are left out."""

    entries: dict[str, Value] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def hand_over(observed: Observed, desired: Desired) -> HandoverPart:
    """Return the policies of the file and their attachments to units of the file."""
    facts = observed.facts(PolicyFacts) or PolicyFacts()
    details = observed.facts(PolicyHandoverFacts) or PolicyHandoverFacts()
    own = _own_policies(facts, desired)
    attachments = _attachments(own, observed, desired)
    foreign = [item for item in (*facts.policies, *details.other_policies) if item not in own]
    return HandoverPart(
        "The policies of the organization, by their names, and the units that each is attached to.",
        tuple(_items(own, attachments, {item.id: item for item in details.details})),
        (*attachments.left_out, *_left_out(foreign)),
    )


def _own_policies(facts: PolicyFacts, desired: Desired) -> list[ObservedPolicy]:
    specs = desired.section(PoliciesSpec).policies
    policies = [facts.policy(spec.type, spec.name) for spec in specs if spec.type in POLICY_TYPES]
    return [policy for policy in policies if policy is not None]


def _items(
    policies: list[ObservedPolicy], attachments: _Attachments, details: Mapping[str, PolicyDetails]
) -> Iterator[Block | Resource]:
    if not policies:
        return
    entries: dict[str, Value] = {policy.name: _entry(policy, details[policy.id]) for policy in policies}
    maps = {"policies": entries, **({ATTACHMENTS: attachments.entries} if attachments.entries else {})}
    yield Block("locals", (), attributes(**maps))
    body = attributes(
        name=Expression("each.key"), type=value_of("type"), description=value_of("description"),
        content=value_of("content"), tags=value_of("tags"),
    )  # fmt: skip
    instances = {policy.name: policy.id for policy in policies}
    local = Expression("local.policies")
    yield Resource("aws_organizations_policy", "policies", body, instances=instances, for_each=local)
    if attachments.entries:
        body = attributes(
            policy_id=Expression(f"{POLICY}[each.value.policy].id"),
            target_id=Expression(f"local.{UNIT_IDS}[each.value.organizational_unit]"),
        )
        yield Resource(
            "aws_organizations_policy_attachment", "policies", body, instances=attachments.ids,
            for_each=Expression(f"local.{ATTACHMENTS}"),
        )  # fmt: skip


def _entry(policy: ObservedPolicy, details: PolicyDetails) -> Value:
    return {
        "type": policy.type,
        "description": details.description,
        "content": JsonDocument(policy.document),
        "tags": dict(details.tags),
    }


def _attachments(policies: Iterable[ObservedPolicy], observed: Observed, desired: Desired) -> _Attachments:
    units = managed_units(observed, desired)
    paths = {unit.id: key for unit, key in zip(units, keys_of(units).values(), strict=True)}
    attachments = _Attachments()
    for policy in policies:
        for target in policy.targets:
            if target in paths:
                key = f"{policy.name}: {paths[target]}"
                attachments.entries[key] = {"policy": policy.name, "organizational_unit": paths[target]}
                attachments.ids[key] = f"{target}:{policy.id}"
            else:
                subject = f"attachment of policy {policy.name} to {target}"
                attachments.left_out.append(LeftOut(subject, NOT_IN_FILE))
    return attachments


def _left_out(policies: Iterable[ObservedPolicy]) -> Iterator[LeftOut]:
    yield LeftOut("policies of AWS (FullAWSAccess, RCPFullAWSAccess) and their attachments", "AWS keeps them itself")
    for policy in policies:
        if policy.is_of_aws:
            continue
        is_known = policy.type in POLICY_TYPES
        reason = NOT_IN_FILE if is_known else f"version {TRIED_VERSION} of the provider does not accept its type"
        yield LeftOut(f"policy {policy.name} ({policy.type}, {policy.id}) and its attachments", reason)


HANDOVER = Handover(
    hand_over, (CreatePolicy, ChangePolicy, AttachPolicy), unrequested="policies of the organization and attachments"
)
