"""What the billing phase reads."""

from dataclasses import dataclass
from decimal import Decimal

from orgkit.model.observed import Unread


@dataclass(frozen=True)
class BillingFacts:
    """The budgets, monitors and alerts that exist already; amounts are USD a month."""

    budgets: tuple[tuple[str, Decimal | None], ...] = ()  # name and limit; None for one without a fixed limit
    monitors: tuple[tuple[str, str], ...] = ()  # name and ARN of those that watch services
    subscriptions: tuple[str, ...] = ()  # names
    tags: tuple[tuple[str, str], ...] = ()  # key and Active | Inactive, of those that AWS knows
    sharing: tuple[str, ...] | Unread = ()  # preferences, in sentences


@dataclass(frozen=True)
class BudgetSummary:
    """One budget of any type: COST, USAGE, RI_COVERAGE …; `limit` is "" for one without a fixed limit."""

    name: str
    type: str
    period: str
    limit: str

    def __str__(self) -> str:
        return f"budget {self.name} ({self.type}, {self.period}{f', {self.limit}' if self.limit else ''})"


@dataclass(frozen=True)
class MonitorSummary:
    """One anomaly monitor: DIMENSIONAL with its dimension, or CUSTOM."""

    name: str
    type: str
    dimension: str
    arn: str = ""

    def __str__(self) -> str:
        return f"anomaly monitor {self.name} ({self.type}{f', {self.dimension}' if self.dimension else ''})"


@dataclass(frozen=True)
class SubscriptionSummary:
    """One anomaly subscription, and the emails that it sends to."""

    name: str
    emails: tuple[str, ...]
    arn: str = ""

    def __str__(self) -> str:
        return f"anomaly subscription {self.name} to {', '.join(self.emails) or 'no email'}"


@dataclass(frozen=True)
class AdoptedAlerts:
    """Every budget, monitor, subscription, and active cost allocation tag, as far as they could be read."""

    budgets: tuple[BudgetSummary, ...] | Unread = ()
    monitors: tuple[MonitorSummary, ...] | Unread = ()
    subscriptions: tuple[SubscriptionSummary, ...] | Unread = ()
    tags: tuple[str, ...] | Unread = ()
