"""What phase 16 should do: put accounts into quarantine; after seven days, close those whose ids a person typed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import Desired, ImportSpec, UnitPath, format_path
from orgkit.model.observed import Account, Observed, Unread
from orgkit.model.offboarding import NAME, OffboardedAccount, OffboardingSpec
from orgkit.model.plan import ABSENT, ENABLED, Plan, Step, Waiting
from orgkit.phases.accounts.moves import effects_of
from orgkit.phases.offboarding.facts import AccountFacts, OffboardingFacts
from orgkit.phases.offboarding.quarantine_policy import quarantine_policy, rescuers
from orgkit.phases.offboarding.refusals import refusals, unread_reasons
from orgkit.phases.offboarding.report import report
from orgkit.phases.offboarding.steps import (
    DAYS,
    MAX_AT_ONCE,
    CloseAccount,
    QuarantineAccount,
    TagQuarantinedAccount,
)
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy
from orgkit.phases.policies.targets import accounts_under, name_of_target
from orgkit.policy_evaluation.policy_types import SCP

# CloudTrail names 15 minutes until its event history shows an event, and does not guarantee them. Before this time an
# account is not tagged again; and this time before a reading does not count towards the seven days.
EVENTS_COME_WITHIN = timedelta(hours=1)
TAGS = (("ManagedBy", "orgkit"),)  # of the unit of the quarantine


@dataclass
class _Draft:
    """The plan as it grows: an account that waits for a decision has no steps."""

    observed: Observed
    desired: Desired
    facts: OffboardingFacts
    steps: list[Step] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    closable: list[tuple[OffboardedAccount, Account]] = field(default_factory=list)

    @property
    def unit(self) -> UnitPath:
        """The unit of the quarantine."""
        return self.desired.section(OffboardingSpec).unit

    @property
    def unit_id(self) -> str:
        """Its id; "" while it is not there."""
        unit = self.observed.unit(self.unit)
        return unit.id if unit else ""

    def hold_back(self, entry: OffboardedAccount, reason: str) -> None:
        """Plan nothing about an account until somebody has decided."""
        self.waiting.append(Waiting(f"{entry.key} ({entry.account}): {reason}", "you", blocks=entry.key))

    def wait(self, entry: OffboardedAccount, reason: str, owner: str) -> None:
        """Report what an account in quarantine waits for."""
        self.waiting.append(Waiting(f"{entry.key} ({entry.account}): {reason}", owner))


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan what of `[offboarding]` is not done yet. An account is never put into quarantine and closed by one plan."""
    draft = _make_draft(observed, desired)
    return Plan(
        phase="offboarding",
        target=observed.target,
        steps=tuple(draft.steps),
        needs=tuple(_needs(observed, desired)),
        waiting=tuple(draft.waiting),
        warnings=tuple(draft.warnings),
    )


def closable_accounts(observed: Observed, desired: Desired) -> tuple[tuple[OffboardedAccount, Account], ...]:
    """Return the accounts that can be closed as soon as a person types their ids."""
    return tuple(_make_draft(observed, desired).closable)


def _make_draft(observed: Observed, desired: Desired) -> _Draft:
    facts = observed.facts(OffboardingFacts)
    draft = _Draft(observed, desired, facts or OffboardingFacts(datetime.min))
    accounts = list(_open_accounts(draft)) if facts else []
    draft.warnings += report(accounts, draft.facts, observed) if accounts else []
    accounts = [item for item in accounts if not _is_refused(draft, *item)]
    to_quarantine = [item for item in accounts if item[1].unit != draft.unit]
    quarantined = [item for item in accounts if item[1].unit == draft.unit]
    if accounts and _is_unit_usable(draft):
        draft.steps += _unit_and_policy(draft)
        is_in_force = not draft.steps
        for entry, account in to_quarantine:
            draft.steps += _quarantine(draft, entry, account)
        for entry, account in quarantined:
            draft.steps += _go_on(draft, entry, account, is_in_force=is_in_force)
    return draft


def _needs(observed: Observed, desired: Desired) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
    elif desired.section(OffboardingSpec).accounts and (SCP, "ENABLED") not in observed.organization.policy_types:
        yield f"policy type {SCP} is not enabled yet: run 01-organization"


def _open_accounts(draft: _Draft) -> Iterator[tuple[OffboardedAccount, Account]]:
    """Yield the accounts that are there and open, each with its entry."""
    for entry in draft.desired.section(OffboardingSpec).accounts:
        account = draft.observed.account(entry.account)
        if account is None:
            draft.warnings.append(
                f"{entry.key}: account {entry.account} is not in the organization: it was closed more than 90 days "
                "ago, has left, or the id is wrong."
            )
        elif account.is_closed:
            draft.warnings.append(f"{entry.key}: account {entry.account} ({account.name}) is {account.state}.")
        else:
            yield entry, account


