"""What is read of an organization to adopt it, in addition to what every phase reads."""

from dataclasses import dataclass

from orgkit.model.desired import Tags
from orgkit.model.observed import Unread


@dataclass(frozen=True)
class OrganizationFacts:
    """Delegated administrators, the tags of the root, and the organization's resource policy."""

    delegated: tuple[tuple[str, tuple[str, ...]], ...] | Unread = ()  # (account id, service principals)
    root_tags: Tags | Unread = ()
    resource_policy: str | Unread = ""  # "" for none
