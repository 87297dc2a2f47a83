"""The whole organization, read once, in the fewest calls; each phase reads what it alone needs."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from orgkit.aws.advice import could_not_read
from orgkit.aws.call_log import log_reading
from orgkit.aws.executor import EarlyReads
from orgkit.aws.identity import guard_organization
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Caller, Connection
from orgkit.aws.tags import read_tags, read_tags_of
from orgkit.engine.connect import target_of
from orgkit.model.desired import Desired, Tags, missing_tags
from orgkit.model.matching import IdIndex, match_if_clear
from orgkit.model.observed import Account, Member, Observed, Unit
from orgkit.model.plan import Plan
from orgkit.phases.accounts.tree_aws import list_accounts, place_accounts
from orgkit.phases.descriptor import Phase
from orgkit.phases.management_account.aws import read_blocking_facts, read_facts
from orgkit.phases.management_account.checks import check
from orgkit.phases.management_account.findings import Findings, credits_of, reads_for
from orgkit.phases.member_access.member_roles_aws import GuessedMembers, Pair, Spec, members_to_read, read_member
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.organization import aws as organization_aws
from orgkit.phases.organizational_units.aws import read_units
from orgkit.phases.registry import (
    RUNBOOKS,
    load,
    load_inventory_reader,
    may_be_stopped,
    phase_of,
    phases_for,
    plan,
)

TaggedResource = TypeVar("TaggedResource", Unit, Account)


def observe(aws: Connection, desired: Desired, phase: str | None = None, *, findings: bool = True) -> Observed:
    """Read AWS once: the tree of the organization, and what the planner of a phase needs to know.

    Args:
        aws: A connection as the management account.
        desired: The parameters file.
        phase: Number, name or label of the phase; None for all phases that the file asks for.
        findings: Whether to repeat the checks of 00 that may stop what these phases would change.

    Raises:
        CouldNotRead: The tree itself cannot be seen.
        WrongAccount: The caller is not the management account of the file.
    """
    phases = phases_for(desired) if phase is None else (phase_of(phase),)
    specs = [spec for listed_phase in phases for spec in _accounts_to_enter(listed_phase, desired)]
    try:
        with log_reading("members", aws.executor.threads) if specs else nullcontext():
            observed = _read_organization(aws, desired, phases, specs)
        if not findings:
            return observed
        with log_reading("findings", aws.executor.threads):
            return _with_findings(aws, desired, observed, phases)
    except Rejected as rejection:
        raise could_not_read(rejection) from None


def observe_readable(aws: Connection, desired: Desired) -> tuple[Observed, Mapping[str, Rejected]]:
    """Read AWS once for all phases that the file asks for, and for the inventory, as far as AWS lets us.

    Args:
        aws: A connection as the management account.
        desired: The parameters file.

    Returns:
        What was read, and for each phase that was not, by its name, why.

    Raises:
        CouldNotRead: The tree itself cannot be seen.
        WrongAccount: The caller is not the management account of the file.
    """
    phases, rejections = phases_for(desired), dict[str, Rejected]()
    specs = [spec for listed_phase in phases for spec in _accounts_to_enter(listed_phase, desired)]
    try:
        with log_reading("members", aws.executor.threads) if specs else nullcontext():
            observed = _read_organization(aws, desired, phases, specs, rejections)
    except Rejected as rejection:
        raise could_not_read(rejection) from None
    for phase in RUNBOOKS:
        if (read := load_inventory_reader(phase)) is not None:
            observed = _read_or_note(partial(read, aws, desired), observed, phase, rejections)
    return observed, rejections


def _read_or_note(
    read: Callable[[Observed], Observed], observed: Observed, phase: Phase, rejections: dict[str, Rejected]
) -> Observed:
    try:
        return read(observed)
    except Rejected as rejection:
        rejections[phase.name] = rejection
        return observed


def _accounts_to_enter(phase: Phase, desired: Desired) -> tuple[Spec, ...]:
    """The accounts into which a phase looks; none where the file has no read role."""
    return phase.accounts(desired) if desired.section(MembersSpec).read_role else ()


def observe_and_plan(aws: Connection, desired: Desired, phase: str, *, findings: bool = True) -> tuple[Plan, IdIndex]:
    """Read AWS for a phase and plan it: what is left to do now, and the ids that go with the names.

    Reading the outcome of a change ignores findings: a step that one stops would seem to be done.
    """
    observed = observe(aws, desired, phase, findings=findings)
    return plan(phase, observed, desired), IdIndex(observed, desired)


def _read_organization(
    aws: Connection, desired: Desired, phases: Sequence[Phase], specs: Sequence[Spec],
    rejections: dict[str, Rejected] | None = None,
) -> Observed:  # fmt: skip
    """Read the tree, then what the phases need. Member accounts are read as soon as AWS has listed them.

    Where `rejections` is given, it gets why AWS rejected the read of a phase, and the others are read all the same.
    """

    def read(pair: Pair) -> Member:
        spec, account_id = pair
        return read_member(aws, spec, account_id, desired.reads_in(spec.key))

    with aws.executor.early_reads(read) as early_reads:
        guess = GuessedMembers(specs, desired.organization.management_account_id)
        with log_reading("tree", aws.executor.threads):
            tree = _read_tree(aws, desired, lambda item: begin_guessed(early_reads, guess, item))
        pairs = members_to_read(tree, specs)
        return _read_phases_and_members(aws, desired, tree, phases, pairs, early_reads, read, rejections)


def begin_guessed(early_reads: EarlyReads[Pair, Member], guess: GuessedMembers, item: Mapping[str, Any]) -> None:
    """Begin to read an account that AWS has listed, if it seems to be one of the file."""
    if pair := guess.pair_of(item):
        early_reads.begin(pair)


def _read_tree(aws: Connection, desired: Desired, on_account: Callable[[dict[str, Any]], None]) -> Observed:
    """Organization, units and accounts with their tags: the same for every phase."""
    caller = aws.caller()
    organization = organization_aws.read_organization(aws, _guard(caller, desired))
    if organization is None:
        return _without_organization(aws, desired, caller)
    reads: tuple[Callable[[], Any], ...] = (
        lambda: read_tags(aws),
        lambda: read_units(aws, organization.root_id),
        lambda: list_accounts(aws, on_account),
    )
    report = partial(aws.report_read, "lists of the organization")
    bulk_tags, units, items = aws.executor.map(_call, reads, report)
    ids = [*(unit.id for unit in units), *(str(item["Id"]) for item in items)]
    tags = _read_tags_singly(aws, ids) if bulk_tags is None else bulk_tags
    units = tuple(replace(unit, tags=tags.get(unit.id, ())) for unit in units)
    accounts = place_accounts(aws, items, organization.root_id, units, tags)
    tree = Observed(target_of(aws, caller, organization.id), caller.arn, organization, units, accounts)
    return tree if bulk_tags is None else _with_confirmed_tags(aws, desired, tree)


def _read_phases_and_members(
    aws: Connection, desired: Desired, tree: Observed, phases: Sequence[Phase], pairs: Sequence[Pair],
    early_reads: EarlyReads[Pair, Member], read: Callable[[Pair], Member], rejections: dict[str, Rejected] | None,
) -> Observed:  # fmt: skip
    """Read what the phases need, and at the same time the member accounts of all of them.

    The phases are read by this thread: an import's profile may ask for an MFA code, and only the main thread can.
    """
    for pair in pairs:
        early_reads.begin(pair)
    observed = _read_phases(aws, desired, tree, phases, rejections)
    report = partial(aws.report_read, "member accounts")
    members = early_reads.take(pairs, report)
    # Where one thread reads; or when the read of an account that turned out to be none of the file had an error.
    unread_pairs = [pair for pair in pairs if pair not in members]
    members |= dict(zip(unread_pairs, aws.executor.map(read, unread_pairs, report), strict=True))
    return replace(observed, members=tuple(members[pair] for pair in pairs))


def _read_phases(
    aws: Connection, desired: Desired, observed: Observed, phases: Sequence[Phase],
    rejections: dict[str, Rejected] | None,
) -> Observed:  # fmt: skip
    for phase in phases:
        if read := load(phase).read:
            with log_reading(phase.run_label, aws.executor.threads):
                if rejections is None:
                    observed = read(aws, desired, observed)
                else:
                    observed = _read_or_note(partial(read, aws, desired), observed, phase, rejections)
    return observed


def _call(read: Callable[[], Any]) -> Any:
    return read()


def _read_tags_singly(aws: Connection, ids: Sequence[str]) -> Mapping[str, Tags]:
    return dict(zip(ids, aws.executor.map(lambda resource_id: read_tags_of(aws, resource_id), ids), strict=True))


def _guard(caller: Caller, desired: Desired) -> Callable[[str, str], None]:
    """WrongAccount for an organization that is not this account's, or not the one that the file pins."""
    return lambda organization_id, management_account_id: guard_organization(
        caller_account=caller.account,
        management_account_id=management_account_id,
        organization_id=organization_id,
        pinned=desired.organization.organization_id,
    )


