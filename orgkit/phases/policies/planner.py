"""What phase 12 should do: policies that are missing or differ, and attachments that are missing. It removes none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from orgkit.model.desired import Desired, UnitPath, format_path
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed
from orgkit.model.offboarding import OffboardingSpec, offboarding_note
from orgkit.model.plan import Plan, Step, Waiting
from orgkit.phases.policies.facts import ObservedPolicy, PolicyFacts
from orgkit.phases.policies.lint import lint
from orgkit.phases.policies.lockouts import Lockout, lockouts
from orgkit.phases.policies.rollout import describe_rollout
from orgkit.phases.policies.spec import PoliciesSpec, PolicySpec
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy
from orgkit.phases.policies.targets import accounts_under, name_of_target
from orgkit.policy_evaluation.policy_types import policy_types


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan what is missing or differs, by the names of policies; what the file does not name is left unchanged."""
    facts = observed.facts(PolicyFacts) or PolicyFacts()
    items = {policy.name: _lockouts(policy, observed, desired) for policy in _policies(desired)}
    waiting = [item for policy in _policies(desired) for item in _locked_out(policy, items[policy.name])]
    safe = [policy for policy in _policies(desired) if not any(item.is_certain for item in items[policy.name])]
    full = {policy.name: _full_units(policy, safe, facts, observed) for policy in safe}
    return Plan(
        phase="policies",
        target=observed.target,
        steps=tuple(step for policy in safe for step in _steps(policy, full[policy.name], facts, observed)),
        needs=tuple(_needs(observed, desired)),
        waiting=(*waiting, *(_full(policy, unit) for policy in safe for unit in full[policy.name])),
        unmanaged=tuple(_unmanaged(facts, observed, desired)),
        warnings=tuple(_warnings(desired, items)),
    )


def _policies(desired: Desired) -> tuple[PolicySpec, ...]:
    return desired.section(PoliciesSpec).policies


def _steps(policy: PolicySpec, full: Sequence[UnitPath], facts: PolicyFacts, observed: Observed) -> Iterator[Step]:
    existing = facts.policy(policy.type, policy.name)
    if existing is None:
        yield CreatePolicy(
            name=policy.name, type=policy.type, content=policy.content, reason=f"{policy.file} asks for it"
        )
    elif existing.content != policy.content:
        yield ChangePolicy(
            name=policy.name, type=policy.type, content=policy.content, starts_from=existing.content,
            attached_to=tuple(sorted(name_of_target(target, observed) for target in existing.targets)),
            accounts=accounts_under(existing.targets, policy.type, observed),
            reason=f"its document is not that of {policy.file}",
        )  # fmt: skip
    added = [unit for unit in _missing_targets(policy, existing, observed) if unit not in full]
    for unit in added:
        yield AttachPolicy(
            name=policy.name, type=policy.type, unit=unit,
            accounts=accounts_under((observed.parent_id(unit),), policy.type, observed),
            reason="it is not attached there",
            rollout=describe_rollout(policy, existing, added, observed) if unit == added[0] else (),
        )  # fmt: skip


def _missing_targets(policy: PolicySpec, existing: ObservedPolicy | None, observed: Observed) -> list[UnitPath]:
    targets = existing.targets if existing else ()
    units = ((path, observed.unit(path)) for path in policy.attach)
    return [path for path, unit in units if unit is None or unit.id not in targets]


def _full_units(
    policy: PolicySpec, policies: Sequence[PolicySpec], facts: PolicyFacts, observed: Observed
) -> tuple[UnitPath, ...]:
    """Return the units that have as many policies of the type as AWS allows before it is this one's turn, by name."""
    limit = policy_types()[policy.type].max_per_target
    full = []
    for unit in _missing_targets(policy, facts.policy(policy.type, policy.name), observed):
        target = observed.unit(unit)
        if limit is None or target is None:
            continue
        attached = {item.name for item in facts.attached_to(target.id, policy.type)}
        own = [item.name for item in policies if item.type == policy.type and unit in item.attach]
        added = [name for name in own if name not in attached]
        if policy.name in added[max(limit - len(attached), 0) :]:
            full.append(unit)
    return tuple(full)


def _full(policy: PolicySpec, unit: UnitPath) -> Waiting:
    limit = policy_types()[policy.type].max_per_target
    return Waiting(
        f"policy {policy.name}: {format_path(unit)} has as many policies of type {policy.type} as AWS allows "
        f"({limit}). Detach one there with phase 13-policy-removal, or merge two of them",
        "you",
        blocks=policy.name,
        drift=True,
    )


def _lockouts(policy: PolicySpec, observed: Observed, desired: Desired) -> tuple[Lockout, ...]:
    """Return what a policy locks out, with the ids that AWS reports now."""
    organization = observed.organization.id if observed.organization else ""
    spec = desired.section(PoliciesSpec)
    return lockouts(policy, spec, desired, known_ids(desired, observed), organization)


def _locked_out(policy: PolicySpec, items: Iterable[Lockout]) -> Iterator[Waiting]:
    for lockout in items:
        if lockout.is_certain:
            reason = f"policy {policy.name} is not applied: {lockout}. Change {policy.file}"
            yield Waiting(reason, "you", blocks=policy.name, drift=True)


def _needs(observed: Observed, desired: Desired) -> Iterator[str]:
    organization = observed.organization
    if organization is None:
        yield "the organization does not exist yet: run 01-organization"
        return
    enabled = {name for name, status in organization.policy_types if status == "ENABLED"}
    for kind in sorted({policy.type for policy in _policies(desired)} - enabled):
        yield f"policy type {kind} is not enabled yet: run 01-organization"
    for unit in sorted({unit for policy in _policies(desired) for unit in policy.attach}):
        if observed.unit(unit) is None:
            yield f"organizational unit {format_path(unit)} does not exist yet: run 02-units"


def _unmanaged(facts: PolicyFacts, observed: Observed, desired: Desired) -> Iterator[str]:
    specs = {(policy.type, policy.name): policy for policy in _policies(desired)}
    for item in facts.policies:
        policy = specs.get((item.type, item.name))
        if item.is_of_aws:
            continue
        if policy is None:
            note = offboarding_note(desired.section(OffboardingSpec).names_policy(item.name))
            yield f"policy {item.name} ({item.type}){note}"
            continue
        units = {unit.id for path in policy.attach if (unit := observed.unit(path))}
        for target in sorted(set(item.targets) - units):
            yield f"attachment of policy {item.name} to {name_of_target(target, observed)}"


def _warnings(desired: Desired, items: Mapping[str, tuple[Lockout, ...]]) -> Iterator[str]:
    for policy in _policies(desired):
        yield from (f"policy {policy.name}, {item}." for item in items[policy.name] if not item.is_certain)
        findings = (finding for finding in lint(policy.document, policy.type) if not finding.is_error)
        yield from (f"policy {policy.name}, {finding}." for finding in findings)


def file_warnings(desired: Desired) -> tuple[str, ...]:
    """Return the warnings that are known without a call: misspellings, statements without effect, possible lock-outs.

    Args:
        desired: The parameters file.
    """
    spec = desired.section(PoliciesSpec)
    ids = {member.key: member.id for member in desired.members if member.id}
    return tuple(_warnings(desired, {policy.name: lockouts(policy, spec, desired, ids) for policy in spec.policies}))
