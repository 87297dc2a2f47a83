"""CloudTrail: empty values in GetTrailStatus, whether a trail has selectors, and its deletion."""

from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail, TrailStatus, cloudtrail_backends

from orgkit.sandbox.corrections.registry import corrects, refusal

_description = Trail.description
_status = TrailStatus.description
# The members of GetTrailStatus that are strings: "" where there is nothing to say.
STRINGS = (
    "LatestDeliveryAttemptTime",
    "LatestNotificationAttemptTime",
    "LatestNotificationAttemptSucceeded",
    "LatestDeliveryAttemptSucceeded",
    "TimeLoggingStarted",
    "TimeLoggingStopped",
)
RECORDINGS = "cloud-custodian at df800e9e, tests/data/placebo"


@corrects(
    TrailStatus,
    "description",
    moto="GetTrailStatus of a trail that logs has no LatestDeliveryAttemptSucceeded.",
    source=f"{RECORDINGS}/test_cloudtrail_set_logging and test_cloudtrail_success_management_advanced_events_included.",
)
def describe_status(self: TrailStatus) -> dict[str, Any]:
    """GetTrailStatus has "" for strings without a value, and leaves out times without one; a delivery succeeds."""
    delivered, failure = self.latest_delivery_time, getattr(self, "delivery_error", "")
    answer = {name: value for name, value in _status(self).items() if value not in ("", None)}
    if failure:  # see get_trail_status
        self.latest_delivery_time = delivered
        return {**dict.fromkeys(STRINGS, ""), **answer, "LatestDeliveryError": failure, "LatestDeliveryTime": delivered}
    attempted = answer.get("LatestDeliveryAttemptTime")
    succeeded = {"LatestDeliveryAttemptSucceeded": attempted} if attempted else {}
    return {**dict.fromkeys(STRINGS, ""), **answer, **succeeded}


@corrects(
    Trail,
    "description",
    moto="DescribeTrails always has HasCustomEventSelectors false.",
    source=f"{RECORDINGS}/test_cloudtrail_status and test_cloudtrail_success_management_advanced_events_included.",
)
def describe_trail(self: Trail, include_region: bool = False) -> dict[str, Any]:
    """DescribeTrails has HasCustomEventSelectors true once selectors were put."""
    description: dict[str, Any] = _description(self, include_region)
    return {**description, "HasCustomEventSelectors": bool(self.event_selectors or self.advanced_event_selectors)}


@corrects(
    CloudTrailBackend,
    moto="DeleteTrail answers 200 to an ARN, and to a name that nobody has, and deletes nothing.",
    source="The model of the API: Name is a name or an ARN; TrailNotFoundException, InvalidHomeRegionException.",
)
def delete_trail(self: CloudTrailBackend, name: str) -> None:
    """DeleteTrail takes a name or an ARN, in the trail's home region, and refuses what is not there."""
    trail = self.get_trail(name)
    if trail.account_id != self.account_id:
        raise refusal("NotOrganizationMasterAccountException", "The account is not the management account.")
    if trail.region_name != self.region_name:
        message = "The trail cannot be modified in a region that is not its home region."
        raise refusal("InvalidHomeRegionException", message)
    del cloudtrail_backends[self.account_id][self.region_name].trails[trail.trail_name]
