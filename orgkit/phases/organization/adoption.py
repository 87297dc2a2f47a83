"""`[organization]` as AWS has it."""

from collections.abc import Iterator

from orgkit.model.desired import format_path
from orgkit.model.observed import Account, Observed, Organization, Unread
from orgkit.phases.adopted import (
    Adopted,
    Advice,
    NotRead,
    Unexpressed,
    is_tagged_by_orgkit,
    unread_of,
    valid_values,
)
from orgkit.phases.organization.facts import OrganizationFacts
from orgkit.phases.organization.planner import ROOT_FEATURES
from orgkit.phases.schema import formats
from orgkit.phases.schema.raw import NO_TAGS, Raw

RUNBOOK = "01-organization"
ALL_FEATURES = "enable all features in the console (AWS Organizations, Settings), then 01-organization"


def adopt(observed: Observed, _: Raw) -> Adopted:
    """Return the section for an organization that exists."""
    details, facts = observed.organization, observed.facts(OrganizationFacts) or OrganizationFacts()
    assert details is not None
    own = observed.account(details.management_account_id)
    principals, odd_principals = valid_values(
        details.trusted_access, formats.service_principal, lambda value: f"trusted access for {value}"
    )
    enabled = [name for name, status in details.policy_types if status == "ENABLED"]
    types, odd_types = valid_values(enabled, formats.policy_type, lambda value: f"policy type {value}")
    return Adopted(
        values={
            "management_account_id": details.management_account_id,
            "email": own.email if own else details.management_email,
            "name": _label(own),
            "organization_id": details.id,
            "trusted_access": principals,
            "policy_types": types,
            "centralized_root_access": _has_root_features(details) and "iam.amazonaws.com" in principals,
            **({} if is_tagged_by_orgkit(observed) else {"tags": NO_TAGS}),
        },
        comments=_comments(details),
        advice=tuple(_advice(details)),
        not_expressed=(*odd_principals, *odd_types, *_not_expressed(observed, details, own, facts)),
        not_read=tuple(_not_read(details, facts)),
    )


def _label(own: Account | None) -> str:
    """Return the name of the management account, where it can be the name of the organization in the file."""
    try:
        return formats.label(own.name if own else "")
    except ValueError:
        return "organization"


def _has_root_features(details: Organization) -> bool:
    features = details.root_features
    return not isinstance(features, Unread) and set(ROOT_FEATURES) <= set(features)


def _comments(details: Organization) -> dict[str, str]:
    comments = {
        "name": "AWS has no name for an organization: this is the management account's. Choose your own.",
        "tags": "orgkit did not tag what is here, and adds no tags.",
    }
    if isinstance(details.root_features, Unread):
        comments["centralized_root_access"] = "Not read: false, so that orgkit enables nothing."
    return comments


def _advice(details: Organization) -> Iterator[Advice]:
    if details.feature_set != "ALL":
        yield Advice(
            "high",
            f"the organization has consolidated billing only ({details.feature_set})",
            "policies, trusted access and an organization trail need all features",
            ALL_FEATURES,
        )
        return
    if not isinstance(details.root_features, Unread) and not _has_root_features(details):
        yield Advice(
            "medium",
            "centralized root access is off",
            "each member account has a root user with a password of its own",
            f"centralized_root_access = true, then {RUNBOOK}",
        )
    if not any(status == "ENABLED" for _, status in details.policy_types):
        yield Advice(
            "medium",
            "no policy type is enabled",
            "no service control policy limits what accounts may do",
            f"policy_types, then {RUNBOOK} and 12-policies",
        )


def _not_expressed(
    observed: Observed, details: Organization, own: Account | None, facts: OrganizationFacts
) -> Iterator[Unexpressed]:
    for name, status in details.policy_types:
        if status != "ENABLED":
            yield Unexpressed(f"policy type {name}, {status}", "the file has the policy types that are enabled")
    if not isinstance(details.root_features, Unread) and not _has_root_features(details):
        for feature in details.root_features:
            yield Unexpressed(f"root access feature {feature}", "the file has both features, or none")
    yield from _management_account(own)
    yield from _tags("the organization root", facts.root_tags)
    yield from _delegated(observed, facts)
    if facts.resource_policy and not isinstance(facts.resource_policy, Unread):
        yield Unexpressed("the resource policy of the organization", "the file has no section for it")


def _delegated(observed: Observed, facts: OrganizationFacts) -> Iterator[Unexpressed]:
    for account, services in () if isinstance(facts.delegated, Unread) else facts.delegated:
        for service in services or ("no service",):
            yield Unexpressed(
                f"delegated administrator {_name(observed, account)} for {service}",
                "the file has no section for delegated administrators",
            )


def _name(observed: Observed, account_id: str) -> str:
    account = observed.account(account_id)
    return f"{account_id} ({account.name})" if account else account_id


def _management_account(own: Account | None) -> Iterator[Unexpressed]:
    if own is None:
        return
    subject = f"the management account {own.id}"
    yield from _tags(subject, own.tags)
    if own.unit:
        yield Unexpressed(
            f"{subject} is in organizational unit {format_path(own.unit)}", "the file does not place that account"
        )


def _tags(subject: str, tags: object) -> Iterator[Unexpressed]:
    if isinstance(tags, tuple):
        for key, value in tags:
            yield Unexpressed(f"tag {key} = {value} of {subject}", "the file has no tags for it")


def _not_read(details: Organization, facts: OrganizationFacts) -> Iterator[NotRead]:
    if details.feature_set == "ALL":  # AWS has none of it otherwise
        yield from unread_of("centralized root access", details.root_features)
    yield from unread_of("the tags of the organization root", facts.root_tags)
    yield from unread_of("delegated administrators", facts.delegated)
    yield from unread_of("the resource policy of the organization", facts.resource_policy)