def _with_confirmed_tags(aws: Connection, desired: Desired, tree: Observed) -> Observed:
    """The bulk read of tags lags behind: what seems to lack a tag that the file wants is asked itself."""
    units = {spec.path: spec.tags for spec in desired.units}
    matches = ((spec, match_if_clear(spec, tree)) for spec in desired.members)
    accounts = {account.id: spec.tags for spec, account in matches if account}
    return replace(
        tree,
        units=_with_tags(aws, tree.units, lambda unit: units.get(unit.path, ())),
        accounts=_with_tags(aws, tree.accounts, lambda account: accounts.get(account.id, ())),
    )


def _with_tags(
    aws: Connection, resources: Sequence[TaggedResource], required: Callable[[TaggedResource], Tags]
) -> tuple[TaggedResource, ...]:
    doubtful_ids = [resource.id for resource in resources if missing_tags(required(resource), resource.tags)]
    tags = _read_tags_singly(aws, doubtful_ids)
    return tuple(
        replace(resource, tags=tags[resource.id]) if resource.id in tags else resource for resource in resources
    )


def _without_organization(aws: Connection, desired: Desired, caller: Caller) -> Observed:
    """Before there is an organization, its creation rests on what phase 00 finds."""
    facts, target = read_facts(aws, desired, caller), target_of(aws, caller, None)
    return Observed(
        target, caller.arn, None, credits_usd=credits_of(facts), findings=check(facts, desired, target).stops
    )


def _with_findings(aws: Connection, desired: Desired, observed: Observed, phases: Sequence[Phase]) -> Observed:
    """What 00 finds about the phases that would change something: without a change there is nothing to stop."""
    if observed.organization is None:
        return observed
    numbers = [phase.number for phase in phases if may_be_stopped(phase, observed, desired)]
    if not any(reads_for(number) for number in numbers):
        return observed
    checks = check(read_blocking_facts(aws, desired, observed, numbers), desired, observed.target)
    return replace(observed, findings=tuple(item for item in checks if any(map(item.concerns, numbers))))


def read_account(aws: Connection, desired: Desired) -> Findings:
    """Every check of the management account, workloads included."""
    caller = aws.caller()
    facts = read_facts(aws, desired, caller, workloads=True)
    return check(facts, desired, target_of(aws, caller, None))
