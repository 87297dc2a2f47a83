"""Anomaly alerts, cost allocation tags and sharing preferences, which moto lacks."""

import json
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult, BaseResponse

from orgkit.sandbox.corrections.members import backend_of
from orgkit.sandbox.corrections.registry import differs, refusal
from orgkit.sandbox.world import world


@differs("ce.anomaly_alerts_and_tags", moto="None of these operations is there.")
class Alerts:
    """Monitors, one of which watches all services; subscriptions to them; tags that were used, to be activated."""

    current_account: str
    body: Any

    def get_anomaly_monitors(self) -> ActionResult:
        """All of them, or those that are named, on one page."""
        return ActionResult({"AnomalyMonitors": self._selected("monitors", "MonitorArnList")})

    def create_anomaly_monitor(self) -> ActionResult:
        """LimitExceededException for a second one of all services."""
        request = json.loads(self.body)["AnomalyMonitor"]
        monitors = self._resources("monitors")
        if request.get("MonitorDimension") == "SERVICE" and any(
            m["MonitorDimension"] == "SERVICE" for m in monitors.values()
        ):
            raise refusal("LimitExceededException", "Limit exceeded on dimensional spend monitor creation")
        arn = self._arn("anomalymonitor", len(monitors))
        monitors[arn] = {**request, "MonitorArn": arn}
        return ActionResult({"MonitorArn": arn})

    def update_anomaly_monitor(self) -> ActionResult:
        """Replace the name; UnknownMonitorException for one that is not there."""
        request = json.loads(self.body)
        monitor = self._resources("monitors").get(request["MonitorArn"])
        if monitor is None:
            raise refusal("UnknownMonitorException", "The cost anomaly monitor does not exist for the account.")
        monitor.update(request)
        return ActionResult({"MonitorArn": request["MonitorArn"]})

    def delete_anomaly_monitor(self) -> ActionResult:
        """UnknownMonitorException for one that is not there."""
        arn = json.loads(self.body)["MonitorArn"]
        if self._resources("monitors").pop(arn, None) is None:
            raise refusal("UnknownMonitorException", "The cost anomaly monitor does not exist for the account.")
        return ActionResult({})

    def get_anomaly_subscriptions(self) -> ActionResult:
        """All of them, or those that are named, on one page."""
        return ActionResult({"AnomalySubscriptions": self._selected("subscriptions", "SubscriptionArnList")})

    def create_anomaly_subscription(self) -> ActionResult:
        """UnknownMonitorException for a monitor that is not there."""
        request = json.loads(self.body)["AnomalySubscription"]
        if not set(request["MonitorArnList"]) <= set(self._resources("monitors")):
            raise refusal("UnknownMonitorException", "The cost anomaly monitor does not exist for the account.")
        subscriptions = self._resources("subscriptions")
        arn = self._arn("anomalysubscription", len(subscriptions))
        subscriptions[arn] = {**request, "SubscriptionArn": arn}
        return ActionResult({"SubscriptionArn": arn})

    def update_anomaly_subscription(self) -> ActionResult:
        """Replace the members that are given; UnknownSubscriptionException for one that is not there."""
        request = json.loads(self.body)
        subscription = self._resources("subscriptions").get(request["SubscriptionArn"])
        if subscription is None:
            raise refusal("UnknownSubscriptionException", "The anomaly subscription does not exist for the account.")
        subscription.update(request)
        return ActionResult({"SubscriptionArn": request["SubscriptionArn"]})

    def list_cost_allocation_tags(self) -> ActionResult:
        """Keys that accounts carry, or those that are named; inactive until somebody activates them."""
        request = json.loads(self.body or "{}")
        keys_in_request, status = request.get("TagKeys"), request.get("Status")
        tags = [tag for tag in self._cost_allocation_tags() if not keys_in_request or tag["TagKey"] in keys_in_request]
        return ActionResult({"CostAllocationTags": [tag for tag in tags if status in (None, tag["Status"])]})

    def list_tags_for_resource(self) -> ActionResult:
        """The tags of a monitor or a subscription; nobody can set any in the sandbox."""
        return ActionResult({"ResourceTags": []})

    def _cost_allocation_tags(self) -> list[dict[str, str]]:
        organizations = backend_of(self.current_account)
        carried = (
            organizations.list_tags_for_resource(ResourceId=account.id)["Tags"] for account in organizations.accounts
        )
        keys = {tag["Key"] for tags in carried for tag in tags}
        active = self._resources("active")
        return [
            {"TagKey": key, "Type": "UserDefined", "Status": "Active" if key in active else "Inactive"}
            for key in sorted(keys)
        ]

    def update_cost_allocation_tags_status(self) -> ActionResult:
        """A key that AWS does not know is an error within a 200."""
        known = {tag["TagKey"] for tag in self._cost_allocation_tags()}
        errors = []
        for request in json.loads(self.body)["CostAllocationTagsStatus"]:
            key = request["TagKey"]
            if key not in known:
                errors.append({"TagKey": key, "Code": "TagKeysNotFoundException", "Message": "Tag keys not found"})
            elif request["Status"] == "Active":
                self._resources("active")[key] = True
            else:
                self._resources("active").pop(key, None)
        return ActionResult({"Errors": errors})

    def _resources(self, kind: str) -> dict[str, Any]:
        alerts: dict[str, Any] = world().state.setdefault("alerts", {}).setdefault(self.current_account, {})
        resources: dict[str, Any] = alerts.setdefault(kind, {})
        return resources

    def _selected(self, kind: str, member: str) -> list[dict[str, Any]]:
        arns = json.loads(self.body or "{}").get(member)
        return [item for arn, item in self._resources(kind).items() if not arns or arn in arns]

    def _arn(self, kind: str, number: int) -> str:
        return f"arn:aws:ce::{self.current_account}:{kind}/{number:08x}-0000-4000-8000-000000000000"


@differs("billing.get_billing_preferences", moto="There is no billing service.")
class BillingResponse(BaseResponse):  # type: ignore[misc]  # moto has no types
    """Discounts and credits are shared among all accounts until somebody changes that."""

    def __init__(self) -> None:
        super().__init__(service_name="billing")
        self.automated_parameter_parsing = True

    def get_billing_preferences(self) -> ActionResult:
        """One for each feature that is asked for."""
        features = json.loads(self.body)["features"]
        shared = [{"feature": feature, "key": "DEFAULT", "value": "ENABLED"} for feature in features]
        return ActionResult({"billingPreferences": shared})

    def get_credits(self) -> ActionResult:
        """The credits of the seed's account, as botocore's model of GetCredits has them; none once they have ended."""
        now, seed = world().clock.now(), world().seed
        if self.current_account in world().state.get("plan_ended", ()) or not float(seed.credits_usd):
            return ActionResult({"credits": []})
        amount = {"currencyCode": "USD", "currencyAmount": f"{float(seed.credits_usd):.2f}"}
        credit = {
            "creditId": "1", "accountId": self.current_account, "creditType": "Promotion", "initialAmount": amount,
            "remainingAmount": amount, "description": "AWS Free Tier", "startDate": now - timedelta(days=1),
            "endDate": now + timedelta(days=364), "creditStatus": "ENABLED",
        }  # fmt: skip
        return ActionResult({"credits": [credit]})
