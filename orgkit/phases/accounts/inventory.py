"""Accounts in the inventory, with their two roles: those of the file, and those that it does not name."""

from collections.abc import Iterable, Iterator, Mapping

from orgkit.model.desired import AccountSpec, Desired, ImportSpec, UnitPath, format_path
from orgkit.model.inventory import PRESENCE, Gap, InventoryPart, Resource, tag_values, value_or_same
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Account, Observed, Unit
from orgkit.model.offboarding import OffboardingSpec
from orgkit.model.unit_matching import place_in_aws, units_of_file
from orgkit.phases.member_access.inventory import KIND as ROLE
from orgkit.phases.member_access.inventory import roles_of

KIND = "account"
ROOT = "the organization root"
CALLS = {
    "name": ("PutAccountName",),
    "email": ("AcceptPrimaryEmailUpdate",),
    "unit": ("MoveAccount",),
    "state": ("CloseAccount",),
    PRESENCE: (
        "CreateAccount",
        "RemoveAccountFromOrganization",
        "LeaveOrganization",
        "InviteAccountToOrganization",
        "AcceptHandshake",
    ),
    "tag": ("TagResource", "UntagResource"),
}


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield the accounts that the file creates, the management account, and those that the file does not name."""
    yield from resources_of(desired.accounts, observed, desired)
    matched = {account.id for spec in desired.members if (account := account_of_file(spec, observed))}
    offboarding = desired.section(OffboardingSpec)
    for account in observed.accounts:
        if account.id == observed.target.account:
            email = desired.organization.email
            is_same = account.email.casefold() == email.casefold()
            spec_values = {"email": value_or_same(email, account.email, is_same=is_same), "state": "ACTIVE"}
            yield _resource(observed, account.name, account, spec_values)
        elif account.id not in matched:
            is_named = offboarding.names_account(account.id)
            yield _resource(observed, account.name, account, _wishes(account, offboarding) if is_named else None)


def _wishes(account: Account, offboarding: OffboardingSpec) -> dict[str, str]:
    """Return what 16-offboarding has done about an account: what it has not done yet is no drift."""
    unit = {"unit": format_path(account.unit)} if account.unit == offboarding.unit else {}
    return unit | ({"state": account.state} if account.is_closed else {})


def resources_of(
    specs: Iterable[AccountSpec | ImportSpec], observed: Observed, desired: Desired
) -> Iterator[Resource | Gap]:
    """Yield the accounts of a section of the file, each with its roles."""
    units = units_of_file(desired, observed)
    for spec in sorted(specs, key=lambda item: item.key):
        account = account_of_file(spec, observed)
        yield _resource(observed, spec.key, account, _spec_values(spec, account, units))
        if account:
            yield from roles_of(spec, account, observed, desired)


def account_of_file(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    """Return the account that an entry of the file means, also one with another email, or a closed one.

    Planning waits for a person there; what differs is reported all the same.
    """
    account = match_if_clear(spec, observed) or (observed.account(spec.id) if spec.id else None)
    if account is not None or isinstance(spec, ImportSpec):
        return account
    matches = [item for item in observed.accounts_with_key(spec.key) if item.id != observed.target.account]
    owners = matches if len(matches) == 1 else observed.accounts_with_email(spec.email)
    return min(owners, key=lambda item: item.is_closed, default=None)


def _spec_values(
    spec: AccountSpec | ImportSpec, account: Account | None, units: Mapping[UnitPath, Unit]
) -> dict[str, str]:
    email = account.email if account else ""
    is_same = email.casefold() == spec.email.casefold()
    # An account that is pinned by its id may have a name that the file cannot have: then it states none.
    states_name = spec.id is None or spec.name != spec.key
    return {
        **({"name": spec.name} if states_name else {}),
        "email": value_or_same(spec.email, email, is_same=is_same),
        "unit": format_path(place_in_aws(spec.unit, units)) or ROOT,
        "state": "ACTIVE",
        **tag_values(spec.tags),
    }


def _resource(observed: Observed, name: str, account: Account | None, spec_values: dict[str, str] | None) -> Resource:
    values = None
    if account is not None:
        values = {
            "name": account.name,
            "email": account.email,
            "unit": format_path(account.unit) or ROOT,
            "state": account.state,
            **tag_values(account.tags),
        }
    return Resource(
        kind=KIND,
        id=account.id if account else "",
        name=name,
        values=values,
        spec_values=spec_values,
        account=observed.target.account,
        calls=CALLS,
        identifiers=(account.id,) if account else (name,),
    )


INVENTORY = InventoryPart((KIND, ROLE), resources)
