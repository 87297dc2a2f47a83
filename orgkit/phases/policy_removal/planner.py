"""What phase 13 should do: detach the policies that the file names, and delete those that it asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orgkit.model.desired import AccountSpec, Desired, ImportSpec, format_path
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed
from orgkit.model.plan import Plan, Step, Waiting
from orgkit.phases.policies.facts import ObservedPolicy
from orgkit.phases.policies.lockouts import Lockout, lockouts_by_missing_allow
from orgkit.phases.policies.spec import DESCRIPTION, PoliciesSpec
from orgkit.phases.policies.targets import accounts_under
from orgkit.phases.policy_removal.effects import describe_denials, read_document
from orgkit.phases.policy_removal.facts import RemovalFacts
from orgkit.phases.policy_removal.spec import PolicyRemovalSpec, RemovalSpec
from orgkit.phases.policy_removal.starting_values import (
    ROOT,
    allows_something,
    place_of,
    place_of_account,
    place_of_unit,
    state,
)
from orgkit.phases.policy_removal.steps import DeletePolicy, DetachPolicy


@dataclass(frozen=True)
class _Detachment:
    """One attachment that the file wants removed."""

    removal: RemovalSpec
    policy: ObservedPolicy
    target: str  # its id
    place: str

    @property
    def subject(self) -> str:
        """As the step has it."""
        return f"{self.removal.policy}: {self.place}"


@dataclass
class _Draft:
    """The plan as it grows: an entry that waits for a decision has no steps."""

    observed: Observed
    desired: Desired
    facts: RemovalFacts
    steps: list[Step] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def hold_back(self, removal: RemovalSpec, reason: str, blocks: str = "") -> None:
        """Plan nothing of an entry, or of the part of it that `blocks` names, until somebody has decided."""
        task = f"policy {removal.policy}: {reason}"
        self.waiting.append(Waiting(task, "you", blocks=blocks or removal.policy, drift=True))


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan what of `[policy_removal]` is not done yet; a policy that is not there, or not attached there, is done."""
    facts = observed.facts(RemovalFacts) or RemovalFacts()
    draft = _Draft(observed, desired, facts)
    chosen = list(_chosen(draft))
    detachments = [item for removal, policy in chosen for item in _detachments(draft, removal, policy)]
    safe = [item for item in detachments if _is_safe(draft, item, detachments)]
    for removal, policy in chosen:
        own = [item for item in safe if item.policy == policy]
        draft.steps += _steps(draft, own, safe)
        if removal.delete:
            _delete(draft, removal, policy, own)
    return Plan(
        phase="policy-removal",
        target=observed.target,
        steps=tuple(draft.steps),
        needs=() if observed.organization else ("the organization does not exist yet: run 01-organization",),
        waiting=tuple(draft.waiting),
        warnings=tuple(draft.warnings),
    )


def _chosen(draft: _Draft) -> Iterator[tuple[RemovalSpec, ObservedPolicy]]:
    """Yield the entries whose policy is there, each with it."""
    seen: dict[str, str] = {}
    for removal in draft.desired.section(PolicyRemovalSpec).removals:
        matches = draft.facts.matching(removal)
        if not draft.facts.has_read(removal.type):
            if draft.observed.organization:
                draft.warnings.append(f"policy {removal.policy} is not read: type {removal.type} is not enabled.")
        elif not matches:
            reason = "it has been removed, or it has another name"
            draft.warnings.append(f"policy {removal.policy} ({removal.type}) is not in AWS: {reason}.")
        elif len(matches) > 1:
            ids = ", ".join(policy.id for policy in matches)
            draft.hold_back(removal, f"AWS has {len(matches)} of that name: {ids}. Name one by its id")
        elif (first := seen.setdefault(matches[0].id, removal.policy)) != removal.policy:
            draft.hold_back(removal, f"[policy_removal] names it as {first}, too. Keep one entry")
        elif refusal := _refusal(draft, removal, matches[0]):
            draft.hold_back(removal, refusal)
        else:
            yield removal, matches[0]


