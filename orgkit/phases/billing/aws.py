"""AWS calls that read and make budgets, anomaly alerts and cost allocation tags, and read sharing preferences."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.response import next_token, walk_pages
from orgkit.aws.session import Connection
from orgkit.costs.estimate.usage import MANAGEMENT
from orgkit.errors import StepFailed
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import ABSENT, DISABLED, ENABLED, starting_value
from orgkit.phases.billing.facts import BillingFacts
from orgkit.phases.billing.steps import ActivateCostTag, CreateAnomalyMonitor, CreateAnomalySubscription, CreateBudget
from orgkit.phases.handler import handle

AT_PERCENT = (80, 100)
# What the estimate does not count, or would hide usage; discounts are left as AWS has them.
EXCLUDED_COSTS = ("Credit", "Refund", "Tax", "Support", "Subscription", "OtherSubscription", "Recurring", "Upfront")
# AWS's API names for what the console calls sharing; a value applies to all accounts, or to the one that it names.
FEATURES = {
    "RI_SHARING": "Reserved Instance and Savings Plans discounts are",
    "CREDIT_SHARING": "credits are",
}
SHARING_STATES = {"ENABLED": "shared among the accounts of the organization", "DISABLED": "not shared"}


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read budgets, alerts, tags and sharing, once there is an organization."""
    return observed.with_facts(read_billing(aws, observed.target.account)) if observed.organization else observed


def read_billing(aws: Connection, account: str) -> BillingFacts:
    """Read everything that phase 10 plans from; raise Rejected if budgets, monitors or tags cannot be read."""
    return BillingFacts(
        budgets=tuple(sorted(_budgets(aws, account))),
        monitors=tuple(sorted(_monitors(aws))),
        subscriptions=tuple(
            sorted(_all_pages(aws, "GetAnomalySubscriptions", "AnomalySubscriptions", "SubscriptionName"))
        ),
        tags=tuple(sorted(read_tag_states(aws))),
        sharing=_sharing(aws),
    )


def create_budget(aws: Connection, step: CreateBudget, id_index: IdIndex) -> None:
    """Make a monthly budget of usage alone, as the estimate counts it; an existing one of that name is unchanged."""
    payer = id_index.desired.organization.management_account_id
    only = {"CostFilters": {"LinkedAccount": [_account(id_index, step.account)]}} if step.account else {}
    people = [{"SubscriptionType": "EMAIL", "Address": email} for email in step.emails]
    budget = {
        "BudgetName": step.name, "BudgetType": "COST", "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": step.limit_usd, "Unit": "USD"},
        "CostTypes": {f"Include{kind}": False for kind in EXCLUDED_COSTS}, **only,
    }  # fmt: skip
    notifications = [{"Notification": _notification(percent), "Subscribers": people} for percent in AT_PERCENT]
    try:
        aws.mutate(
            "budgets", "CreateBudget", AccountId=payer, Budget=budget, NotificationsWithSubscribers=notifications
        )
    except Rejected as rejection:
        if rejection.code != "DuplicateRecordException":
            raise


def create_monitor(aws: Connection, step: CreateAnomalyMonitor, id_index: IdIndex) -> None:
    """Make a monitor of all services: AWS allows only one."""
    monitor = {"MonitorName": step.name, "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    aws.mutate("ce", "CreateAnomalyMonitor", expect="MonitorArn", AnomalyMonitor=monitor)


def create_subscription(aws: Connection, step: CreateAnomalySubscription, id_index: IdIndex) -> None:
    """Make a daily email alert for anomalies above the amount."""
    arn = dict(_monitors(aws)).get(step.monitor)
    if arn is None:
        raise StepFailed(f"anomaly monitor {step.monitor} is not listed yet.", "run the phase again in a minute.")
    impact = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "MatchOptions": ["GREATER_THAN_OR_EQUAL"]}
    subscription = {
        "SubscriptionName": step.name, "MonitorArnList": [arn], "Frequency": "DAILY",
        "Subscribers": [{"Type": "EMAIL", "Address": email} for email in step.emails],
        "ThresholdExpression": {"Dimensions": {**impact, "Values": [step.at_least_usd]}},
    }  # fmt: skip
    aws.mutate("ce", "CreateAnomalySubscription", expect="SubscriptionArn", AnomalySubscription=subscription)


def activate_tag(aws: Connection, step: ActivateCostTag, id_index: IdIndex) -> None:
    """Activate the tag; a response with status 200 may still list it among its errors."""
    changes = [{"TagKey": step.key, "Status": "Active"}]
    answer = aws.mutate("ce", "UpdateCostAllocationTagsStatus", expect="Errors", CostAllocationTagsStatus=changes)
    for error in answer["Errors"]:
        raise StepFailed(f"tag {step.key}: {error['Code']}: {error['Message']}", "look at it in the Billing console.")


