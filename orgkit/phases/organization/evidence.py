"""Whether AWS shows what a step of phase 01 makes."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed, Unread
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.organization.steps import (
    CreateOrganization,
    EnablePolicyType,
    EnableRootFeature,
    EnableTrustedAccess,
)


def _organization(step: CreateOrganization, observed: Observed, _: Desired) -> bool:
    organization = observed.organization
    return organization is not None and organization.management_account_id == step.account_id


def _trusted_access(step: EnableTrustedAccess, observed: Observed, _: Desired) -> bool:
    return observed.organization is not None and step.principal in observed.organization.trusted_access


def _policy_type(step: EnablePolicyType, observed: Observed, _: Desired) -> bool:
    return observed.organization is not None and (step.policy_type, "ENABLED") in observed.organization.policy_types


def _root_feature(step: EnableRootFeature, observed: Observed, _: Desired) -> bool | None:
    features = observed.organization.root_features if observed.organization else ()
    return None if isinstance(features, Unread) else step.feature in features


EVIDENCE = (
    is_shown_by(CreateOrganization, _organization),
    is_shown_by(EnableTrustedAccess, _trusted_access),
    is_shown_by(EnablePolicyType, _policy_type),
    is_shown_by(EnableRootFeature, _root_feature),
)
