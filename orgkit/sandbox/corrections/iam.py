"""IAM: centralized root access, which moto does not have, and the root user in an account summary."""

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import AccountSummary, IAMBackend, User
from moto.iam.responses import IamResponse

from orgkit.sandbox.corrections.members import backend_of, management_of
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

_summary_map = AccountSummary.summary_map
_authorization_details = IamResponse.get_account_authorization_details
DETAIL_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
DETAILS_A_PAGE = 100  # "defaults to 100" [IAM API reference, GetAccountAuthorizationDetails, MaxItems: 1 to 1000]


def _features(account: str) -> list[str]:
    enabled: dict[str, list[str]] = world().state.setdefault("root_features", {})
    return enabled.setdefault(account, [])


def _check(response: IamResponse) -> str:
    """AWS's order: an organization, of which we are the management account, with all features, that trusts IAM."""
    account = response.current_account
    backend = backend_of(account)
    if backend.org is None:
        raise refusal("OrganizationNotFoundException", "No organization is associated with your account.")
    if management_of(account) != account:
        message = "The request was rejected because the account making the request is not the management account."
        raise refusal("CallerIsNotManagementAccountException", message)
    if backend.org.feature_set != "ALL":
        message = "The request was rejected because your organization does not have All features enabled."
        raise refusal("OrganizationNotInAllFeaturesModeException", message)
    if not any(service["ServicePrincipal"] == "iam.amazonaws.com" for service in backend.services):
        message = "The request was rejected because trusted access is not enabled for IAM in Organizations."
        raise refusal("ServiceAccessNotEnabledException", message)
    return str(backend.org.id)


def _change(response: IamResponse, feature: str, *, enabled: bool) -> ActionResult:
    organization_id, features = _check(response), _features(response.current_account)
    if enabled and feature not in features:
        features.append(feature)
    if not enabled and feature in features:
        features.remove(feature)
    return ActionResult({"OrganizationId": organization_id, "EnabledFeatures": sorted(features)})


@corrects(IamResponse, moto="EnableOrganizationsRootCredentialsManagement is not there.")
def enable_organizations_root_credentials_management(self: IamResponse) -> ActionResult:
    """EnableOrganizationsRootCredentialsManagement centralizes the root users of members."""
    return _change(self, "RootCredentialsManagement", enabled=True)


@corrects(IamResponse, moto="EnableOrganizationsRootSessions is not there.")
def enable_organizations_root_sessions(self: IamResponse) -> ActionResult:
    """EnableOrganizationsRootSessions lets the management account do privileged tasks as a member's root user."""
    return _change(self, "RootSessions", enabled=True)


@corrects(IamResponse, moto="DisableOrganizationsRootCredentialsManagement is not there.")
def disable_organizations_root_credentials_management(self: IamResponse) -> ActionResult:
    """DisableOrganizationsRootCredentialsManagement undoes that."""
    return _change(self, "RootCredentialsManagement", enabled=False)


@corrects(IamResponse, moto="DisableOrganizationsRootSessions is not there.")
def disable_organizations_root_sessions(self: IamResponse) -> ActionResult:
    """DisableOrganizationsRootSessions undoes that."""
    return _change(self, "RootSessions", enabled=False)


@corrects(IamResponse, moto="ListOrganizationsFeatures is not there.")
def list_organizations_features(self: IamResponse) -> ActionResult:
    """ListOrganizationsFeatures lists the kinds of centralized root access that are enabled."""
    organization_id = _check(self)
    return ActionResult({"OrganizationId": organization_id, "EnabledFeatures": sorted(_features(self.current_account))})


@corrects(IamResponse, moto="GetAccountAuthorizationDetails ignores MaxItems and Marker: all is on one page.")
def get_account_authorization_details(self: IamResponse) -> ActionResult:
    """GetAccountAuthorizationDetails comes in pages over all kinds together: MaxItems, Marker, IsTruncated."""
    details: dict[str, Any] = dict(_authorization_details(self).result)
    items = [(name, item) for name in DETAIL_LISTS for item in details[name]]
    start, size = int(self._get_param("Marker", "0")), int(self._get_param("MaxItems", DETAILS_A_PAGE))
    end = start + size
    page = {name: [item for kind, item in items[start:end] if kind == name] for name in DETAIL_LISTS}
    following = {"IsTruncated": True, "Marker": str(end)} if end < len(items) else {"IsTruncated": False}
    return ActionResult({**page, **following})


@corrects(
    AccountSummary,
    "summary_map",
    wrap=property,
    moto="GetAccountSummary returns 0 for both, AccountMFAEnabled and AccountAccessKeysPresent.",
)
def summary_map(self: AccountSummary) -> dict[str, Any]:
    """GetAccountSummary reports on the root user: AccountMFAEnabled, AccountAccessKeysPresent."""
    values: dict[str, Any] = _summary_map.fget(self)
    seed = world().seed
    if self._iam_backend.account_id == seed.management_account_id:
        values |= {"AccountMFAEnabled": int(seed.mfa), "AccountAccessKeysPresent": int(seed.root_access_keys)}
    return values


@corrects(IAMBackend, moto="GetUser without a name finds only a caller with long-lived keys.")
def get_user_from_access_key_id(self: IAMBackend, access_key_id: str) -> User | None:
    """GetUser without a name returns the caller, with any kind of credentials."""
    caller = world().principals.get(access_key_id)
    if caller is None or ":user/" not in caller.arn:
        return None
    return self.users.get(caller.arn.split("/")[-1])
