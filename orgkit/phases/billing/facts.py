"""What the billing phase reads."""

from decimal import Decimal

from orgkit.dataclass import dataclass
from orgkit.model.observed import Unread


@dataclass(frozen=True)
class BillingFacts:
    """The budgets, monitors and alerts that exist already; amounts are USD a month."""

    budgets: tuple[tuple[str, Decimal | None], ...] = ()  # name and limit; None for one without a fixed limit
    monitors: tuple[tuple[str, str], ...] = ()  # name and ARN of those that watch services
    subscriptions: tuple[str, ...] = ()  # names
    tags: tuple[tuple[str, str], ...] = ()  # key and Active | Inactive, of those that AWS knows
    sharing: tuple[str, ...] | Unread = ()  # preferences, in sentences
