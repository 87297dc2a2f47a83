"""Services that work across the organization: trusted access, and who may be delegated."""

import json
from typing import Any

from moto.core.utils import unix_time
from moto.organizations.models import FakeDelegatedAdministrator, FakeServiceAccess
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections.paging import answer
from orgkit.sandbox.corrections.registry import corrects, refusal

ALSO_TRUSTED = {
    "iam.amazonaws.com", "cost-optimization-hub.bcm.amazonaws.com", "billing-cost-management.amazonaws.com",
    "notifications.amazon.com", "resource-explorer-2.amazonaws.com", "malware-protection.guardduty.amazonaws.com",
    "networkmanager.amazonaws.com",
}  # fmt: skip

_service_access = FakeServiceAccess.trusted_service


@corrects(
    FakeServiceAccess,
    "trusted_service",
    wrap=staticmethod,
    moto="A fixed list of services can be trusted, without iam.amazonaws.com.",
)
def trusted_service(service_principal: str) -> bool:
    """Any service that integrates with Organizations can be trusted, iam.amazonaws.com among them."""
    return bool(_service_access(service_principal)) or service_principal in ALSO_TRUSTED


@corrects(
    FakeDelegatedAdministrator,
    "supported_service",
    wrap=staticmethod,
    moto="Six services can have a delegated administrator, none of these among them.",
)
def supported_service(service_principal: str) -> bool:
    """CloudTrail, IAM, Identity Center, Security Hub … can have a delegated administrator."""
    return bool(trusted_service(service_principal))


@corrects(
    FakeDelegatedAdministrator,
    "describe",
    moto="ListDelegatedAdministrators has the members of an account, whichever those are.",
    source="The model of the API: Status went away in Account, and stayed in DelegatedAdministrator.",
)
def describe_delegated_administrator(self: FakeDelegatedAdministrator) -> dict[str, Any]:
    """ListDelegatedAdministrators has a Status, which ListAccounts has not any more."""
    described = {name: value for name, value in self.account.describe().items() if name != "Paths"}
    return {**described, "Status": self.account.status, "DelegationEnabledDate": unix_time(self.enabled_date)}


@corrects(OrganizationsResponse, moto="EnableAWSServiceAccess works in a consolidated-billing organization too.")
def enable_aws_service_access(self: OrganizationsResponse) -> str:
    """EnableAWSServiceAccess needs all features."""
    backend = self.organizations_backend
    if backend.org.feature_set != "ALL":
        message = "To use trusted access the organization must have all features enabled."
        raise refusal("ConstraintViolationException", message, "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")
    backend.enable_aws_service_access(**self.request_params)
    return "{}"


@corrects(OrganizationsResponse, moto="ListAWSServiceAccessForOrganization has one page.")
def list_aws_service_access_for_organization(self: OrganizationsResponse) -> str:
    """ListAWSServiceAccessForOrganization has pages of 20."""
    return json.dumps(answer("EnabledServicePrincipals", self.organizations_backend.services, self.request_params))