def _refusal(draft: _Draft, removal: RemovalSpec, policy: ObservedPolicy) -> str:
    """Return why nothing is done about a policy; the file alone shows it where the entry has the policy's name."""
    if policy.is_of_aws and removal.delete:
        return f"{policy.name} is a policy of AWS itself, which is never deleted"
    if policy.is_of_aws and policy.name == "RCPFullAWSAccess":
        return "RCPFullAWSAccess is never detached: no resource control policy could replace it"
    wanted = [
        item
        for item in draft.desired.section(PoliciesSpec).policies
        if not policy.is_of_aws and (item.type, item.name) == (policy.type, policy.name)
    ]
    both = sorted({unit for item in wanted for unit in item.attach} & set(removal.units))
    if wanted and removal.delete:
        return f"[policies.{policy.name}] makes it: take that out of the file first"
    remedy = "take the unit out there first"
    return f"[policies.{policy.name}] attaches it to {format_path(both[0])}: {remedy}" if both else ""


def _detachments(draft: _Draft, removal: RemovalSpec, policy: ObservedPolicy) -> Iterator[_Detachment]:
    """Yield the targets of an entry to which the policy is attached now."""
    observed = draft.observed
    targets: list[tuple[str | None, str]] = []
    if removal.root:
        targets.append((observed.parent_id(()), ROOT))
    for unit in removal.units:
        known_unit = observed.unit(unit)
        targets.append((known_unit.id if known_unit else None, place_of_unit(unit)))
    targets += [
        (account if observed.account(account) else None, place_of_account(account)) for account in removal.accounts
    ]
    for target, place in targets:
        if target is None:
            draft.warnings.append(f"policy {removal.policy}: {place} is not in the organization.")
        elif target in policy.targets:
            yield _Detachment(removal, policy, target, place)


def _left(draft: _Draft, item: _Detachment, detached: Sequence[_Detachment]) -> list[ObservedPolicy]:
    """Return the policies of the type that stay at a target without those that are detached there."""
    gone = {other.policy.id for other in detached if other.target == item.target}
    attached = draft.facts.attached_to(item.target, item.policy.type)
    return [policy for policy in attached if policy.id not in gone and policy.id != item.policy.id]


def _is_safe(draft: _Draft, item: _Detachment, detachments: Sequence[_Detachment]) -> bool:
    """Return whether a detachment leaves a target with an SCP that allows, and nobody locked out; hold it back if not.

    It is judged by what all detachments together leave.
    """
    if not allows_something(item.policy.type, item.policy.content):
        return True
    left = [policy.content for policy in _left(draft, item, detachments)]
    if not any(allows_something(item.policy.type, content) for content in left):
        draft.hold_back(
            item.removal,
            f"without it no SCP of {item.place} allows anything, and all is denied in its accounts. Attach an SCP "
            "that allows what they need there first",
            item.subject,
        )
        return False
    items = _lockouts(draft, item, left)
    for lockout in items:
        if lockout.is_certain:
            draft.hold_back(item.removal, f"it is not detached from {item.place}: that {lockout}", item.subject)
        else:
            draft.warnings.append(f"policy {item.removal.policy}, detached from {item.place}: that {lockout}.")
    return not any(lockout.is_certain for lockout in items)


def _lockouts(draft: _Draft, item: _Detachment, left: Sequence[str]) -> tuple[Lockout, ...]:
    ids = known_ids(draft.desired, draft.observed)
    organization = draft.observed.organization.id if draft.observed.organization else ""
    documents = [read_document(item.policy.type, content) for content in (*left, item.policy.content)]
    *after, removed = [document or {} for document in documents]
    members = [member for member in draft.desired.members if _is_under(draft, item, member, ids.get(member.key, ""))]
    spec = draft.desired.section(PoliciesSpec)
    return lockouts_by_missing_allow([*after, removed], after, members, spec, draft.desired, ids, organization)


