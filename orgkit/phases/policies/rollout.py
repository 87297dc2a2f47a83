"""The rollout of a policy by waves: where it is attached, what one plan adds, and how that is rolled back."""

from collections.abc import Sequence

from orgkit.model.desired import UnitPath, format_path, quote_path
from orgkit.model.observed import Observed
from orgkit.phases.policies.facts import ObservedPolicy
from orgkit.phases.policies.spec import PolicySpec
from orgkit.phases.policies.steps import affects
from orgkit.phases.policies.targets import accounts_under, name_of_target
from orgkit.phases.schema.location import spell


def describe_rollout(
    policy: PolicySpec, existing: ObservedPolicy | None, added: Sequence[UnitPath], observed: Observed
) -> tuple[str, ...]:
    """Return what a plan adds to the attachments of one policy, and the section that takes it back.

    Args:
        policy: The policy in the file.
        existing: The policy in AWS; None where the plan makes it.
        added: The units to which the plan attaches it.
        observed: The tree of the organization.
    """
    targets = existing.targets if existing else ()
    places = sorted(
        f"{name_of_target(target, observed)} ({len(accounts_under((target,), policy.type, observed))} account(s))"
        for target in targets
    )
    bound = set(accounts_under(targets, policy.type, observed))
    accounts = accounts_under([observed.parent_id(unit) for unit in added], policy.type, observed)
    new = [name for name in accounts if name not in bound]
    other_units = [unit.path for unit in observed.units if not _has_policy(unit.path, policy, observed, targets)]
    return (
        f"attached now: {', '.join(places) or 'to nothing'}",
        f"this wave: {', '.join(map(format_path, added))}, {affects(new)}",
        f"units without it then: {', '.join(map(format_path, sorted(other_units))) or 'none'}",
        *_roll_back(policy, added, is_new=existing is None),
    )


def _has_policy(unit: UnitPath, policy: PolicySpec, observed: Observed, targets: Sequence[str]) -> bool:
    """Return whether a unit has the policy when the plan is done: itself, or from a unit above it."""
    paths = [unit[:depth] for depth in range(len(unit) + 1)]
    return any(path in policy.attach or observed.parent_id(path) in targets for path in paths)


def _roll_back(policy: PolicySpec, added: Sequence[UnitPath], *, is_new: bool) -> tuple[str, ...]:
    other_targets = [unit for unit in policy.attach if unit not in added]
    section = spell(("policies", policy.name))
    file = (
        f"write attach = {_paths(other_targets)} in [{section}]"
        if other_targets
        else f"take [{section}] out of the file"
    )
    return (
        f"to roll back: {file}, add this section, and run `orgkit plan FILE 13`:",
        f"  [{spell(('policy_removal', policy.name))}]",
        f'  type = "{policy.type}"',
        f"  units = {_paths(added)}",
        *(("  delete = true",) if is_new and not other_targets else ()),
    )


def _paths(units: Sequence[UnitPath]) -> str:
    return f"[{', '.join(map(quote_path, units))}]"
