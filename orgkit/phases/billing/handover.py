"""What phase 10 hands over to Terraform: budgets, anomaly alerts and cost allocation tags."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.model.desired import Desired, Tags
from orgkit.model.observed import Observed
from orgkit.phases.billing.steps import (
    NAME_PREFIX,
    ActivateCostTag,
    CreateAnomalyMonitor,
    CreateAnomalySubscription,
    CreateBudget,
)
from orgkit.phases.terraform.hcl import Attribute, Block, Expression, Value, attributes
from orgkit.phases.terraform.part import Handover, HandoverPart, LeftOut, Resource
from orgkit.phases.terraform.provider import value_of

BY_KEY = Expression("each.key")
FILTER_NAME, FILTER_VALUES = Expression("cost_filter.key"), Expression("cost_filter.value")
NOT_OF_ORGKIT = "orgkit did not make it"


@dataclass(frozen=True)
class Notification:
    """One notification of a budget, and its subscribers."""

    operator: str
    kind: str
    threshold: float
    threshold_type: str
    emails: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Budget:
    """A budget as Terraform writes it.

    Attributes:
        name: Its name.
        kind: COST, for all that orgkit makes.
        amount: The limit.
        unit: USD.
        period: MONTHLY.
        cost_types: What it counts, by the names of Terraform's arguments.
        filters: Names and values.
        notifications: Who is notified, and when.
        tags: Its tags.
    """

    name: str
    kind: str
    amount: str
    unit: str
    period: str
    cost_types: tuple[tuple[str, bool], ...]
    filters: tuple[tuple[str, tuple[str, ...]], ...]
    notifications: tuple[Notification, ...]
    tags: Tags = ()


@dataclass(frozen=True)
class Monitor:
    """A monitor of spending by service."""

    name: str
    arn: str
    kind: str
    dimension: str


@dataclass(frozen=True)
class Subscription:
    """An alert of a monitor, with the lowest total impact in USD that it reports."""

    name: str
    arn: str
    frequency: str
    monitors: tuple[str, ...]
    subscribers: tuple[tuple[str, str], ...]
    threshold: Mapping[str, Any]


@dataclass(frozen=True)
class BillingHandoverFacts:
    """Everything of phase 10 that AWS has."""

    budgets: tuple[Budget, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    active_tags: tuple[str, ...] = ()


def hand_over(observed: Observed, desired: Desired) -> HandoverPart:
    """Return what orgkit made: it is known by its name."""
    facts = observed.facts(BillingHandoverFacts) or BillingHandoverFacts()
    budgets = [budget for budget in facts.budgets if budget.name.startswith(NAME_PREFIX)]
    monitors = [monitor for monitor in facts.monitors if monitor.name.startswith(NAME_PREFIX)]
    alerts = [alert for alert in facts.subscriptions if alert.name.startswith(NAME_PREFIX)]
    tags = [key for key in facts.active_tags if key in desired.section(BillingSpec).cost_allocation_tags]
    alerts_and_budgets: tuple[Budget | Monitor | Subscription, ...] = (
        *facts.budgets,
        *facts.monitors,
        *facts.subscriptions,
    )
    left_out = (
        LeftOut(f"{type(item).__name__.lower()} {item.name}", NOT_OF_ORGKIT)
        for item in alerts_and_budgets
        if not item.name.startswith(NAME_PREFIX)
    )
    return HandoverPart(
        "Budgets, alerts on anomalies of spending, and the tags by which bills can be split.",
        (
            *(_budgets(budgets, observed.target.account) if budgets else ()),
            *(_monitor(monitor) for monitor in monitors),
            *(_subscription(alert, monitors) for alert in alerts),
            *(_tags(tags) if tags else ()),
        ),
        tuple(left_out),
    )


def _budgets(budgets: Sequence[Budget], account: str) -> Iterator[Block | Resource]:
    entries = {budget.name: _entry(budget, _unusual_cost_types(budgets)) for budget in budgets}
    yield Block("locals", (), (Attribute("budgets", entries),))
    filters = Block(
        "dynamic", ("cost_filter",),
        (
            *attributes(for_each=value_of("cost_filters")),
            Block("content", (), attributes(name=FILTER_NAME, values=FILTER_VALUES)),
        ),
    )  # fmt: skip
    members = ("comparison_operator", "notification_type", "threshold", "threshold_type", "subscriber_email_addresses")
    content = {name: Expression(f"notification.value.{name}") for name in members}
    notifications = Block(
        "dynamic", ("notification",),
        (*attributes(for_each=value_of("notifications")), Block("content", (), attributes(**content))),
    )  # fmt: skip
    names = _unusual_cost_types(budgets)
    cost_types = Block("cost_types", (), attributes(**{name: value_of(f"cost_types.{name}") for name in names}))
    body = attributes(
        name=BY_KEY, budget_type=value_of("budget_type"), limit_amount=value_of("limit_amount"),
        limit_unit=value_of("limit_unit"), time_unit=value_of("time_unit"), tags=value_of("tags"),
    )  # fmt: skip
    yield Resource(
        "aws_budgets_budget", "budgets", (*body, cost_types, filters, notifications),
        instances={budget.name: f"{account}:{budget.name}" for budget in budgets},
        for_each=Expression("local.budgets"),
    )  # fmt: skip


def _unusual_cost_types(budgets: Sequence[Budget]) -> list[str]:
    """Return what at least one of these budgets counts in another way than by default."""
    return sorted({name for item in budgets for name, value in item.cost_types if value != name.startswith("include_")})


def _entry(budget: Budget, cost_types: Sequence[str]) -> Value:
    return {
        "budget_type": budget.kind,
        "limit_amount": budget.amount,
        "limit_unit": budget.unit,
        "time_unit": budget.period,
        "cost_types": {name: value for name, value in budget.cost_types if name in cost_types},
        "cost_filters": {name: list(values) for name, values in budget.filters},
        "notifications": [_notification(item) for item in budget.notifications],
        "tags": dict(budget.tags),
    }


def _notification(item: Notification) -> Value:
    return {
        "comparison_operator": item.operator,
        "notification_type": item.kind,
        "threshold": int(item.threshold) if item.threshold == int(item.threshold) else item.threshold,
        "threshold_type": item.threshold_type,
        "subscriber_email_addresses": list(item.emails),
    }


def _monitor(monitor: Monitor) -> Resource:
    body = attributes(name=monitor.name, monitor_type=monitor.kind, monitor_dimension=monitor.dimension)
    return Resource("aws_ce_anomaly_monitor", "services", body, import_id=monitor.arn)


def _subscription(alert: Subscription, monitors: Sequence[Monitor]) -> Resource:
    own = {monitor.arn for monitor in monitors}
    arns = [Expression("aws_ce_anomaly_monitor.services.arn") if arn in own else arn for arn in alert.monitors]
    subscribers = [
        Block("subscriber", (), attributes(type=kind, address=address)) for kind, address in alert.subscribers
    ]
    body = attributes(name=alert.name, frequency=alert.frequency, monitor_arn_list=arns)
    threshold = Block("threshold_expression", (), (Block("dimension", (), attributes(**alert.threshold)),))
    blocks: tuple[Attribute | Block, ...] = (*body, *subscribers, threshold)
    return Resource("aws_ce_anomaly_subscription", "anomalies", blocks, import_id=alert.arn)


def _tags(keys: Sequence[str]) -> Iterator[Block | Resource]:
    yield Block("locals", (), (Attribute("cost_allocation_tags", list(keys)),))
    yield Resource(
        "aws_ce_cost_allocation_tag", "tags", attributes(tag_key=BY_KEY, status="Active"),
        instances={key: key for key in keys}, for_each=Expression("toset(local.cost_allocation_tags)"),
    )  # fmt: skip


HANDOVER = Handover(
    hand_over,
    (CreateBudget, CreateAnomalyMonitor, CreateAnomalySubscription, ActivateCostTag),
    unrequested="budgets, anomaly monitors with their alerts, and cost allocation tags",
)
