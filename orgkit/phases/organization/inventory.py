"""The organization in the inventory: its settings, trusted access, policy types and delegated administrators."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.inventory import NONE, PRESENCE, Gap, InventoryPart, Resource, gaps_of, tag_values, value_or_same
from orgkit.model.observed import Observed, Organization, Unread
from orgkit.model.plan import DISABLED, ENABLED
from orgkit.phases.organization.facts import OrganizationFacts
from orgkit.phases.organization.planner import ROOT_FEATURES

STATE = "state"
ORGANIZATION_KIND, TRUSTED_ACCESS, POLICY_TYPE = "organization", "trusted access", "policy type"
DELEGATED, RESOURCE_POLICY = "delegated administrator", "resource policy"
ORGANIZATION_CALLS = {
    "feature set": ("EnableAllFeatures", "AcceptHandshake"),
    "email of the management account": ("AcceptPrimaryEmailUpdate",),
    "centralized root access": (
        "EnableOrganizationsRootCredentialsManagement",
        "DisableOrganizationsRootCredentialsManagement",
        "EnableOrganizationsRootSessions",
        "DisableOrganizationsRootSessions",
    ),
    "tag": ("TagResource", "UntagResource"),
}
SWITCH_CALLS = {
    TRUSTED_ACCESS: ("EnableAWSServiceAccess", "DisableAWSServiceAccess"),
    POLICY_TYPE: ("EnablePolicyType", "DisablePolicyType"),
}
DELEGATION_CALLS = {PRESENCE: ("RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator")}
POLICY_CALLS = {PRESENCE: ("PutResourcePolicy", "DeleteResourcePolicy"), "document": ("PutResourcePolicy",)}


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield the organization, and each switch and delegation of it."""
    organization = observed.organization
    if organization is None:
        return
    facts = observed.facts(OrganizationFacts) or OrganizationFacts()
    yield _organization(organization, facts, desired)
    yield from gaps_of("centralized root access", "", organization.root_features)
    yield from gaps_of("tag of the organization root", "", facts.root_tags)
    spec, account = desired.organization, organization.management_account_id
    enabled = dict.fromkeys(organization.trusted_access, ENABLED)
    policy_types = {name: status.lower() for name, status in organization.policy_types}
    yield from _switches(TRUSTED_ACCESS, enabled, spec.trusted_access, account)
    yield from _switches(POLICY_TYPE, policy_types, spec.policy_types, account)
    yield from _delegations(facts, observed)
    yield from _resource_policy(facts, account)


def _organization(organization: Organization, facts: OrganizationFacts, desired: Desired) -> Resource:
    features, email = organization.root_features, organization.management_email
    tags = () if isinstance(facts.root_tags, Unread) else facts.root_tags
    values = {"feature set": organization.feature_set, "email of the management account": email, **tag_values(tags)}
    is_same = email.casefold() == desired.organization.email.casefold()
    spec_values = {
        "feature set": "ALL",
        "email of the management account": value_or_same(desired.organization.email, email, is_same=is_same),
    }
    for feature in ROOT_FEATURES:
        name = f"centralized root access {feature}"
        if not isinstance(features, Unread):
            values[name] = ENABLED if feature in features else DISABLED
        if desired.organization.centralized_root_access:
            spec_values[name] = ENABLED
    unread = (
        *(("centralized root access",) if isinstance(features, Unread) else ()),
        *(("tag",) if isinstance(facts.root_tags, Unread) else ()),
    )
    return Resource(
        kind=ORGANIZATION_KIND,
        id=organization.id,
        name=organization.id,
        values=values,
        spec_values=spec_values,
        unread=unread,
        account=organization.management_account_id,
        calls=ORGANIZATION_CALLS,
        identifiers=(organization.id, organization.root_id, organization.management_account_id),
        is_only_one=True,
    )


def _switches(kind: str, states: dict[str, str], spec_values: tuple[str, ...], account: str) -> Iterator[Resource]:
    """Yield each switch that is on, or that the file wants on."""
    for name in sorted({*states, *spec_values}):
        is_on = name in states
        yield Resource(
            kind=kind,
            id=name,
            name=name,
            values={STATE: states[name]} if is_on or name not in spec_values else {STATE: DISABLED},
            spec_values={STATE: ENABLED} if name in spec_values else None,
            account=account,
            calls={STATE: SWITCH_CALLS[kind], PRESENCE: SWITCH_CALLS[kind]},
            identifiers=(name,),
        )


def _delegations(facts: OrganizationFacts, observed: Observed) -> Iterator[Resource | Gap]:
    """Yield each delegation of a service to an account: the file names none."""
    yield from gaps_of(DELEGATED, "", facts.delegated)
    for account_id, services in () if isinstance(facts.delegated, Unread) else facts.delegated:
        account = observed.account(account_id)
        for service in services:
            yield Resource(
                kind=DELEGATED,
                id=f"{account_id} for {service}",
                name=f"account {account.name if account else account_id} for {service}",
                values={"account": account_id, "service": service},
                account=observed.target.account,
                calls=DELEGATION_CALLS,
                identifiers=(account_id,),
            )


def _resource_policy(facts: OrganizationFacts, account: str) -> Iterator[Resource | Gap]:
    yield from gaps_of(RESOURCE_POLICY, "", facts.resource_policy)
    if isinstance(facts.resource_policy, str) and facts.resource_policy:
        yield Resource(
            kind=RESOURCE_POLICY,
            id="of the organization",
            name="of the organization",
            values={"document": facts.resource_policy or NONE},
            account=account,
            calls=POLICY_CALLS,
            identifiers=(facts.resource_policy,),
            is_only_one=True,
        )


INVENTORY = InventoryPart((ORGANIZATION_KIND, TRUSTED_ACCESS, POLICY_TYPE, DELEGATED, RESOURCE_POLICY), resources)
