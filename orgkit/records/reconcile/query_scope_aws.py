"""Which places AWS's log is asked in about one run: where it was, where its identity went, and where logs are kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import HOME, Connection
from orgkit.engine.observe import observe
from orgkit.errors import CouldNotRead
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.matching import match_if_clear
from orgkit.records.reconcile.cloudtrail_aws import read_entries
from orgkit.records.reconcile.cloudtrail_event import Place, account_of, is_own_session, session_arn
from orgkit.records.reconcile.journal_changes import Mutation, Window
from orgkit.records.reconcile.match import MARGIN
from orgkit.records.reconcile.query_scope import SkippedScope, places_of, regions_of_run, skipped_scope

SESSION = timedelta(hours=1)  # for which one that was entered before the run may still last
UNLISTED_ACCOUNTS = ("all others (AWS did not list them)",)

ENABLED_STATES = ("ENABLED", "ENABLED_BY_DEFAULT")
PERMISSION_REMEDY = "allow account:ListRegions (`orgkit permissions`), or leave --all-regions out."


@dataclass(frozen=True)
class QueryScope:
    """The accounts and regions to query, with the identities used there; which failed and why; which are left out."""

    places: set[Place]
    sessions: frozenset[str]  # ARNs
    unreachable: Mapping[Place, str]
    skipped: SkippedScope


def find_query_scope(
    aws: Connection, desired: Desired, mutations: Sequence[Mutation], window: Window, arn: str, *, all_regions: bool
) -> QueryScope:
    """The management account, the log archive account, and each one that the run changed or its identity entered."""
    management, (archive, members) = aws.caller().account, members_of(aws, desired)
    regions = regions_of_run(mutations, (HOME, desired.organization.home_region))
    entries, unasked = read_entries(aws, regions, Window(window.begin - SESSION, window.end + MARGIN))
    run = mutations[0].run if mutations else ""
    entered_sessions = {entry.entered for entry in entries if not entry.error and is_own_session(entry, {arn}, run)} - {
        ""
    }
    changed = {mutation.account for mutation in mutations} - {""}
    accounts = {management, *archive, *map(account_of, entered_sessions), *changed}
    places = places_of(accounts, regions, lambda account: regions_of(aws, account) if all_regions else ())
    sessions = {arn, *entered_sessions, *_roles(desired, accounts - {management})}
    return QueryScope(places, frozenset(sessions), unasked, skipped_scope(places, members, _enabled_regions(aws)))


def _roles(desired: Desired, accounts: Iterable[str]) -> Iterator[str]:
    """Every session of our roles: the management account alone can have begun one."""
    names = {READ_ROLE, *(member.role_name for member in desired.members)}
    return (session_arn(account, name) for account in accounts for name in names)


def _enabled_regions(aws: Connection) -> tuple[str, ...]:
    """The regions of our own account: without a right to list them, it is said that there are others."""
    try:
        return regions_of(aws, aws.caller().account)
    except CouldNotRead:
        return UNLISTED_ACCOUNTS


def members_of(aws: Connection, desired: Desired) -> tuple[set[str], set[str]]:
    """The ids of the log archive account, none before there is one, and of all members of the organization."""
    observed = observe(aws, desired, "units")  # the tree alone
    archive = match_if_clear(desired.log_archive, observed) if desired.log_archive else None
    members = {account.id for account in observed.accounts} - {aws.caller().account}
    return ({archive.id} if archive else set()), members


def regions_of(aws: Connection, account: str) -> tuple[str, ...]:
    """The regions that are enabled in an account; CouldNotRead where AWS does not report them.

    AWS lists those of a member only with trusted access for account.amazonaws.com: without it, our own are used.
    """
    own = account == aws.caller().account
    arguments = {} if own else {"AccountId": account}
    try:
        regions = aws.pages(
            "account", "ListRegions", "Regions", RegionOptStatusContains=list(ENABLED_STATES), **arguments
        )
        return tuple(sorted(str(region["RegionName"]) for region in regions))
    except Rejected as rejection:
        if not own:
            return regions_of(aws, aws.caller().account)
        raise CouldNotRead(f"{rejection}.", rejection.remedy or PERMISSION_REMEDY) from None
