"""What phase 03 should do: vend the accounts that are missing, place them, tag them, make them readable."""

from collections.abc import Iterator

from orgkit.model.accounts import CreateAccount, CreateReadRole, MoveAccount, TagAccount
from orgkit.model.desired import AccountSpec, Desired
from orgkit.model.matching import match
from orgkit.model.observed import Account, Observed
from orgkit.model.tags import missing
from orgkit.plan import Plan, Step

Pair = tuple[AccountSpec, Account | None]


def plan(observed: Observed, desired: Desired) -> Plan:
    """All creations stand together, so that AWS can work on five at once; the log archive account comes first."""
    pairs = [(spec, match(spec, observed)) for spec in _in_order(desired)]
    return Plan(
        phase="accounts",
        target=observed.target,
        steps=(*_create(pairs), *_place(pairs), *_tag(pairs), *_make_readable(pairs, observed, desired)),
        needs=tuple(_needs(observed, desired)),
        unmanaged=tuple(_unmanaged(observed, desired)),
        warnings=tuple(_warnings(pairs)),
    )


def _in_order(desired: Desired) -> list[AccountSpec]:
    """The log archive account first: when the account quota is short, it is the one that others wait for."""
    return sorted(desired.accounts, key=lambda spec: (spec.key != desired.trail.log_archive_account, spec.key))


def _create(pairs: list[Pair]) -> Iterator[Step]:
    for spec, there in pairs:
        if there is None:
            yield CreateAccount(
                key=spec.key,
                name=spec.name,
                email=spec.email,
                role_name=spec.role_name,
                iam_access_to_billing="ALLOW" if spec.iam_access_to_billing else "DENY",
                tags=spec.tags,
                why="no account of the organization has this key or e-mail",
            )


def _place(pairs: list[Pair]) -> Iterator[Step]:
    for spec, there in pairs:
        where = there.unit if there else ""
        if where != spec.unit:
            why = f"it is in {where or 'the organization root'}" if there else "AWS makes new accounts in the root"
            yield MoveAccount(key=spec.key, name=spec.name, unit=spec.unit, why=why)


def _tag(pairs: list[Pair]) -> Iterator[Step]:
    for spec, there in pairs:
        if there and (lacking := missing(spec.tags, there.tags)):
            yield TagAccount(key=spec.key, name=spec.name, tags=lacking, why="these tags are missing or differ")


def _make_readable(pairs: list[Pair], observed: Observed, desired: Desired) -> Iterator[Step]:
    for spec, there in pairs:
        member = observed.member(there.id) if there else None
        if member is None or not member.readable or not member.current:
            why = "its policy is not the present one" if member and member.readable else "it could not be assumed"
            yield CreateReadRole(
                key=spec.key,
                name=spec.name,
                role_name=spec.role_name,
                services=("s3", "kms") if spec.key == desired.trail.log_archive_account else (),
                why=why,
            )


def _needs(observed: Observed, desired: Desired) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
        return
    for path in sorted({spec.unit for spec in desired.accounts if spec.unit}):
        if observed.unit(path) is None:
            yield f"organizational unit {path} does not exist yet: run 02-units"


def _unmanaged(observed: Observed, desired: Desired) -> Iterator[str]:
    created = {account.id for spec in desired.accounts if (account := match(spec, observed))}
    ours = created | {spec.id for spec in desired.imports} | {observed.target.account}
    for account in observed.accounts:
        if account.id not in ours:
            yield f"account {account.id} ({account.name}), {account.state}, in {account.unit or 'the root'}"


def _warnings(pairs: list[Pair]) -> Iterator[str]:
    for spec, there in pairs:
        if there and there.name != spec.name:
            yield f"account {there.id} is named {there.name}; the file says {spec.name} (names are not changed here)"
