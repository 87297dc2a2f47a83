"""Which places AWS's log is asked in about one run: where it was, where its identity went, and where logs are kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orgkit.aws.session import HOME, Connection
from orgkit.errors import CouldNotRead
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.proof.cloudtrail_aws import read_entries
from orgkit.proof.logged import Place
from orgkit.proof.mutations import Mutation, Window
from orgkit.proof.ours import account_of, is_ours, session_arn
from orgkit.proof.places import NotAsked, not_asked, places_of, regions_of_run
from orgkit.proof.places_aws import members_of, regions_of
from orgkit.proof.reconcile import MARGIN

SESSION = timedelta(hours=1)  # for which one that was entered before the run may still last
NOT_TOLD = ("all others (AWS did not list them)",)


@dataclass(frozen=True)
class Asking:
    """The places and as whom we may have been there; which could not be asked so far and why; what is left out."""

    places: set[Place]
    ours: frozenset[str]  # ARNs
    unasked: Mapping[Place, str]
    left: NotAsked


def ask_where(
    aws: Connection, desired: Desired, mutations: Sequence[Mutation], window: Window, arn: str, *, all_regions: bool
) -> Asking:
    """The management account, the log archive account, and each one that the run changed or its identity entered."""
    management, (archive, members) = aws.caller().account, members_of(aws, desired)
    regions = regions_of_run(mutations, (HOME, desired.organization.home_region))
    entries, unasked = read_entries(aws, regions, Window(window.begin - SESSION, window.end + MARGIN))
    run = mutations[0].run if mutations else ""
    entered = {each.entered for each in entries if not each.error and is_ours(each, {arn}, run)} - {""}
    changed = {mutation.account for mutation in mutations} - {""}
    accounts = {management, *archive, *map(account_of, entered), *changed}
    places = places_of(accounts, regions, lambda account: regions_of(aws, account) if all_regions else ())
    ours = {arn, *entered, *_roles(desired, accounts - {management})}
    return Asking(places, frozenset(ours), unasked, not_asked(places, members, _enabled(aws)))


def _roles(desired: Desired, accounts: Iterable[str]) -> Iterator[str]:
    """Every session of our roles: the management account alone can have begun one."""
    names = {READ_ROLE, *(member.role_name for member in desired.members)}
    return (session_arn(account, name) for account in accounts for name in names)


def _enabled(aws: Connection) -> tuple[str, ...]:
    """The regions of our own account: without a right to list them, it is said that there are others."""
    try:
        return regions_of(aws, aws.caller().account)
    except CouldNotRead:
        return NOT_TOLD
