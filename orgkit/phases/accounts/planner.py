"""What phase 03 should do: vend the accounts that are missing, place, rename and tag them, make them readable."""

from collections.abc import Iterator

from orgkit.model.desired import AccountSpec, Desired, format_path, missing_tags, replaced_tags
from orgkit.model.lookalikes import account_warnings
from orgkit.model.matching import account_ids_in, match_or_decision
from orgkit.model.observed import Account, Member, Observed
from orgkit.model.offboarding import OffboardingSpec, offboarding_note
from orgkit.model.plan import ABSENT, Plan, Step, Waiting, starting_value
from orgkit.model.renames import Renames, held_by, suspected_renames, waiting_for
from orgkit.model.state_backend import StateBackendSpec
from orgkit.phases.accounts.moves import move_waiting, plan_move
from orgkit.phases.accounts.names import differing_name, plan_rename, rename_waiting
from orgkit.phases.accounts.steps import CreateAccount, TagAccount
from orgkit.phases.member_access.role_drift import (
    can_be_entered,
    open_read_role,
    outdated_read_role,
    restrict_read_role,
    role_drift,
    role_warnings,
)
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.member_access.steps import CreateReadRole

Pair = tuple[AccountSpec, Account | None]


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan all creations first, so that AWS can work on five at once, and the log archive account before the others.

    An account that waits for a person's decision is left out, and the others are planned.
    """
    renames = suspected_renames(desired, observed)
    matches = [(spec, *match_or_decision(spec, observed)) for spec in _order_accounts(desired)]
    decisions = tuple(decision for *_, decision in matches if decision)
    clear = [(spec, account) for spec, account, decision in matches if decision is None]
    # If a unit may only have been renamed, its accounts are not created: they would stay in the root, without policies.
    pairs = [(spec, account) for spec, account in clear if account or not held_by(spec.unit, renames)]
    return Plan(
        phase="accounts",
        target=observed.target,
        steps=(
            *_create(pairs),
            *_place(pairs, observed, renames),
            *(step for spec, account in pairs for step in plan_rename(spec, account, observed)),
            *_tag(pairs),
            *_make_readable(pairs, observed, desired),
            *_restrict(pairs, observed),
        ),
        needs=tuple(_needs(observed, desired, renames)),
        waiting=(
            *decisions,
            *_drift(pairs, observed, desired),
            *waiting_for((spec.unit for spec in desired.accounts), renames),
            *move_waiting((spec for spec, _ in pairs), "accounts", observed),
            *rename_waiting((spec for spec, _ in pairs), observed),
        ),
        unmanaged=tuple(_unmanaged(pairs, observed, desired, decisions)),
        warnings=(*_warnings(pairs, observed), *account_warnings(desired, observed)),
    )


def _order_accounts(desired: Desired) -> list[AccountSpec]:
    """Put the log archive account first: if the account quota is too low, the others wait for it."""
    return sorted(desired.accounts, key=lambda spec: (spec.key != desired.trail.log_archive_account, spec.key))


def _create(pairs: list[Pair]) -> Iterator[Step]:
    for spec, account in pairs:
        if account is None:
            yield CreateAccount(
                key=spec.key,
                name=spec.name,
                email=spec.email,
                role_name=spec.role_name,
                iam_access_to_billing="ALLOW" if spec.iam_access_to_billing else "DENY",
                tags=spec.tags,
                reason="no account of the organization has this key or email",
            )


def _place(pairs: list[Pair], observed: Observed, renames: Renames) -> Iterator[Step]:
    for spec, account in pairs:
        location = f"it is in {format_path(account.unit) or 'the organization root'}" if account else ""
        yield from plan_move(spec, observed, renames, location or "AWS makes new accounts in the root")


def _tag(pairs: list[Pair]) -> Iterator[Step]:
    for spec, account in pairs:
        if account and (missing := missing_tags(spec.tags, account.tags)):
            yield TagAccount(
                key=spec.key, name=spec.name, tags=missing, reason="these tags are missing or differ",
                starts_from=starting_value(replaced_tags(missing, account.tags)),
            )  # fmt: skip


def _read_role_reason(account: Account | None, member: Member | None) -> str:
    if account is None:
        return "AWS makes no such role in new accounts"
    return "its policy is not the present one" if member and member.readable else "it could not be assumed"


def _make_readable(pairs: list[Pair], observed: Observed, desired: Desired) -> Iterator[Step]:
    if not desired.section(MembersSpec).read_role:
        return
    for spec, account in pairs:
        member = observed.member(account.id) if account else None
        if member and not can_be_entered(spec, member, observed.target.account):
            continue  # a person has to make the access role first
        if member is None or not member.readable or not member.current:
            reason = _read_role_reason(account, member)
            yield CreateReadRole(
                key=spec.key,
                name=spec.name,
                role_name=spec.role_name,
                services=_required_services(desired, spec.key),
                starts_from=member.read_role if member else ABSENT,
                reason=reason,
            )


def _required_services(desired: Desired, key: str) -> tuple[str, ...]:
    """Return the services that a later phase uses in an account, and that a new account refuses for some minutes."""
    if key == desired.trail.log_archive_account:
        return ("s3", "kms")
    return ("s3",) if key == desired.section(StateBackendSpec).account else ()


def _members(pairs: list[Pair], observed: Observed) -> Iterator[tuple[AccountSpec, Account, Member]]:
    """Yield the accounts that exist and could be read."""
    for spec, account in pairs:
        if account and (member := observed.member(account.id)):
            yield spec, account, member


def _restrict(pairs: list[Pair], observed: Observed) -> Iterator[Step]:
    for spec, _, member in _members(pairs, observed):
        if can_be_entered(spec, member, observed.target.account):
            yield from restrict_read_role(spec, member, observed.target.account, is_completed=not member.current)


def _drift(pairs: list[Pair], observed: Observed, desired: Desired) -> Iterator[Waiting]:
    management_id = observed.target.account
    for spec, account, member in _members(pairs, observed):
        yield from role_drift(spec, account, member, management_id)
        if not can_be_entered(spec, member, management_id):
            yield from outdated_read_role(spec, account, member, desired.reads_in(spec.key))
            yield from open_read_role(spec, account, member, management_id)


def _needs(observed: Observed, desired: Desired, renames: Renames) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
        return
    for path in sorted({spec.unit for spec in desired.accounts if spec.unit}):
        if observed.unit(path) is None and not held_by(path, renames):
            yield f"organizational unit {format_path(path)} does not exist yet: run 02-units"


def _unmanaged(
    pairs: list[Pair], observed: Observed, desired: Desired, decisions: tuple[Waiting, ...]
) -> Iterator[str]:
    """Yield accounts of the organization that are not in the file, without those that may still match one of it."""
    created = {account.id for _, account in pairs if account}
    managed = created | {spec.id for spec in desired.imports} | {observed.target.account}
    undecided = account_ids_in(decision.what for decision in decisions)
    for account in observed.accounts:
        if account.id not in managed and account.id not in undecided:
            location = format_path(account.unit) or "the root"
            note = offboarding_note(desired.section(OffboardingSpec).names_account(account.id))
            yield f"account {account.id} ({account.name}), {account.state}, in {location}{note}"


def _warnings(pairs: list[Pair], observed: Observed) -> Iterator[str]:
    for spec, account, member in _members(pairs, observed):
        yield from role_warnings(spec, account, member, observed.target.account)
    for spec, candidate in pairs:
        if candidate:
            yield from differing_name(spec, candidate, f"accounts.{spec.key}")