def limit_of_budget(aws: Connection, step: CreateBudget, id_index: IdIndex) -> str:
    """Return the current limit of the budget of this name."""
    budgets = dict(_budgets(aws, id_index.desired.organization.management_account_id))
    return f"{budgets[step.name]} USD" if step.name in budgets else ABSENT


def monitors_of_services(aws: Connection, step: CreateAnomalyMonitor, id_index: IdIndex) -> str:
    """Return the current monitors of services: AWS allows one."""
    return starting_value([name for name, _ in _monitors(aws)])


def subscription_of_name(aws: Connection, step: CreateAnomalySubscription, id_index: IdIndex) -> str:
    """Return the current alert of this name."""
    names = _all_pages(aws, "GetAnomalySubscriptions", "AnomalySubscriptions", "SubscriptionName")
    return starting_value(next((name for name in names if name == step.name), None))


def tag_state(aws: Connection, step: ActivateCostTag, id_index: IdIndex) -> str:
    """Return whether bills are split by the tag now."""
    active = {tag["TagKey"] for tag in cost_tags(aws) if tag["Status"] == "Active"}
    return ENABLED if step.key in active else DISABLED


HANDLERS = (
    handle(CreateBudget, create_budget, limit_of_budget),
    handle(CreateAnomalyMonitor, create_monitor, monitors_of_services),
    handle(CreateAnomalySubscription, create_subscription, subscription_of_name),
    handle(ActivateCostTag, activate_tag, tag_state),
)


def _account(id_index: IdIndex, key: str) -> str:
    return id_index.desired.organization.management_account_id if key == MANAGEMENT else id_index.account(key)


def _notification(percent: int) -> dict[str, Any]:
    kind = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN"}
    return {**kind, "Threshold": float(percent), "ThresholdType": "PERCENTAGE"}


def _budgets(aws: Connection, account: str) -> Iterator[tuple[str, Decimal | None]]:
    for budget in aws.pages("budgets", "DescribeBudgets", "Budgets", AccountId=account):
        limit = budget.get("BudgetLimit", {}).get("Amount")
        yield str(budget["BudgetName"]), None if limit is None else Decimal(str(limit))


def _monitors(aws: Connection) -> Iterator[tuple[str, str]]:
    """Yield name and ARN of each monitor of services."""
    for monitor in all_items(aws, "GetAnomalyMonitors", "AnomalyMonitors"):
        if monitor.get("MonitorDimension") == "SERVICE":
            yield str(monitor["MonitorName"]), str(monitor["MonitorArn"])


def cost_tags(aws: Connection) -> Iterator[Any]:
    """Yield the cost allocation tags that users defined, with their status."""
    for page in cost_explorer_pages(aws, "ListCostAllocationTags", "NextToken", Type="UserDefined"):
        yield from page["CostAllocationTags"]


def read_tag_states(aws: Connection) -> Iterator[tuple[str, str]]:
    """Yield key and status of each cost allocation tag that AWS knows."""
    yield from ((str(tag["TagKey"]), str(tag["Status"])) for tag in cost_tags(aws))


def _all_pages(aws: Connection, operation: str, member: str, name: str) -> Iterator[str]:
    yield from (str(item[name]) for item in all_items(aws, operation, member))


def all_items(aws: Connection, operation: str, member: str) -> Iterator[Any]:
    """Yield every item of an operation that lists monitors or alerts."""
    for page in cost_explorer_pages(aws, operation, "NextPageToken"):
        yield from page[member]


def cost_explorer_pages(aws: Connection, operation: str, token: str, **parameters: Any) -> Iterator[Any]:
    """Yield page by page: botocore has no paginator for these operations."""
    return walk_pages(
        f"ce:{operation}",
        lambda next_page: aws.read("ce", operation, **parameters, **next_page),
        lambda page: next_token(page, token),
    )


def _sharing(aws: Connection) -> tuple[str, ...] | Unread:
    """Return the sharing preferences as sentences; orgkit shows and never changes them."""
    try:
        answer = aws.read("billing", "GetBillingPreferences", features=list(FEATURES))
    except Rejected as rejection:
        return Unread(f"{rejection}")
    return tuple(
        f"{FEATURES[preference['feature']]} {SHARING_STATES.get(preference['value'], preference['value'])}"
        + (f", for account {preference['accountId']}" if preference.get("accountId") else "")
        for preference in answer["billingPreferences"]
        if preference["feature"] in FEATURES
    )
