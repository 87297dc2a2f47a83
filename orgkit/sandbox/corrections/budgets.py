"""Budgets: subscribers and tags, which moto does not return."""

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget, Notification
from moto.budgets.responses import BudgetsResponse

from orgkit.sandbox.corrections.registry import corrects
from orgkit.sandbox.world import world

NO_BUDGET = "the budget doesn't exist."
MODEL = "The model of the API."


def _find_budget(response: BudgetsResponse, operation: str) -> Budget:
    budgets = response.backend.budgets[response._get_param("AccountId")]
    name = response._get_param("BudgetName")
    if name not in budgets:
        raise NotFoundException(f"Unable to {operation}: {name} - {NO_BUDGET}")
    return budgets[name]


def _find_notification(response: BudgetsResponse) -> Notification:
    budget, details = _find_budget(response, "get subscribers"), response._get_param("Notification")
    for notification in budget.notifications:
        if _identity(notification.details) == _identity(details):
            return notification
    raise NotFoundException("Unable to get subscribers - the notification doesn't exist.")


def _identity(details: dict[str, Any]) -> tuple[Any, ...]:
    """Return what identifies a notification of a budget; a threshold is a percentage by default."""
    kind = details.get("ThresholdType") or "PERCENTAGE"
    return details["NotificationType"], details["ComparisonOperator"], float(details["Threshold"]), kind


@corrects(BudgetsResponse, moto="DescribeSubscribersForNotification is not there.", source=MODEL)
def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    """DescribeSubscribersForNotification has the addresses of a notification."""
    return json.dumps({"Subscribers": _find_notification(self).subscribers})


@corrects(
    BudgetsResponse,
    moto="DescribeNotificationsForBudget of a budget that is not there fails inside moto.",
    source=MODEL,
)
def describe_notifications_for_budget(self: BudgetsResponse) -> str:
    """DescribeNotificationsForBudget has each notification's state, and refuses a budget that is not there."""
    budget = _find_budget(self, "get notifications")
    states = [{"NotificationState": "OK", "ThresholdType": "PERCENTAGE", **item} for item in budget.get_notifications()]
    return json.dumps({"Notifications": states})


def _find_tags(response: BudgetsResponse) -> dict[str, str]:
    tags: dict[str, dict[str, str]] = world().state.setdefault("budget_tags", {})
    return tags.setdefault(response._get_param("ResourceARN"), {})


COUNTED_BY_DEFAULT = (
    "Credit", "Discount", "OtherSubscription", "Recurring", "Refund", "Subscription", "Support", "Tax", "Upfront",
)  # fmt: skip
COST_TYPES = {**{f"Include{kind}": True for kind in COUNTED_BY_DEFAULT}, "UseAmortized": False, "UseBlended": False}
_as_values = Budget.to_dict


@corrects(
    Budget,
    "to_dict",
    moto="DescribeBudgets has only those CostTypes that CreateBudget named, where it named any.",
    source="The model of the API: each member of CostTypes has a default.",
)
def describe_budget(self: Budget) -> dict[str, Any]:
    """DescribeBudgets has every member of CostTypes, with its default where none was named."""
    values: dict[str, Any] = _as_values(self)
    if "CostTypes" in values:
        values["CostTypes"] = {**COST_TYPES, **values["CostTypes"]}
    return values


_create_budget = BudgetsResponse.create_budget


@corrects(BudgetsResponse, moto="CreateBudget loses ResourceTags.", source=MODEL)
def create_budget(self: BudgetsResponse) -> str:
    """CreateBudget keeps ResourceTags."""
    answer = str(_create_budget(self))
    arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{self._get_param('Budget')['BudgetName']}"
    tags: dict[str, dict[str, str]] = world().state.setdefault("budget_tags", {})
    tags[arn] = {tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags", [])}
    return answer


@corrects(BudgetsResponse, moto="UpdateBudget is not there.", source=MODEL)
def update_budget(self: BudgetsResponse) -> str:
    """UpdateBudget replaces a budget, whose notifications stay."""
    new = self._get_param("NewBudget")
    budgets = self.backend.budgets[self._get_param("AccountId")]
    if new["BudgetName"] not in budgets:
        raise NotFoundException(f"Unable to update budget: {new['BudgetName']} - {NO_BUDGET}")
    budget = Budget(new, [])
    budget.notifications = budgets[new["BudgetName"]].notifications
    budgets[new["BudgetName"]] = budget
    return json.dumps({})


@corrects(BudgetsResponse, moto="ListTagsForResource is not there.", source=MODEL)
def list_tags_for_resource(self: BudgetsResponse) -> str:
    """ListTagsForResource has the tags of a budget."""
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in _find_tags(self).items()]})


@corrects(BudgetsResponse, moto="TagResource is not there.", source=MODEL)
def tag_resource(self: BudgetsResponse) -> str:
    """TagResource adds tags to a budget."""
    _find_tags(self).update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags")})
    return "{}"


@corrects(BudgetsResponse, moto="UntagResource is not there.", source=MODEL)
def untag_resource(self: BudgetsResponse) -> str:
    """UntagResource takes tags off a budget."""
    for key in self._get_param("ResourceTagKeys"):
        _find_tags(self).pop(key, None)
    return "{}"