def _is_under(draft: _Draft, item: _Detachment, member: AccountSpec | ImportSpec, account: str) -> bool:
    """Return whether a target is on the way from the root to an account, as AWS has it, or as the file wants it."""
    observed_account = draft.observed.account(account)
    unit = observed_account.unit if observed_account else member.unit
    path = [draft.observed.parent_id(unit[:depth]) for depth in range(len(unit) + 1)]
    return item.target in (*path, account)


def _steps(draft: _Draft, own: Sequence[_Detachment], safe: Sequence[_Detachment]) -> Iterator[Step]:
    """Yield the detachments of one policy: each starts from what the steps before it leave."""
    for item in own:
        before = safe[: safe.index(item)]
        policy, observed = item.policy, draft.observed
        gone = {other.target for other in before if other.policy.id == policy.id} | {item.target}
        others = tuple(target for target in policy.targets if target not in gone)
        now = accounts_under((item.target,), policy.type, observed)
        allowing = _allowing(draft, item, before)
        # What an SCP allows, one of each target on the way to an account has to allow: another target is no help.
        still = set(accounts_under(others, policy.type, observed)) if allowing is None else set[str]()
        yield DetachPolicy(
            policy=item.removal.policy, name=policy.name, type=policy.type, made_by=made_by(policy),
            unit=_unit(item), account=item.target if item.place == place_of_account(item.target) else "",
            accounts=tuple(name for name in now if name not in still),
            still=tuple(name for name in now if name in still),
            denied=_denied(draft, item, before),
            starts_from=state(policy.content, [place_of(target, observed) for target in others], allowing),
            reason="[policy_removal] names this target",
        )  # fmt: skip


def _unit(item: _Detachment) -> tuple[str, ...]:
    return next((unit for unit in item.removal.units if place_of_unit(unit) == item.place), ())


def _allowing(draft: _Draft, item: _Detachment, before: Sequence[_Detachment]) -> dict[str, str] | None:
    """Return the SCPs that stay at a target, for a policy that allows something."""
    if not allows_something(item.policy.type, item.policy.content):
        return None
    return {policy.name: policy.content for policy in _left(draft, item, before)}


def _denied(draft: _Draft, item: _Detachment, before: Sequence[_Detachment]) -> tuple[str, ...]:
    if not allows_something(item.policy.type, item.policy.content):
        return ()
    after = [policy.content for policy in _left(draft, item, before)]
    accounts = accounts_under((item.target,), item.policy.type, draft.observed)
    account = next((account.id for account in draft.observed.accounts if account.name in accounts), "")
    organization = draft.observed.organization.id if draft.observed.organization else ""
    return describe_denials([*after, item.policy.content], after, account, organization)


def _delete(draft: _Draft, removal: RemovalSpec, policy: ObservedPolicy, own: Sequence[_Detachment]) -> None:
    """Plan to delete a policy that is attached to nothing when its own detachments are done."""
    targets = {item.target for item in own}
    left = [place_of(target, draft.observed) for target in policy.targets if target not in targets]
    if left:
        places = ", ".join(sorted(left))
        reason = f"it is not deleted, since it is still attached to {places}. Name these targets, too"
        draft.hold_back(removal, reason, f"{removal.policy}: deletion")
        return
    draft.steps.append(
        DeletePolicy(
            policy=removal.policy,
            name=policy.name,
            type=policy.type,
            made_by=made_by(policy),
            starts_from=state(policy.content, ()),
            reason="[policy_removal] has delete = true",
            detachments=tuple(item.subject for item in own),
        )
    )


def made_by(policy: ObservedPolicy) -> str:
    """Return who made a policy, as far as AWS shows it: only orgkit's own description says that orgkit did."""
    if policy.is_of_aws:
        return "AWS"
    return "orgkit, as its description says" if policy.description == DESCRIPTION else "somebody else than orgkit"