def _is_refused(draft: _Draft, entry: OffboardedAccount, account: Account) -> bool:
    """Hold an account back for each reason that there is; also where AWS does not have the type of the policy yet."""
    reasons = list(refusals(entry, account, draft.facts, draft.observed, draft.desired))
    for reason in reasons:
        draft.hold_back(entry, f"nothing is done about it: {reason}")
    return bool(reasons) or any(_needs(draft.observed, draft.desired))


def _is_unit_usable(draft: _Draft) -> bool:
    """Return whether the policy would bind only accounts that the file wants closed; hold all back if not."""
    spec = draft.desired.section(OffboardingSpec)
    ids = {entry.account for entry in spec.accounts}
    names = [
        account.name
        for account in draft.observed.accounts
        if account.unit[:1] == draft.unit and not account.is_closed and account.id not in ids
    ]
    if names:
        listed = ", ".join(sorted(names)[:8])
        unit = format_path(draft.unit)
        draft.waiting.append(
            Waiting(
                f"unit {unit} has {len(names)} account(s) that [offboarding] does not name, and that the policy of the "
                f"quarantine would lock up: {listed}. Move them, or name another unit under offboarding.unit",
                "you",
                blocks=unit,
            )
        )
    return not names


def _unit_and_policy(draft: _Draft) -> Iterator[Step]:
    """Yield what makes the quarantine: its unit, its policy, and the attachment of this."""
    content = quarantine_policy(draft.desired)
    policy, unit_id = draft.facts.policy, draft.unit_id
    if not unit_id:
        tags = (*TAGS, ("Name", draft.unit[-1]))
        yield CreateUnit(path=draft.unit, tags=tags, reason="there is no unit for the quarantine yet")
    if policy is None:
        yield CreatePolicy(name=NAME, type=SCP, content=content, reason="there is no policy for the quarantine yet")
    elif policy.content != content:
        yield ChangePolicy(
            name=NAME, type=SCP, content=content, starts_from=policy.content,
            attached_to=tuple(sorted(name_of_target(target, draft.observed) for target in policy.targets)),
            accounts=accounts_under(policy.targets, SCP, draft.observed),
            reason="the roles that it does not bind are others",
        )  # fmt: skip
    if policy is None or not unit_id or unit_id not in policy.targets:
        yield AttachPolicy(
            name=NAME, type=SCP, unit=draft.unit,
            accounts=accounts_under((unit_id,), SCP, draft.observed) if unit_id else (),
            reason="it is not attached there",
        )  # fmt: skip


def _quarantine(draft: _Draft, entry: OffboardedAccount, account: Account) -> Iterator[Step]:
    own = draft.facts.account(account.id)
    for reason in unread_reasons(own) if own else ():
        draft.warnings.append(f"{entry.key} could not be closed later: {reason}")
    yield QuarantineAccount(
        key=entry.key, account=account.id, name=account.name, unit=draft.unit, cause=entry.reason,
        roles=rescuers(draft.desired), policy=NAME, starts_from=draft.observed.parent_id(account.unit),
        effects=_effects(draft, account), reason="[offboarding] names it",
    )  # fmt: skip
    yield _tag(entry, account, own, "from then on the seven days are counted")


def _effects(draft: _Draft, account: Account) -> tuple[str, ...]:
    """Return what the account gains and loses; not its policy, which may be attached by an earlier step of the plan."""
    effects = effects_of(account.unit, draft.unit, draft.observed)
    return tuple(effect for effect in effects if not (effect.startswith("gains ") and f" {NAME} (" in effect))


def _tag(entry: OffboardedAccount, account: Account, own: AccountFacts | None, reason: str) -> Step:
    return TagQuarantinedAccount(
        key=entry.key, account=account.id, name=account.name, starts_from=(own.tag if own else "") or ABSENT,
        reason=reason,
    )  # fmt: skip


