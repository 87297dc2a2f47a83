"""AWS calls that read what only the adoption of an organization needs to know."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from orgkit.aws.rejections import Rejected
from orgkit.aws.resource_policy import read_resource_policy
from orgkit.aws.session import Connection
from orgkit.aws.tags import read_tags_of
from orgkit.model.observed import Observed, Unread
from orgkit.phases.organization.facts import OrganizationFacts

T = TypeVar("T")


def read_to_adopt(aws: Connection, observed: Observed, read_role: str) -> Observed:
    """Read delegated administrators, the tags of the root, and the organization's resource policy."""
    organization = observed.organization
    assert organization is not None
    has_features = organization.feature_set == "ALL"
    return observed.with_facts(
        OrganizationFacts(
            delegated=_or_unread(partial(_delegated, aws)) if has_features else (),
            root_tags=_or_unread(partial(read_tags_of, aws, organization.root_id)),
            resource_policy=_or_unread(partial(read_resource_policy, aws)) if has_features else "",
        )
    )


def _or_unread(read: Callable[[], T]) -> T | Unread:
    try:
        return read()
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy)


def _delegated(aws: Connection) -> tuple[tuple[str, tuple[str, ...]], ...]:
    administrators = aws.pages("organizations", "ListDelegatedAdministrators", "DelegatedAdministrators")
    ids = sorted(str(item["Id"]) for item in administrators)
    return tuple((account, _services_of(aws, account)) for account in ids)


def _services_of(aws: Connection, account: str) -> tuple[str, ...]:
    pages = aws.pages("organizations", "ListDelegatedServicesForAccount", "DelegatedServices", AccountId=account)
    return tuple(sorted(str(item["ServicePrincipal"]) for item in pages))
