"""How AWS is asked about the organization itself, and one function for each step of phase 01."""

from collections.abc import Callable
from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision
from orgkit.model.directory import Directory
from orgkit.model.observed import Organization, Unread
from orgkit.model.organization import CreateOrganization, EnablePolicyType, EnableRootFeature, EnableTrustedAccess
from orgkit.plan import Step


def read_organization(aws: Connection, guard: Callable[[str, str], None] = lambda *_: None) -> Organization | None:
    """The organization that the caller's account is in; None when it is in none.

    `guard` is told its id and its management account before more is asked, which a member could not see. AWS lets
    DescribeOrganization be called once a second, so that one answer serves both.
    """
    found = _describe(aws)
    if found is None:
        return None
    guard(str(found["Id"]), _management_account(found))
    root = _root(aws)
    return Organization(
        id=found["Id"],
        management_account_id=_management_account(found),
        management_email=str(found.get("MasterAccountEmail", "")),
        feature_set=found["FeatureSet"],
        root_id=root["Id"],
        policy_types=tuple(sorted((t["Type"], t["Status"]) for t in root.get("PolicyTypes", []))),
        trusted_access=_trusted_access(aws, found["FeatureSet"]),
        root_features=_root_features(aws),
    )


def create_organization(aws: Connection, step: CreateOrganization, directory: Directory) -> None:
    """Create it with all features; an organization that is there already must be ours."""
    try:
        aws.mutate("organizations", "CreateOrganization", expect="Organization", FeatureSet="ALL")
    except Refused as refused:
        if refused.code != "AlreadyInOrganizationException":
            raise
    # Seconds, as a rule; that it is set up to the end, which takes up to an hour, is not waited for here.
    found = aws.wait_for("the new organization to be visible", lambda: _describe(aws), every=2, at_most=120)
    if _management_account(found) != step.account_id or found["FeatureSet"] != "ALL":
        raise NeedsDecision(
            f"the account is in organization {found['Id']} of {_management_account(found)} ({found['FeatureSet']}).",
            "find out who created it; orgkit goes on only in an organization of this account with all features.",
        )
    directory.organization_id, directory.root_id = str(found["Id"]), str(_root(aws)["Id"])


def enable_trusted_access(aws: Connection, step: EnableTrustedAccess, directory: Directory) -> None:
    """Set, not toggled: doing it twice changes nothing."""
    aws.mutate("organizations", "EnableAWSServiceAccess", ServicePrincipal=step.principal)


def enable_policy_type(aws: Connection, step: EnablePolicyType, directory: Directory) -> None:
    """AWS does it in the background: it counts when the root says ENABLED."""
    if _policy_type_status(aws, step.policy_type) is None:
        try:
            aws.mutate(
                "organizations",
                "EnablePolicyType",
                expect="Root",
                RootId=directory.root_id,
                PolicyType=step.policy_type,
            )
        except Refused as refused:
            if refused.code != "PolicyTypeAlreadyEnabledException":
                raise
    # AWS gives no time for it; seconds, as a rule.
    aws.wait_for(
        f"policy type {step.policy_type} to be ENABLED",
        lambda: True if _policy_type_status(aws, step.policy_type) == "ENABLED" else None,
        every=2,
        at_most=300,
    )


def enable_root_feature(aws: Connection, step: EnableRootFeature, directory: Directory) -> None:
    """Set, not toggled: doing it twice changes nothing."""
    operation = {
        "RootCredentialsManagement": "EnableOrganizationsRootCredentialsManagement",
        "RootSessions": "EnableOrganizationsRootSessions",
    }[step.feature]
    aws.mutate("iam", operation, expect="EnabledFeatures")


STEPS: dict[type[Step], Any] = {
    CreateOrganization: create_organization,
    EnableTrustedAccess: enable_trusted_access,
    EnablePolicyType: enable_policy_type,
    EnableRootFeature: enable_root_feature,
}


def _describe(aws: Connection) -> dict[str, Any] | None:
    """The organization as any of its accounts may see it; None when the account is in none."""
    try:
        found: dict[str, Any] = aws.read("organizations", "DescribeOrganization")["Organization"]
    except Refused as refused:
        if refused.code == "AWSOrganizationsNotInUseException":
            return None
        raise
    return found


def _management_account(found: dict[str, Any]) -> str:
    return str(found.get("MasterAccountId") or found.get("ManagementAccountId"))


def _root(aws: Connection) -> dict[str, Any]:
    found = next(aws.pages("organizations", "ListRoots", "Roots"), None)
    if found is None:
        raise Refused("organizations:ListRoots", "NoAnswer", "", "no organization root was listed", "")
    return found


def _trusted_access(aws: Connection, feature_set: str) -> tuple[str, ...]:
    if feature_set != "ALL":
        return ()
    found = aws.pages("organizations", "ListAWSServiceAccessForOrganization", "EnabledServicePrincipals")
    return tuple(sorted(item["ServicePrincipal"] for item in found))


def _root_features(aws: Connection) -> tuple[str, ...] | Unread:
    try:
        return tuple(sorted(aws.read("iam", "ListOrganizationsFeatures").get("EnabledFeatures", [])))
    except Refused as refused:
        # Without trusted access for iam.amazonaws.com there is nothing to list: AWS answers with an error.
        if refused.code.removesuffix("Exception") in ("ServiceAccessNotEnabled", "OrganizationNotFound"):
            return ()
        return Unread(str(refused), refused.do)


def _policy_type_status(aws: Connection, policy_type: str) -> str | None:
    return next((t["Status"] for t in _root(aws).get("PolicyTypes", []) if t["Type"] == policy_type), None)
