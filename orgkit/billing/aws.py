"""How AWS is asked about budgets, anomaly alerts, cost allocation tags and sharing, and to make them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.costs.usage import MANAGEMENT
from orgkit.errors import StepFailed
from orgkit.model.billing import ActivateCostTag, CreateAnomalyMonitor, CreateAnomalySubscription, CreateBudget
from orgkit.model.directory import Directory
from orgkit.model.observed import BillingFacts, Unread
from orgkit.plan import Step

AT_PERCENT = (80, 100)
# What the estimate does not count, or would hide usage; discounts are left as AWS has them.
UNCOUNTED = ("Credit", "Refund", "Tax", "Support", "Subscription", "OtherSubscription", "Recurring", "Upfront")
# AWS's words for what the console calls sharing; a value is said of all accounts, or of one where it names one.
FEATURES = {
    "RI_SHARING": "Reserved Instance and Savings Plans discounts are",
    "CREDIT_SHARING": "credits are",
}
SHARED = {"ENABLED": "shared among the accounts of the organization", "DISABLED": "not shared"}


def read_billing(aws: Connection, account: str) -> BillingFacts:
    """Everything that phase 10 rests on; Refused where budgets, monitors or tags cannot be read."""
    return BillingFacts(
        budgets=tuple(sorted(_budgets(aws, account))),
        monitors=tuple(sorted(_monitors(aws))),
        subscriptions=tuple(sorted(_all(aws, "GetAnomalySubscriptions", "AnomalySubscriptions", "SubscriptionName"))),
        tags=tuple(sorted((str(tag["TagKey"]), str(tag["Status"])) for tag in _tags(aws))),
        sharing=_sharing(aws),
    )


def create_budget(aws: Connection, step: CreateBudget, directory: Directory) -> None:
    """A monthly budget of usage alone, as the estimate counts it; one of that name is left alone."""
    payer = directory.desired.organization.management_account_id
    only = {"CostFilters": {"LinkedAccount": [_account(directory, step.account)]}} if step.account else {}
    people = [{"SubscriptionType": "EMAIL", "Address": email} for email in step.emails]
    budget = {
        "BudgetName": step.name, "BudgetType": "COST", "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": step.limit_usd, "Unit": "USD"},
        "CostTypes": {f"Include{kind}": False for kind in UNCOUNTED}, **only,
    }  # fmt: skip
    told = [{"Notification": _notification(percent), "Subscribers": people} for percent in AT_PERCENT]
    try:
        aws.mutate("budgets", "CreateBudget", AccountId=payer, Budget=budget, NotificationsWithSubscribers=told)
    except Refused as refused:
        if refused.code != "DuplicateRecordException":
            raise


def create_monitor(aws: Connection, step: CreateAnomalyMonitor, directory: Directory) -> None:
    """One for all services: AWS allows no second."""
    monitor = {"MonitorName": step.name, "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    aws.mutate("ce", "CreateAnomalyMonitor", expect="MonitorArn", AnomalyMonitor=monitor)


def create_subscription(aws: Connection, step: CreateAnomalySubscription, directory: Directory) -> None:
    """Daily e-mails of what passes the amount."""
    arn = dict(_monitors(aws)).get(step.monitor)
    if arn is None:
        raise StepFailed(f"anomaly monitor {step.monitor} is not to be seen.", "run the phase again in a minute.")
    impact = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "MatchOptions": ["GREATER_THAN_OR_EQUAL"]}
    subscription = {
        "SubscriptionName": step.name, "MonitorArnList": [arn], "Frequency": "DAILY",
        "Subscribers": [{"Type": "EMAIL", "Address": email} for email in step.emails],
        "ThresholdExpression": {"Dimensions": {**impact, "Values": [step.at_least_usd]}},
    }  # fmt: skip
    aws.mutate("ce", "CreateAnomalySubscription", expect="SubscriptionArn", AnomalySubscription=subscription)


def activate_tag(aws: Connection, step: ActivateCostTag, directory: Directory) -> None:
    """A 200 may still name the tag among its errors."""
    wanted = [{"TagKey": step.key, "Status": "Active"}]
    answer = aws.mutate("ce", "UpdateCostAllocationTagsStatus", expect="Errors", CostAllocationTagsStatus=wanted)
    for error in answer["Errors"]:
        raise StepFailed(f"tag {step.key}: {error['Code']}: {error['Message']}", "look at it in the Billing console.")


STEPS: dict[type[Step], Any] = {
    CreateBudget: create_budget,
    CreateAnomalyMonitor: create_monitor,
    CreateAnomalySubscription: create_subscription,
    ActivateCostTag: activate_tag,
}


def _account(directory: Directory, key: str) -> str:
    return directory.desired.organization.management_account_id if key == MANAGEMENT else directory.account(key)


def _notification(percent: int) -> dict[str, Any]:
    kind = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN"}
    return {**kind, "Threshold": float(percent), "ThresholdType": "PERCENTAGE"}


def _budgets(aws: Connection, account: str) -> Iterator[tuple[str, Decimal | None]]:
    for budget in aws.pages("budgets", "DescribeBudgets", "Budgets", AccountId=account):
        limit = budget.get("BudgetLimit", {}).get("Amount")
        yield str(budget["BudgetName"]), None if limit is None else Decimal(str(limit))


def _monitors(aws: Connection) -> Iterator[tuple[str, str]]:
    """Name and ARN of those that watch services."""
    for page in _pages(aws, "GetAnomalyMonitors", "NextPageToken"):
        for monitor in page["AnomalyMonitors"]:
            if monitor.get("MonitorDimension") == "SERVICE":
                yield str(monitor["MonitorName"]), str(monitor["MonitorArn"])


def _tags(aws: Connection) -> Iterator[Any]:
    for page in _pages(aws, "ListCostAllocationTags", "NextToken", Type="UserDefined"):
        yield from page["CostAllocationTags"]


def _all(aws: Connection, operation: str, member: str, name: str) -> Iterator[str]:
    for page in _pages(aws, operation, "NextPageToken"):
        yield from (str(item[name]) for item in page[member])


def _pages(aws: Connection, operation: str, token: str, **asked: Any) -> Iterator[Any]:
    """botocore knows no paginator for these."""
    while True:
        page = aws.read("ce", operation, **asked)
        yield page
        if not page.get(token):
            return
        asked[token] = page[token]


def _sharing(aws: Connection) -> tuple[str, ...] | Unread:
    """What the management account prefers, in sentences; it is shown, never changed."""
    try:
        answer = aws.read("billing", "GetBillingPreferences", features=list(FEATURES))
    except Refused as refused:
        return Unread(f"{refused}")
    return tuple(
        f"{FEATURES[each['feature']]} {SHARED.get(each['value'], each['value'])}"
        + (f", for account {each['accountId']}" if each.get("accountId") else "")
        for each in answer["billingPreferences"]
        if each["feature"] in FEATURES
    )