def _go_on(draft: _Draft, entry: OffboardedAccount, account: Account, *, is_in_force: bool) -> Iterator[Step]:
    """Yield what is next for an account in quarantine."""
    own = draft.facts.account(account.id)
    start = _beginning(draft, own) if own else "nothing was read about it"
    if account.state != "ACTIVE":
        draft.hold_back(entry, f"it is not closed: AWS shows its state as {account.state or 'unknown'}")
    elif own is None or isinstance(start, str):
        draft.wait(entry, str(start), "AWS")
    elif start is None:
        reason = "AWS's event history shows no approved quarantine under the policy: the seven days begin now"
        yield _tag(entry, account, own, reason)
    elif draft.facts.read_at < (end := start + timedelta(days=DAYS) + EVENTS_COME_WITHIN):
        text = f"it is in quarantine since {_day(start)}, and can be closed from {end:%Y-%m-%d %H:%M} UTC on: after "
        missing = "days and an hour, as events of the newest hour may still be missing in AWS's event history"
        draft.wait(entry, f"{text}{DAYS} {missing}", "time")
    elif not is_in_force:
        draft.wait(entry, "it is not closed before the policy of the quarantine is in force again", "you")
    elif reasons := list(unread_reasons(own)):
        draft.hold_back(entry, f"it is not closed: {'; '.join(reasons)}")
    else:
        yield from _close(draft, entry, account, own, start)


def _beginning(draft: _Draft, own: AccountFacts) -> datetime | str | None:
    """Return when the quarantine began; a text while AWS does not show it; None where the account has to be tagged.

    Only the event history counts: nobody can change it. The quarantine begins with the tagging, by a step that a person
    approved, of an account that is in the unit while the policy is attached there. A later move or
    attachment asks for another one. The value of the tag says only whether an event may still come.
    """
    for item in (own.move, own.tagged_at, draft.facts.attached_at):
        if isinstance(item, Unread):
            return f"since when it is in quarantine could not be read: {item.reason}"
    move, tagged_at, attached_at = own.move, own.tagged_at, draft.facts.attached_at
    assert not isinstance(move, Unread)
    assert not isinstance(tagged_at, Unread)
    assert not isinstance(attached_at, Unread)
    if move is not None and move.destination != draft.unit_id:
        return "AWS's event history does not show yet that it was moved there, which takes up to 15 minutes"
    earlier = [time for time in (move.at if move else None, attached_at) if time is not None]
    if tagged_at is not None and all(time <= tagged_at for time in earlier):
        return tagged_at
    tag_time = _parse(own.tag)
    if tag_time is not None and timedelta(0) <= draft.facts.read_at - tag_time < EVENTS_COME_WITHIN:
        return "AWS's event history does not show its quarantine yet, which takes up to 15 minutes"
    return None


def _parse(value: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time if time.tzinfo else None


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d}"


def _close(
    draft: _Draft, entry: OffboardedAccount, account: Account, own: AccountFacts, start: datetime
) -> Iterator[Step]:
    typed = dict(draft.facts.typed).get(entry.key, "")
    draft.closable.append((entry, account))
    if not typed:
        draft.wait(
            entry,
            "it can be closed now. Type its id: in the runbook, or run this phase again with "
            f"ORGKIT_CLOSE_ACCOUNTS={entry.key}=ID",
            "you",
        )
    elif typed != entry.account:
        draft.hold_back(entry, "the id that was typed for it is another one: it is not closed")
    elif not _has_slot(draft):
        draft.wait(entry, f"AWS closes {MAX_AT_ONCE} accounts at the same time: run this phase again later", "AWS")
    else:
        yield CloseAccount(
            key=entry.key, account=account.id, name=account.name, email=account.email, since=_day(start),
            cause=entry.reason,
            starts_from=state_of("ACTIVE", draft.unit_id, (), is_delegated=False, tag=own.tag, policy=ENABLED),
            reason=f"it is in quarantine for {DAYS} days, and a person has typed its id",
        )  # fmt: skip


def _has_slot(draft: _Draft) -> bool:
    closing = sum(account.state == "PENDING_CLOSURE" for account in draft.observed.accounts)
    return closing + sum(isinstance(step, CloseAccount) for step in draft.steps) < MAX_AT_ONCE


def state_of(
    state: str, parent: str, services: tuple[str, ...], *, is_delegated: bool | None, tag: str, policy: str
) -> str:
    """Return what closing an account starts from.

    Args:
        state: AWS's State of it.
        parent: The id of its unit.
        services: For which it is a delegated administrator.
        is_delegated: Whether the organization's resource policy delegates to it; None where that is not known.
        tag: The value of its tag of the quarantine.
        policy: Whether the policy of the quarantine is attached to the unit.
    """
    delegations = {"administers": list(services), "delegated": is_delegated}
    return normal_form({"state": state, "unit": parent, **delegations, "quarantined": tag, "policy": policy})


def spec_of_move(entry: OffboardedAccount, account: Account, unit: UnitPath) -> ImportSpec:
    """Return the account as the reads of a move know one: in the unit where it is wanted."""
    return ImportSpec(
        entry.key, account.id, account.name, account.email, unit, entry.role_name, None,
        leaves_other_organization=False, tags=(),
    )  # fmt: skip
