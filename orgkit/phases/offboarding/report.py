"""What a person should see before an account goes: its costs, its resources, and AWS's quota; pure functions."""

from collections.abc import Iterable, Iterator

from orgkit.model.observed import Account, Observed, Unread
from orgkit.model.offboarding import OffboardedAccount
from orgkit.phases.offboarding.facts import AccountFacts, OffboardingFacts

MAX_NAMES = 10  # services that a line names
NOT_SEEN = (
    "The tagging API shows resources of the types that it knows, if they have tags or had some. What was never tagged "
    "is not counted, and nothing inside of resources."
)


def report(
    accounts: Iterable[tuple[OffboardedAccount, Account]], facts: OffboardingFacts, observed: Observed
) -> Iterator[str]:
    """Yield a line for the costs and one for the resources of each account, and what AWS allows to be closed."""
    for entry, account in accounts:
        own = facts.account(account.id)
        if own is not None:
            title = f"{entry.key}: account {account.name} ({account.id})"
            yield f"{title} cost in {facts.month}: {_costs(own)}"
            yield f"{title} has tagged resources: {_resources(own)}"
    yield NOT_SEEN
    yield _quota(observed)


def _costs(own: AccountFacts) -> str:
    if isinstance(own.costs, Unread):
        return f"not known: {own.costs.reason}"
    if not own.costs:
        return "nothing that Cost Explorer has."
    rest = f", and {len(own.costs) - MAX_NAMES} more" if len(own.costs) > MAX_NAMES else ""
    return ", ".join(f"{service} {amount} USD" for service, amount in own.costs[:MAX_NAMES]) + f"{rest}."


def _resources(own: AccountFacts) -> str:
    if isinstance(own.resources, Unread):
        return f"not known: {own.resources.reason}"
    regions = [f"{number} in {region}" for region, number in own.resources if number]
    return f"{', '.join(regions) or 'none'}; {len(own.resources)} region(s) were asked."


def closable(members: int) -> int:
    """Return how many accounts AWS closes in 30 days, by the lower of its two statements.

    [API reference of CloseAccount, 2025: 10 % of the member accounts, between 10 and 1,000. AWS Organizations User
    Guide, Quotas: 20 %, between 250 and 1,000]
    """
    return min(1000, max(10, members // 10))


def _quota(observed: Observed) -> str:
    members = len(observed.accounts) - 1
    closed = sum(account.is_closed for account in observed.accounts)
    return (
        f"AWS closes {closable(members)} accounts of this organization in 30 days by its API reference (10 %, between "
        f"10 and 1,000), and more by its page of quotas. It lists {closed} that are closed or being closed, which "
        "includes those of the last 90 days; it does not say since when."
    )
