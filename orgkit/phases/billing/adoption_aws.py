"""AWS calls that read budgets and alerts of an organization that is adopted, with what phase 10 does not compare."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.observed import Observed, Unread
from orgkit.phases.billing.aws import cost_explorer_pages, cost_tags
from orgkit.phases.billing.facts import AdoptedAlerts, BudgetSummary, MonitorSummary, SubscriptionSummary

T = TypeVar("T")


def read_to_adopt(aws: Connection, observed: Observed, read_role: str) -> Observed:
    """Read budgets, anomaly monitors and subscriptions, and cost allocation tags; subscriber may be denied alone."""
    account = observed.target.account
    return observed.with_facts(
        AdoptedAlerts(
            budgets=_or_unread(partial(_budgets, aws, account)),
            monitors=_or_unread(partial(_monitors, aws)),
            subscriptions=_or_unread(partial(_subscriptions, aws)),
            tags=_or_unread(partial(_tags, aws)),
        )
    )


def _or_unread(read: Callable[[], Iterator[T]]) -> tuple[T, ...] | Unread:
    try:
        return tuple(sorted(read(), key=str))
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy)


def _budgets(aws: Connection, account: str) -> Iterator[BudgetSummary]:
    for item in aws.pages("budgets", "DescribeBudgets", "Budgets", AccountId=account):
        limit = item.get("BudgetLimit", {})
        amount = f"{limit['Amount']} {limit.get('Unit', '')}".strip() if limit else ""
        yield BudgetSummary(str(item["BudgetName"]), str(item["BudgetType"]), str(item.get("TimeUnit", "")), amount)


def _monitors(aws: Connection) -> Iterator[MonitorSummary]:
    for page in cost_explorer_pages(aws, "GetAnomalyMonitors", "NextPageToken"):
        for item in page["AnomalyMonitors"]:
            yield MonitorSummary(
                str(item["MonitorName"]),
                str(item["MonitorType"]),
                str(item.get("MonitorDimension", "")),
                str(item.get("MonitorArn", "")),
            )


def _subscriptions(aws: Connection) -> Iterator[SubscriptionSummary]:
    for page in cost_explorer_pages(aws, "GetAnomalySubscriptions", "NextPageToken"):
        for item in page["AnomalySubscriptions"]:
            yield SubscriptionSummary(
                str(item["SubscriptionName"]), tuple(_emails(item)), str(item.get("SubscriptionArn", ""))
            )


def _emails(item: dict[str, Any]) -> Iterator[str]:
    subscribers = item.get("Subscribers", [])
    yield from (str(subscriber["Address"]) for subscriber in subscribers if subscriber.get("Type") == "EMAIL")


def _tags(aws: Connection) -> Iterator[str]:
    yield from (str(tag["TagKey"]) for tag in cost_tags(aws) if tag["Status"] == "Active")
