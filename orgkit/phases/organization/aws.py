"""AWS calls that read the organization itself, and one function for each step of phase 01."""

from collections.abc import Callable
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Organization, Unread
from orgkit.model.plan import DISABLED, ENABLED, starting_value
from orgkit.phases.handler import handle
from orgkit.phases.organization.steps import (
    CreateOrganization,
    EnablePolicyType,
    EnableRootFeature,
    EnableTrustedAccess,
)


def read_organization(aws: Connection, guard: Callable[[str, str], None] = lambda *_: None) -> Organization | None:
    """Return the organization that the caller's account is in; None when it is in none.

    `guard` gets its id and its management account before the other calls, which a member account may not make. AWS
    allows one DescribeOrganization a second, so one response serves both.
    """
    description = _describe(aws)
    if description is None:
        return None
    guard(str(description["Id"]), _management_account(description))
    reads: tuple[Callable[[], Any], ...] = (
        lambda: _root(aws),
        lambda: _trusted_access(aws, description["FeatureSet"]),
        lambda: _root_features(aws),
    )
    root, trusted_access, root_features = aws.executor.map(lambda read: read(), reads)
    return Organization(
        id=description["Id"],
        management_account_id=_management_account(description),
        management_email=str(description.get("MasterAccountEmail", "")),
        feature_set=description["FeatureSet"],
        root_id=root["Id"],
        policy_types=tuple(sorted((t["Type"], t["Status"]) for t in root.get("PolicyTypes", []))),
        trusted_access=trusted_access,
        root_features=root_features,
    )


def create_organization(aws: Connection, step: CreateOrganization, id_index: IdIndex) -> None:
    """Create it with all features; an organization that exists already must be this account's."""
    try:
        aws.mutate("organizations", "CreateOrganization", expect="Organization", FeatureSet="ALL")
    except Rejected as rejection:
        if rejection.code != "AlreadyInOrganizationException":
            raise
    # Usually seconds. Setting it up completely takes up to an hour: later calls wait for that, this one does not.
    result = aws.wait_for("the new organization to be visible", lambda: _describe(aws), every=2, at_most=120)
    if _management_account(result) != step.account_id or result["FeatureSet"] != "ALL":
        raise NeedsDecision(
            f"the account is in organization {result['Id']} of {_management_account(result)} ({result['FeatureSet']}).",
            "find out who created it; orgkit goes on only in an organization of this account with all features.",
        )
    id_index.organization_id, id_index.root_id = str(result["Id"]), str(_root(aws)["Id"])


def enable_trusted_access(aws: Connection, step: EnableTrustedAccess, id_index: IdIndex) -> None:
    """Enable it; doing it twice changes nothing."""
    aws.mutate("organizations", "EnableAWSServiceAccess", ServicePrincipal=step.principal)


def enable_policy_type(aws: Connection, step: EnablePolicyType, id_index: IdIndex) -> None:
    """Enable it; AWS does it in the background, so wait until the root reports ENABLED."""
    if _policy_type_status(aws, step.policy_type) is None:
        try:
            aws.mutate(
                "organizations",
                "EnablePolicyType",
                expect="Root",
                RootId=id_index.root_id,
                PolicyType=step.policy_type,
            )
        except Rejected as rejection:
            if rejection.code != "PolicyTypeAlreadyEnabledException":
                raise
    # AWS documents no duration; it usually takes seconds.
    aws.wait_for(
        f"policy type {step.policy_type} to be ENABLED",
        lambda: True if _policy_type_status(aws, step.policy_type) == "ENABLED" else None,
        every=2,
        at_most=300,
    )


def enable_root_feature(aws: Connection, step: EnableRootFeature, id_index: IdIndex) -> None:
    """Enable it; doing it twice changes nothing."""
    operation = {
        "RootCredentialsManagement": "EnableOrganizationsRootCredentialsManagement",
        "RootSessions": "EnableOrganizationsRootSessions",
    }[step.feature]
    aws.mutate("iam", operation, expect="EnabledFeatures")


def organization_id(aws: Connection, step: CreateOrganization, id_index: IdIndex) -> str:
    """Return the organization that the account is in now."""
    return starting_value((_describe(aws) or {}).get("Id"))


def trusted_access_state(aws: Connection, step: EnableTrustedAccess, id_index: IdIndex) -> str:
    """Return whether the service may work across the organization now."""
    return ENABLED if step.principal in _trusted_access(aws, "ALL") else DISABLED


def policy_type_state(aws: Connection, step: EnablePolicyType, id_index: IdIndex) -> str:
    """Return whether it is enabled now; one that AWS is still enabling, for another run, is not."""
    return ENABLED if _policy_type_status(aws, step.policy_type) == "ENABLED" else DISABLED


def root_feature_state(aws: Connection, step: EnableRootFeature, id_index: IdIndex) -> str:
    """Return whether it is enabled now; if that cannot be read, the step is tried as planned."""
    features = _root_features(aws)
    return ENABLED if not isinstance(features, Unread) and step.feature in features else DISABLED


HANDLERS = (
    handle(CreateOrganization, create_organization, organization_id),
    handle(EnableTrustedAccess, enable_trusted_access, trusted_access_state),
    handle(EnablePolicyType, enable_policy_type, policy_type_state),
    handle(EnableRootFeature, enable_root_feature, root_feature_state),
)


def _describe(aws: Connection) -> dict[str, Any] | None:
    """Return the organization as any of its accounts may see it; None when the account is in none."""
    try:
        organization: dict[str, Any] = aws.read("organizations", "DescribeOrganization")["Organization"]
    except Rejected as rejection:
        if rejection.code == "AWSOrganizationsNotInUseException":
            return None
        raise
    return organization


def _management_account(organization: dict[str, Any]) -> str:
    return str(organization.get("MasterAccountId") or organization.get("ManagementAccountId"))


def _root(aws: Connection) -> dict[str, Any]:
    root = next(aws.pages("organizations", "ListRoots", "Roots"), None)
    if root is None:
        raise Rejected("organizations:ListRoots", "NoAnswer", "", "no organization root was listed", "")
    return root


def _trusted_access(aws: Connection, feature_set: str) -> tuple[str, ...]:
    if feature_set != "ALL":
        return ()
    principals = aws.pages("organizations", "ListAWSServiceAccessForOrganization", "EnabledServicePrincipals")
    return tuple(sorted(item["ServicePrincipal"] for item in principals))


def _root_features(aws: Connection) -> tuple[str, ...] | Unread:
    try:
        return tuple(sorted(aws.read("iam", "ListOrganizationsFeatures").get("EnabledFeatures", [])))
    except Rejected as rejection:
        # Without trusted access for iam.amazonaws.com there is nothing to list: AWS answers with an error.
        if rejection.code.removesuffix("Exception") in ("ServiceAccessNotEnabled", "OrganizationNotFound"):
            return ()
        return Unread(str(rejection), rejection.remedy)


def _policy_type_status(aws: Connection, policy_type: str) -> str | None:
    return next((t["Status"] for t in _root(aws).get("PolicyTypes", []) if t["Type"] == policy_type), None)
