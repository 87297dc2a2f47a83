"""What phase 01 hands over to Terraform: the organization, and centralized root access."""

from collections.abc import Iterator
from dataclasses import dataclass

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed, Organization
from orgkit.phases.organization.steps import (
    CreateOrganization,
    EnablePolicyType,
    EnableRootFeature,
    EnableTrustedAccess,
)
from orgkit.phases.terraform.hcl import attributes
from orgkit.phases.terraform.part import Handover, HandoverPart, LeftOut, Resource
from orgkit.phases.terraform.provider import POLICY_TYPES, TRIED_VERSION


@dataclass(frozen=True)
class DelegationFacts:
    """Delegated administrators: ids of accounts, and the services that each administers."""

    delegations: tuple[tuple[str, str], ...] = ()


def hand_over(observed: Observed, desired: Desired) -> HandoverPart:
    """Return the organization with everything that is enabled in it: Terraform disables what it does not list."""
    organization = observed.organization
    assert organization is not None
    return HandoverPart(
        "The organization, the services that may work across its accounts, and its types of policy.",
        tuple(_resources(organization)),
        tuple(_left_out(observed, organization)),
    )


def _resources(organization: Organization) -> Iterator[Resource]:
    kinds = enabled_types(organization)
    foreign = [kind for kind in kinds if kind not in POLICY_TYPES]
    yield Resource(
        "aws_organizations_organization",
        "organization",
        attributes(
            feature_set=organization.feature_set,
            aws_service_access_principals=organization.trusted_access,
            enabled_policy_types=[kind for kind in kinds if kind in POLICY_TYPES],
        ),
        import_id=organization.id,
        ignored=("enabled_policy_types",) if foreign else (),
        ignored_reason=(
            f"{', '.join(foreign)}: version {TRIED_VERSION} of the provider does not accept this type. Without the "
            "next line\nTerraform would disable it, and every attachment of its policies would be lost."
        ),
    )
    if isinstance(organization.root_features, tuple) and organization.root_features:
        features = attributes(enabled_features=organization.root_features)
        yield Resource("aws_iam_organizations_features", "organization", features, import_id=organization.id)


def _left_out(observed: Observed, organization: Organization) -> Iterator[LeftOut]:
    yield LeftOut(f"management account {observed.target.account}", "Terraform has no use for it: it cannot be removed")
    yield LeftOut(
        "the resource policy of the organization, and tags of its root", "orgkit neither made nor adopted them"
    )
    yield LeftOut("service-linked roles (AWSServiceRoleFor…)", "AWS makes and deletes them")
    delegated = observed.facts(DelegationFacts) or DelegationFacts()
    for account, service in delegated.delegations:
        yield LeftOut(f"delegated administrator {account} for {service}", "orgkit did not register it")
    if not isinstance(organization.root_features, tuple):
        yield LeftOut("centralized root access", f"it could not be read: {organization.root_features.reason}")
    elif not organization.root_features:
        yield LeftOut("centralized root access", "none of its features is enabled")


def enabled_types(organization: Organization) -> list[str]:
    """Return the types of policy that are enabled in the root."""
    return [kind for kind, status in organization.policy_types if status == "ENABLED"]


HANDOVER = Handover(hand_over, (CreateOrganization, EnableTrustedAccess, EnablePolicyType, EnableRootFeature))
