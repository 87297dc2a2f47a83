"""AWS calls that read what a hand-over of phase 10 needs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orgkit.aws.session import Connection
from orgkit.aws.tags import tags_of
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.billing.aws import all_items, read_tag_states
from orgkit.phases.billing.handover import BillingHandoverFacts, Budget, Monitor, Notification, Subscription


def read_handover(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read budgets with their notifications and tags, monitors, alerts, and active cost allocation tags."""
    account = observed.target.account
    budgets = list(aws.pages("budgets", "DescribeBudgets", "Budgets", AccountId=account))
    facts = BillingHandoverFacts(
        budgets=tuple(sorted((_budget(aws, account, item) for item in budgets), key=lambda budget: budget.name)),
        monitors=tuple(map(_monitor, all_items(aws, "GetAnomalyMonitors", "AnomalyMonitors"))),
        subscriptions=tuple(map(_subscription, all_items(aws, "GetAnomalySubscriptions", "AnomalySubscriptions"))),
        active_tags=tuple(sorted(key for key, status in read_tag_states(aws) if status == "Active")),
    )
    return observed.with_facts(facts)


def _budget(aws: Connection, account: str, item: Mapping[str, Any]) -> Budget:
    name, limit = str(item["BudgetName"]), item.get("BudgetLimit", {})
    arn = f"arn:{aws.partition}:budgets::{account}:budget/{name}"
    tags = aws.read("budgets", "ListTagsForResource", ResourceARN=arn).get("ResourceTags", [])
    return Budget(
        name=name,
        kind=str(item["BudgetType"]),
        amount=str(limit.get("Amount", "")),
        unit=str(limit.get("Unit", "")),
        period=str(item["TimeUnit"]),
        cost_types=tuple(sorted((_snake(key), bool(value)) for key, value in item.get("CostTypes", {}).items())),
        filters=tuple(sorted((key, tuple(values)) for key, values in item.get("CostFilters", {}).items())),
        notifications=tuple(_notifications(aws, account, name)),
        tags=tags_of(tags),
    )


def _notifications(aws: Connection, account: str, name: str) -> Iterator[Notification]:
    place = {"AccountId": account, "BudgetName": name}
    for item in aws.pages("budgets", "DescribeNotificationsForBudget", "Notifications", **place):
        identity = {key: item[key] for key in ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")}
        subscribers = list(
            aws.pages("budgets", "DescribeSubscribersForNotification", "Subscribers", **place, Notification=identity)
        )
        yield Notification(
            str(item["ComparisonOperator"]), str(item["NotificationType"]), float(item["Threshold"]),
            str(item["ThresholdType"]), _addresses(subscribers, "EMAIL"), _addresses(subscribers, "SNS"),
        )  # fmt: skip


def _addresses(subscribers: list[dict[str, Any]], kind: str) -> tuple[str, ...]:
    return tuple(sorted(str(item["Address"]) for item in subscribers if item["SubscriptionType"] == kind))


def _monitor(item: Mapping[str, Any]) -> Monitor:
    return Monitor(
        str(item["MonitorName"]),
        str(item["MonitorArn"]),
        str(item["MonitorType"]),
        str(item.get("MonitorDimension", "")),
    )


def _subscription(item: Mapping[str, Any]) -> Subscription:
    dimensions = item.get("ThresholdExpression", {}).get("Dimensions", {})
    return Subscription(
        str(item["SubscriptionName"]), str(item["SubscriptionArn"]), str(item["Frequency"]),
        tuple(map(str, item["MonitorArnList"])),
        tuple((str(person["Type"]), str(person["Address"])) for person in item["Subscribers"]),
        {_snake(key): value for key, value in dimensions.items()},
    )  # fmt: skip


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
