"""What phase 03 should do: vend the accounts that are missing, place them, tag them, make them readable."""

from collections.abc import Iterator

from orgkit.model.desired import AccountSpec, Desired, format_path, missing_tags, replaced_tags
from orgkit.model.lookalikes import account_warnings
from orgkit.model.matching import match
from orgkit.model.observed import Account, Observed
from orgkit.model.plan import ABSENT, Plan, Step, starting_value
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, TagAccount
from orgkit.phases.member_access.steps import CreateReadRole

Pair = tuple[AccountSpec, Account | None]


def plan(observed: Observed, desired: Desired) -> Plan:
    """All creations stand together, so that AWS can work on five at once; the log archive account comes first."""
    pairs = [(spec, match(spec, observed)) for spec in _order_accounts(desired)]
    return Plan(
        phase="accounts",
        target=observed.target,
        steps=(*_create(pairs), *_place(pairs, observed), *_tag(pairs), *_make_readable(pairs, observed, desired)),
        needs=tuple(_needs(observed, desired)),
        unmanaged=tuple(_unmanaged(observed, desired)),
        warnings=(*_warnings(pairs), *_role_notes(pairs, observed), *account_warnings(desired, observed)),
    )


def _order_accounts(desired: Desired) -> list[AccountSpec]:
    """The log archive account first: when the account quota is short, it is the one that others wait for."""
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
                reason="no account of the organization has this key or e-mail",
            )


def _place(pairs: list[Pair], observed: Observed) -> Iterator[Step]:
    for spec, account in pairs:
        unit = account.unit if account else ()
        if unit != spec.unit:
            reason = (
                f"it is in {format_path(unit) or 'the organization root'}"
                if account
                else "AWS makes new accounts in the root"
            )
            yield MoveAccount(
                key=spec.key, name=spec.name, unit=spec.unit, starts_from=observed.parent_id(unit), reason=reason
            )


def _tag(pairs: list[Pair]) -> Iterator[Step]:
    for spec, account in pairs:
        if account and (missing := missing_tags(spec.tags, account.tags)):
            yield TagAccount(
                key=spec.key, name=spec.name, tags=missing, reason="these tags are missing or differ",
                starts_from=starting_value(replaced_tags(missing, account.tags)),
            )  # fmt: skip


def _make_readable(pairs: list[Pair], observed: Observed, desired: Desired) -> Iterator[Step]:
    for spec, account in pairs:
        member = observed.member(account.id) if account else None
        if member is None or not member.readable or not member.current:
            reason = "its policy is not the present one" if member and member.readable else "it could not be assumed"
            yield CreateReadRole(
                key=spec.key,
                name=spec.name,
                role_name=spec.role_name,
                services=("s3", "kms") if spec.key == desired.trail.log_archive_account else (),
                starts_from=member.read_role if member else ABSENT,
                reason=reason,
            )


def _role_notes(pairs: list[Pair], observed: Observed) -> Iterator[str]:
    """What a step that changes a role meets in it."""
    for spec, account in pairs:
        member = observed.member(account.id) if account else None
        yield from (f"{spec.key}: {note}." for note in (member.notes if member else ()))


def _needs(observed: Observed, desired: Desired) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
        return
    for path in sorted({spec.unit for spec in desired.accounts if spec.unit}):
        if observed.unit(path) is None:
            yield f"organizational unit {format_path(path)} does not exist yet: run 02-units"


def _unmanaged(observed: Observed, desired: Desired) -> Iterator[str]:
    created = {account.id for spec in desired.accounts if (account := match(spec, observed))}
    managed = created | {spec.id for spec in desired.imports} | {observed.target.account}
    for account in observed.accounts:
        if account.id not in managed:
            location = format_path(account.unit) or "the root"
            yield f"account {account.id} ({account.name}), {account.state}, in {location}"


def _warnings(pairs: list[Pair]) -> Iterator[str]:
    for spec, member in pairs:
        if member and member.name != spec.name:
            yield f"account {member.id} is named {member.name}; the file says {spec.name} (names are not changed here)"
