"""The whole organization, read once, in the fewest calls; what only one phase needs is read for that phase."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from orgkit.accounts.aws import read_accounts
from orgkit.accounts.roles_aws import read_member
from orgkit.aws.constraints import advice
from orgkit.aws.identity import guard_organization
from orgkit.aws.retry import Refused
from orgkit.aws.session import Caller, Connection
from orgkit.aws.tags import Tags, read_tags, read_tags_of
from orgkit.billing.aws import read_billing
from orgkit.connecting import target_of
from orgkit.errors import CouldNotRead
from orgkit.imports.aws import read_handshakes, read_owner
from orgkit.management_account.aws import read_facts
from orgkit.management_account.checks import check
from orgkit.model.desired import AccountSpec, Desired, ImportSpec
from orgkit.model.management_account import Findings, credits_of
from orgkit.model.matching import match, match_if_clear
from orgkit.model.observed import Account, Member, Observed, Owner, TrailFacts, Unit
from orgkit.model.roles import extra_reads
from orgkit.model.tags import missing
from orgkit.organization import aws as organization_aws
from orgkit.trail.aws import read_trail
from orgkit.units.aws import read_units

Tagged = TypeVar("Tagged", Unit, Account)


def read_organization(aws: Connection, desired: Desired, phase: str = "all") -> Observed:
    """Everything that planning `phase` rests on; CouldNotRead when the tree itself cannot be seen."""
    try:
        return _with_details(aws, desired, _read_tree(aws, desired), phase)
    except Refused as refused:
        raise CouldNotRead(f"{refused}.", refused.do or advice(refused.reason, refused.code)) from None


def _read_tree(aws: Connection, desired: Desired) -> Observed:
    """Organization, units and accounts with their tags: the same for every phase."""
    caller = aws.caller()
    organization = organization_aws.read_organization(aws, _guard(caller, desired))
    if organization is None:
        return _without_organization(aws, desired, caller)
    tags = read_tags(aws)
    units = tuple(read_units(aws, organization.root_id, tags))
    accounts = tuple(read_accounts(aws, organization.root_id, units, tags))
    tree = Observed(target_of(aws, caller, organization.id), caller.arn, organization, units, accounts)
    return tree if tags is None else _with_sure_tags(aws, desired, tree)


def _guard(caller: Caller, desired: Desired) -> Callable[[str, str], None]:
    """WrongAccount for an organization that is not this account's, or not the one that the file pins."""
    return lambda organization_id, management_account_id: guard_organization(
        caller_account=caller.account,
        management_account_id=management_account_id,
        organization_id=organization_id,
        pinned=desired.organization.organization_id,
    )


def _with_sure_tags(aws: Connection, desired: Desired, tree: Observed) -> Observed:
    """The bulk read of tags lags behind: what seems to lack a tag that the file wants is asked itself."""
    wanted: dict[str, Tags] = {spec.path: spec.tags for spec in desired.units}
    found = ((spec, match_if_clear(spec, tree)) for spec in desired.members)
    wanted |= {account.id: spec.tags for spec, account in found if account}
    return replace(
        tree,
        units=tuple(_sure(aws, unit, wanted.get(unit.path, ())) for unit in tree.units),
        accounts=tuple(_sure(aws, account, wanted.get(account.id, ())) for account in tree.accounts),
    )


def _sure(aws: Connection, thing: Tagged, wanted: Tags) -> Tagged:
    return replace(thing, tags=read_tags_of(aws, thing.id)) if missing(wanted, thing.tags) else thing


def _without_organization(aws: Connection, desired: Desired, caller: Caller) -> Observed:
    """Before there is an organization, its creation rests on what phase 00 finds."""
    facts, target = read_facts(aws, desired, caller), target_of(aws, caller, None)
    stops = tuple(finding.what for finding in check(facts, desired, target).stops)
    return Observed(target, caller.arn, None, credits_usd=credits_of(facts), stops=stops)


def read_account(aws: Connection, desired: Desired) -> Findings:
    """Every check of the management account, workloads included."""
    caller = aws.caller()
    facts = read_facts(aws, desired, caller, workloads=True)
    return check(facts, desired, target_of(aws, caller, None))


def _with_details(aws: Connection, desired: Desired, tree: Observed, phase: str) -> Observed:
    if phase in ("accounts", "all"):
        tree = replace(tree, members=_members(aws, desired, tree, desired.accounts))
    if phase in ("imports", "all"):
        members = _members(aws, desired, tree, desired.imports)
        owners = _owners(aws, desired)
        handshakes = read_handshakes(aws) if tree.organization else ()
        tree = replace(tree, members=(*tree.members, *members), owners=owners, handshakes=handshakes)
    if phase == "billing" and tree.organization:
        tree = replace(tree, billing=read_billing(aws, tree.target.account))
    if phase in ("trail", "all"):
        tree = _with_trail(aws, desired, tree)
    return tree


def _members(
    aws: Connection, desired: Desired, tree: Observed, specs: tuple[AccountSpec | ImportSpec, ...]
) -> tuple[Member, ...]:
    found = ((spec, match(spec, tree)) for spec in specs)
    return tuple(
        read_member(aws, spec, account.id, extra_reads(desired, spec.key)) for spec, account in found if account
    )


def _owners(aws: Connection, desired: Desired) -> tuple[Owner, ...]:
    return tuple(read_owner(aws, spec) for spec in desired.imports if spec.profile)


def _with_trail(aws: Connection, desired: Desired, tree: Observed) -> Observed:
    """The log archive account is looked into through its read role alone."""
    archive = match(desired.log_archive, tree)
    member = tree.member(archive.id) if archive else None
    if archive is not None and member is None:
        member = read_member(aws, desired.log_archive, archive.id, extra_reads(desired, desired.log_archive.key))
        tree = replace(tree, members=(*tree.members, member))
    organization_id = tree.organization.id if tree.organization else ""
    facts: TrailFacts = read_trail(
        aws, organization_id, desired, archive.id if archive else None, member is not None and member.readable
    )
    return replace(tree, trail=facts)
