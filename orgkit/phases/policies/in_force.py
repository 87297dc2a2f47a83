"""Which policies are in force in an account, and where each is attached; pure functions.

AWS reports the effective policy of an account for the types with settings. It does not for service and resource control
policies: what is in force is computed from the attachments on the way from the root to the account, read anew.
"""

from collections.abc import Iterable, Iterator

from orgkit.dataclass import dataclass
from orgkit.model.desired import format_path
from orgkit.model.observed import Account, Observed
from orgkit.phases.policies.facts import ObservedPolicy

BY_ORGKIT, BY_AWS = "computed from attachments", "reported by AWS"


@dataclass(frozen=True)
class PolicyInForce:
    """One policy in one account.

    Attributes:
        account: The account's name.
        type: The type of policy.
        policy: The name of the policy; for an effective policy, its document.
        origin: Where it is attached, or that AWS reports it.
        basis: BY_ORGKIT or BY_AWS.
    """

    account: str
    type: str
    policy: str
    origin: str
    basis: str


@dataclass(frozen=True)
class PoliciesInForce:
    """The policies of all accounts, and what could not be read, or is invalid."""

    rows: tuple[PolicyInForce, ...] = ()
    notes: tuple[str, ...] = ()


def inherited(observed: Observed, policies: Iterable[ObservedPolicy]) -> Iterator[PolicyInForce]:
    """Yield the service and resource control policies of each open account, from the root down.

    Args:
        observed: The tree of the organization.
        policies: Policies of these two types, with their targets.
    """
    sorted_policies = sorted(policies, key=lambda policy: (policy.type, policy.name))
    for account in open_accounts(observed):
        if account.id == observed.target.account:
            continue  # these types do not bind the management account
        for target, place in _path(account, observed):
            for policy in sorted_policies:
                if target in policy.targets:
                    yield PolicyInForce(account.name, policy.type, policy.name, place, BY_ORGKIT)


def open_accounts(observed: Observed) -> list[Account]:
    """Return the accounts that are not closed, by name."""
    return sorted((account for account in observed.accounts if not account.is_closed), key=lambda item: item.name)


def _path(account: Account, observed: Observed) -> Iterator[tuple[str, str]]:
    """Yield the id and the name of each target whose policies an account inherits, and its own."""
    yield observed.parent_id(()), "the organization root"
    for depth in range(1, len(account.unit) + 1):
        path = account.unit[:depth]
        yield observed.parent_id(path), format_path(path)
    yield account.id, "the account itself"
