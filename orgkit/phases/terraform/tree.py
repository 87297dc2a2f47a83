"""The units and accounts that are handed over, and how the files of a hand-over name them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from orgkit.model.desired import AccountSpec, Desired, HandoverSpec, ImportSpec, UnitPath, format_path
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Account, Observed, Unit
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.terraform.hcl import Attribute, Block, Expression, Value, attributes
from orgkit.phases.terraform.part import LeftOut, Resource, unique_keys
from orgkit.phases.terraform.provider import UNIT_IDS, value_of

NOT_IN_FILE = "it is not in the parameters file"
ACTIVE = "ACTIVE"
CREATION_ARGUMENTS = ("role_name", "iam_user_access_to_billing")  # of an account, which no API reports
Pair = tuple[AccountSpec | ImportSpec, Account]


def managed_units(observed: Observed, desired: Desired) -> list[Unit]:
    """Return the units of the file that AWS has, sorted by their paths."""
    paths = {spec.path for spec in desired.units}
    return sorted((unit for unit in observed.units if unit.path in paths), key=lambda unit: unit.path)


def keys_of(units: Sequence[Unit]) -> dict[UnitPath, str]:
    """Return the key of each unit in the map of units: its path."""
    keys = unique_keys({unit.id: format_path(unit.path) for unit in units})
    return {unit.path: keys[unit.id] for unit in units}


def managed_accounts(specs: Iterable[AccountSpec | ImportSpec], observed: Observed) -> list[Pair]:
    """Return the active accounts of these specs, sorted by their keys."""
    matches = ((spec, match_if_clear(spec, observed)) for spec in specs)
    pairs = [(spec, account) for spec, account in matches if account is not None and account.state == ACTIVE]
    return sorted(pairs, key=lambda pair: pair[0].key)


def accounts_block(name: str, pairs: Sequence[Pair], observed: Observed, desired: Desired) -> Block:
    """Return the map of accounts, by their keys in the parameters file."""
    keys = keys_of(managed_units(observed, desired))
    entries = {spec.key: _entry(spec, account, keys, observed) for spec, account in pairs}
    return Block("locals", (), (Attribute(name, entries),))


def accounts_resource(name: str, pairs: Sequence[Pair], observed: Observed, desired: Desired) -> Resource:
    """Return the resource of these accounts. `close_on_deletion` is left out: Terraform never closes one."""
    keys = keys_of(managed_units(observed, desired))
    is_indexed = all(account.unit in keys for _, account in pairs)
    unit = "each.value.organizational_unit"
    parent = f"local.{UNIT_IDS}[{unit}]" if is_indexed else f"lookup({_ids(keys)}, {unit}, {unit})"
    created = any(isinstance(spec, AccountSpec) for spec, _ in pairs)
    creation = {key: value_of(key) for key in CREATION_ARGUMENTS} if created else {}
    return Resource(
        "aws_organizations_account",
        name,
        attributes(
            name=value_of("name"), email=value_of("email"), parent_id=Expression(parent), **creation,
            tags=value_of("tags"),
        ),
        instances={spec.key: account.id for spec, account in pairs},
        for_each=Expression(f"local.{name}"),
        ignored=CREATION_ARGUMENTS if created else (),
        ignored_reason=(
            "AWS takes these two when it creates an account, and reports neither afterwards: without the next line\n"
            "Terraform would replace an account that was imported."
        ),
    )  # fmt: skip


def _ids(keys: Mapping[UnitPath, str]) -> str:
    return f"local.{UNIT_IDS}" if keys else "{}"


def _entry(
    spec: AccountSpec | ImportSpec, account: Account, keys: Mapping[UnitPath, str], observed: Observed
) -> Mapping[str, Value]:
    """Return an entry of the map: name and email as AWS reports them, since another one replaces the account."""
    creation: dict[str, Value] = {}
    if isinstance(spec, AccountSpec):
        billing = "ALLOW" if spec.iam_access_to_billing else "DENY"
        creation = {"role_name": spec.role_name, "iam_user_access_to_billing": billing}
    return {
        "name": account.name,
        "email": account.email,
        "organizational_unit": keys.get(account.unit) or observed.parent_id(account.unit),
        **creation,
        "tags": dict(account.tags),
    }


def roles_left_out(spec: AccountSpec | ImportSpec, account: Account, desired: Desired) -> Iterator[LeftOut]:
    """Yield the roles of an account that are not handed over; without a read role, the one of its owner."""
    place = f"account {spec.key} ({account.id})"
    if not desired.section(MembersSpec).read_role:
        reason = "the file has read_role = false: orgkit makes no role in member accounts, and looks into none"
        yield LeftOut(f"role {spec.role_name} of {place}", reason)
    elif not desired.section(HandoverSpec).members:
        reason = "orgkit reads and enters the account through them, and keeps them up to date"
        yield LeftOut(f"roles orgkit-read and {spec.role_name} of {place}", reason)
    elif isinstance(spec, AccountSpec):
        yield LeftOut(f"role {spec.role_name} of {place}", "AWS made it with the account")
