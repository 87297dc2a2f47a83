"""What phase 01 should do: an organization with all features, and what the file switches on in it."""

from collections.abc import Iterator

from orgkit.errors import CouldNotRead, OutOfOrder
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed, Organization, Unread
from orgkit.model.organization import CreateOrganization, EnablePolicyType, EnableRootFeature, EnableTrustedAccess
from orgkit.plan import Plan, Step

ROOT_FEATURES = ("RootCredentialsManagement", "RootSessions")


def plan(observed: Observed, desired: Desired) -> Plan:
    """Steps in the order that AWS needs: trusted access before the policy types that rest on it."""
    there = observed.organization
    if there is not None and there.feature_set != "ALL":
        raise OutOfOrder(
            f"organization {there.id} has consolidated billing only ({there.feature_set}): neither policies nor an "
            "organization trail nor trusted access work in it.",
            "enable all features in the console (AWS Organizations, Settings); every invited account has to agree, "
            "within 90 days; then run this phase again.",
        )
    return Plan(
        phase="organization",
        target=observed.target,
        steps=tuple(_steps(observed, desired, there)),
        stops=observed.stops if there is None else (),
        unmanaged=tuple(_unmanaged(desired, there)),
        warnings=tuple(_warnings(observed, there)),
    )


def _steps(observed: Observed, desired: Desired, there: Organization | None) -> Iterator[Step]:
    spec = desired.organization
    if there is None:
        yield _create(observed)
    enabled = there.trusted_access if there else ()
    for principal in sorted(set(spec.trusted_access) - set(enabled)):
        yield EnableTrustedAccess(principal=principal, why="asked for, and not enabled")
    on = [name for name, status in there.policy_types if status == "ENABLED"] if there else []
    for policy_type in sorted(set(spec.policy_types) - set(on)):
        yield EnablePolicyType(policy_type=policy_type, why="asked for, and not enabled")
    if spec.centralized_root_access:
        for feature in _missing_features(there):
            yield EnableRootFeature(feature=feature, why="member accounts then need no root credentials of their own")


def _create(observed: Observed) -> CreateOrganization:
    left = observed.credits_usd
    loses = isinstance(left, str)
    why = "there is no organization"
    if loses:
        why += f"; AWS ends the Free plan and takes back USD {left} of credits at once"
    if isinstance(left, Unread):
        why += "; whether the account is on the Free plan, and loses credits, could not be read"
    return CreateOrganization(account_id=observed.target.account, ends_free_plan=loses, why=why)


def _missing_features(there: Organization | None) -> tuple[str, ...]:
    if there is None:
        return ROOT_FEATURES
    if isinstance(there.root_features, Unread):
        raise CouldNotRead(
            f"the centralized root access features: {there.root_features.why}",
            there.root_features.do or "allow iam:ListOrganizationsFeatures (see `orgkit permissions organization`).",
        )
    return tuple(feature for feature in ROOT_FEATURES if feature not in there.root_features)


def _unmanaged(desired: Desired, there: Organization | None) -> Iterator[str]:
    if there is None:
        return
    for principal in sorted(set(there.trusted_access) - set(desired.organization.trusted_access)):
        yield f"trusted access for {principal}"
    for name, _ in there.policy_types:
        if name not in desired.organization.policy_types:
            yield f"policy type {name}"


def _warnings(observed: Observed, there: Organization | None) -> Iterator[str]:
    if there is None and isinstance(observed.credits_usd, str):
        yield f"Creating it forfeits USD {observed.credits_usd} of Free plan credits, at once and for good."
    if there is None and isinstance(observed.credits_usd, Unread):
        yield f"Credits that would be forfeited are unknown: {observed.credits_usd.why}"
