"""What the phase of offboarding reads: what speaks against closing an account, and what would be lost with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from orgkit.model.observed import Unread
from orgkit.phases.policies.facts import ObservedPolicy

UNKNOWN_OWNER = "unknown"  # of a key that AWS names otherwise than by its ARN


@dataclass(frozen=True)
class TrailUse:
    """A trail of the management account, the bucket it writes to, and the account that owns its key."""

    name: str
    bucket: str
    key_account: str  # "" without a key; UNKNOWN_OWNER where AWS does not say


@dataclass(frozen=True)
class Move:
    """The newest move of an account that AWS's event history has."""

    at: datetime
    destination: str  # the id of the unit, or of the root


@dataclass(frozen=True)
class AccountFacts:
    """One account that the file wants closed.

    Attributes:
        account: Its id.
        tag: The value of its tag of the quarantine; "" without one.
        move: Its newest move in AWS's event history; None where that has none.
        tagged_at: When it was last tagged as quarantined, by the event history; None where that has no such event.
        services: For which it is a delegated administrator.
        buckets: The names of its buckets.
        roles: The break-glass roles that it has.
        resources: How many resources the tagging API shows, by region.
        costs: Last month's costs by service, in USD; the largest first.
    """

    account: str
    tag: str
    move: Move | None | Unread
    tagged_at: datetime | None | Unread
    services: tuple[str, ...] | Unread
    buckets: tuple[str, ...] | Unread
    roles: tuple[str, ...] | Unread
    resources: tuple[tuple[str, int], ...] | Unread
    costs: tuple[tuple[str, str], ...] | Unread


@dataclass(frozen=True)
class OffboardingFacts:
    """The quarantine policy as it is, what the organization uses, and each account that the file wants closed.

    Attributes:
        read_at: When it was read, by AWS's clock.
        month: The month of the costs.
        policy: The policy of the quarantine; None where there is none.
        attached_at: When the policy was last attached to the unit, by the event history; None where that has no event.
        trails: The trails that the management account sees in the region of the file's trail.
        accounts: Those of `[offboarding]` that are open.
        typed: The ids that a person has typed, by the keys of `[offboarding]`.
        resource_policy: The document of the organization's resource policy; "" without one.
    """

    read_at: datetime
    month: str = ""
    policy: ObservedPolicy | None = None
    attached_at: datetime | None | Unread = None
    trails: tuple[TrailUse, ...] | Unread = ()
    accounts: tuple[AccountFacts, ...] = ()
    typed: tuple[tuple[str, str], ...] = field(default=())
    resource_policy: str | Unread = ""

    def account(self, account: str) -> AccountFacts | None:
        """Return what was read of an account; None where it was not looked at."""
        return self._by_id.get(account)

    @cached_property
    def _by_id(self) -> Mapping[str, AccountFacts]:
        return {facts.account: facts for facts in self.accounts}
