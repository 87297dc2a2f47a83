"""What phase 01 should do: an organization with all features, and what the file switches on in it."""

from collections.abc import Iterator
from decimal import Decimal

from orgkit.errors import CouldNotRead, OutOfOrder
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed, Organization, Unread
from orgkit.model.plan import Plan, Step
from orgkit.phases.organization.steps import (
    CreateOrganization,
    EnablePolicyType,
    EnableRootFeature,
    EnableTrustedAccess,
)

ROOT_FEATURES = ("RootCredentialsManagement", "RootSessions")


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan the steps in the order that AWS needs: trusted access before the policy types that depend on it."""
    details = observed.organization
    if details is not None and details.feature_set != "ALL":
        raise OutOfOrder(
            f"organization {details.id} has consolidated billing only ({details.feature_set}): neither policies nor an "
            "organization trail nor trusted access work in it.",
            "enable all features in the console (AWS Organizations, Settings); every invited account has to agree, "
            "within 90 days; then run this phase again.",
        )
    return Plan(
        phase="organization",
        target=observed.target,
        steps=tuple(_steps(observed, desired, details)),
        unmanaged=tuple(_unmanaged(desired, details)),
        warnings=tuple(_warnings(observed, details)),
    )


def _steps(observed: Observed, desired: Desired, organization: Organization | None) -> Iterator[Step]:
    spec = desired.organization
    if organization is None:
        yield _create(observed)
    enabled = organization.trusted_access if organization else ()
    for principal in sorted(set(spec.trusted_access) - set(enabled)):
        yield EnableTrustedAccess(principal=principal, reason="asked for, and not enabled")
    enabled_types = [name for name, status in organization.policy_types if status == "ENABLED"] if organization else []
    for policy_type in sorted(set(spec.policy_types) - set(enabled_types)):
        yield EnablePolicyType(policy_type=policy_type, reason="asked for, and not enabled")
    if spec.centralized_root_access:
        for feature in _missing_features(organization):
            yield EnableRootFeature(
                feature=feature, reason="member accounts then need no root credentials of their own"
            )


def _create(observed: Observed) -> CreateOrganization:
    credits_left = observed.credits_usd
    loses = isinstance(credits_left, str)
    reason = "there is no organization"
    if loses:
        reason += f"; AWS ends the Free plan and takes back USD {credits_left} of credits at once"
    if isinstance(credits_left, Unread):
        reason += "; whether the account is on the Free plan, and loses credits, could not be read"
    amount = credits_left if isinstance(credits_left, str) and Decimal(credits_left) else ""
    return CreateOrganization(
        account_id=observed.target.account,
        ends_free_plan=loses,
        forfeited_usd="?" if isinstance(credits_left, Unread) else amount,
        reason=reason,
    )


def _missing_features(organization: Organization | None) -> tuple[str, ...]:
    if organization is None:
        return ROOT_FEATURES
    if isinstance(organization.root_features, Unread):
        raise CouldNotRead(
            f"the centralized root access features: {organization.root_features.reason}",
            organization.root_features.remedy
            or "allow iam:ListOrganizationsFeatures (see `orgkit permissions organization`).",
        )
    return tuple(feature for feature in ROOT_FEATURES if feature not in organization.root_features)


def _unmanaged(desired: Desired, organization: Organization | None) -> Iterator[str]:
    if organization is None:
        return
    for principal in sorted(set(organization.trusted_access) - set(desired.organization.trusted_access)):
        yield f"trusted access for {principal}"
    for name, _ in organization.policy_types:
        if name not in desired.organization.policy_types:
            yield f"policy type {name}"


def _warnings(observed: Observed, organization: Organization | None) -> Iterator[str]:
    if organization is None and isinstance(observed.credits_usd, str):
        yield f"Creating it forfeits USD {observed.credits_usd} of Free plan credits, at once and for good."
    if organization is None and isinstance(observed.credits_usd, Unread):
        yield f"Credits that would be forfeited are unknown: {observed.credits_usd.reason}"
