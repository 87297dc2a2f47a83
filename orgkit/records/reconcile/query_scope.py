"""Where AWS's log is asked about a run, in which accounts and regions, and where it is not; pure."""

from collections.abc import Callable, Collection, Iterable

from orgkit.dataclass import dataclass
from orgkit.records.reconcile.cloudtrail_event import Place
from orgkit.records.reconcile.journal_changes import Mutation


@dataclass(frozen=True)
class SkippedScope:
    """Accounts of the organization, and regions of the accounts that are asked, which nobody asks."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


def regions_of_run(mutations: Iterable[Mutation], always: Iterable[str]) -> set[str]:
    """Global services log in us-east-1; unmatched changes are searched for in the run's home region too."""
    return {*always, *(mutation.region for mutation in mutations if mutation.region)}


def places_of(accounts: Iterable[str], regions: Collection[str], enabled: Callable[[str], Iterable[str]]) -> set[Place]:
    """Each account in each of these regions, and in those that are `enabled` in it beyond them."""
    return {(account, region) for account in accounts for region in {*regions, *enabled(account)}}


def skipped_scope(places: Collection[Place], members: Iterable[str], known: Iterable[str]) -> SkippedScope:
    """What is left out of an organization's accounts, and of the regions that are known to be enabled."""
    accounts, regions = {account for account, _ in places}, {region for _, region in places}
    return SkippedScope(tuple(sorted({*members} - accounts)), tuple(sorted({*known} - regions)))
