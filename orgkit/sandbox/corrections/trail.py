"""CloudTrail: trusted access, a bucket policy that allows writing, trails that members see and that ARNs find."""

import json
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail, TrailStatus, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.organizations.models import organizations_backends

from orgkit.sandbox.corrections import delivery
from orgkit.sandbox.corrections.members import backend_of, management_of, organization_of
from orgkit.sandbox.corrections.registry import corrects, refusal

_create_trail = CloudTrailBackend.create_trail
_update_trail = CloudTrailBackend.update_trail
_get_trail_status = CloudTrailBackend.get_trail_status


@corrects(
    CloudTrailBackend, moto="CreateTrail replaces a trail of the same name, and looks only whether the bucket is there."
)
def create_trail(self: CloudTrailBackend, name: str, bucket_name: str, *rest: Any, **keywords: Any) -> Trail:
    """CreateTrail needs a new name, a writable bucket and a key in its region; for an organization, trusted access."""
    if name in self.trails:
        raise refusal("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {self.account_id}")
    if len(self.trails) >= 5:
        raise refusal("MaximumNumberOfTrailsExceededException", f"User: {self.account_id} already has 5 trails.")
    prefix, _sns, _global, _multi, _validation, for_organization, _group, _role, key, _tags = rest  # moto's order
    _check_organization(self.account_id, bool(for_organization))
    delivery.check_bucket(self, name, bucket_name, prefix, bool(for_organization))
    delivery.check_key(self, name, key)
    trail: Trail = _create_trail(self, name, bucket_name, *rest, **keywords)
    return trail


@corrects(CloudTrailBackend, moto="UpdateTrail checks nothing, not even that the bucket is there.")
def update_trail(self: CloudTrailBackend, **kwargs: Any) -> Trail:
    """UpdateTrail needs what CreateTrail needs."""
    trail = self.get_trail(kwargs["name"])
    for_organization = bool(_or_default(kwargs["is_organization_trail"], trail.is_org_trail))
    bucket = _or_default(kwargs["s3_bucket_name"], trail.bucket_name)
    prefix = _or_default(kwargs["s3_key_prefix"], trail.s3_key_prefix)
    _check_organization(self.account_id, for_organization)
    delivery.check_bucket(self, trail.trail_name, bucket, prefix, for_organization)
    delivery.check_key(self, trail.trail_name, kwargs["kms_key_id"])
    updated: Trail = _update_trail(self, **kwargs)
    return updated


def _or_default(value: Any, default: Any) -> Any:
    return default if value is None else value


def _check_organization(account: str, for_organization: bool) -> None:
    if not for_organization:
        return
    organization = organization_of(account)
    if organization is None:
        raise refusal("OrganizationsNotInUseException", "The account is not a member of an organization.")
    if management_of(account) != account and not _is_delegated(account):
        raise refusal("NotOrganizationMasterAccountException", "The account is not the management account.")
    if organization.feature_set != "ALL":
        raise refusal("OrganizationNotInAllFeaturesModeException", "The organization does not have all features.")
    services = [service["ServicePrincipal"] for service in backend_of(account).services]
    if "cloudtrail.amazonaws.com" not in services:
        message = "The request could not be processed because trusted access for CloudTrail is not enabled."
        raise refusal("CloudTrailAccessNotEnabledException", message)


def _is_delegated(account: str) -> bool:
    admins = [admin for admin in backend_of(account).admins if admin.account.id == account]
    return any("cloudtrail.amazonaws.com" in admin.services for admin in admins)


@corrects(CloudTrailBackend, moto="DescribeTrails shows members nothing of the organization's trail.")
def describe_trails(self: CloudTrailBackend, include_shadow_trails: bool) -> list[Trail]:
    """DescribeTrails shows members the organization's trail."""
    own = [trail for region in cloudtrail_backends[self.account_id].values() for trail in region.trails.values()]
    local_trails = [trail for trail in own if trail.region_name == self.region_name]
    shadows = [trail for trail in own if trail.region_name != self.region_name and trail.is_multi_region]
    return local_trails + (shadows + _organization_trails(self.account_id) if include_shadow_trails else [])


def _organization_trails(account: str) -> list[Trail]:
    if account not in organizations_backends.master_accounts:
        return []
    owner = cloudtrail_backends[management_of(account)]
    return [trail for region in owner.values() for trail in region.trails.values() if trail.is_org_trail]


@corrects(
    CloudTrailResponse,
    "describe_trails",
    moto="DescribeTrails describes all trails, whatever trailNameList has.",
    source="The model of the API: trailNameList has names of trails of the current region, or ARNs of any.",
)
def describe_named_trails(self: CloudTrailResponse) -> str:
    """DescribeTrails describes the trails of trailNameList where it has some, and leaves out what is not there."""
    names = self._get_param("trailNameList") or []
    shadows = self._get_bool_param("includeShadowTrails", True)
    trails = list(self.cloudtrail_backend.describe_trails(shadows or bool(names)))
    if names:
        region = self.cloudtrail_backend.region_name
        trails = [
            trail
            for trail in trails
            if trail.arn in names or (trail.trail_name in names and trail.region_name == region)
        ]
    return json.dumps({"trailList": [trail.description(include_region=True) for trail in trails]})


@corrects(CloudTrailBackend, moto="GetTrail finds the trails of its own region only.")
def get_trail(self: CloudTrailBackend, name_or_arn: str) -> Trail:
    """GetTrail finds a multi-region trail by ARN from any region."""
    for trail in describe_trails(self, include_shadow_trails=True):
        if name_or_arn == trail.arn or (name_or_arn == trail.trail_name and trail.region_name == self.region_name):
            return trail
    raise refusal("TrailNotFoundException", f"Unknown trail: {name_or_arn} for the user: {self.account_id}")


@corrects(
    CloudTrailBackend,
    moto="GetTrailStatus reports no error, whatever the bucket refuses.",
    source="botocore 1.44.5's model of CloudTrail: GetTrailStatusResponse.",
)
def get_trail_status(self: CloudTrailBackend, name: str) -> TrailStatus:
    """GetTrailStatus reports the error of the last delivery, where the bucket does not let the trail write."""
    status: TrailStatus = _get_trail_status(self, name)
    trail = next(
        trail for trail in describe_trails(self, include_shadow_trails=True) if name in (trail.trail_name, trail.arn)
    )
    status.delivery_error = delivery.error_of(trail) if status.is_logging else ""
    return status


@corrects(CloudTrailResponse, "get_trail", moto="GetTrail returns no HomeRegion; DescribeTrails does.")
def get_trail_with_region(self: CloudTrailResponse) -> str:
    """GetTrail returns the HomeRegion."""
    trail = self.cloudtrail_backend.get_trail(self._get_param("Name"))
    return json.dumps({"Trail": trail.description(include_region=True)})
