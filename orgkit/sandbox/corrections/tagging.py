"""Organizations' resources in the tagging API of us-east-1: what lets all tags be read in one call a hundred."""

from collections.abc import Iterator
from typing import Any

import moto.resourcegroupstaggingapi.models as tagging
from moto.core.resource_tagging import TaggedResource, iter_taggable_backends
from moto.organizations.models import OrganizationsBackend, organizations_backends

from orgkit.sandbox.corrections.registry import corrects

_iterate = iter_taggable_backends
_get_resources = tagging.ResourceGroupsTaggingAPIBackend.get_resources
HOME = "us-east-1"
UNLIMITED = 1_000_000


@corrects(tagging.ResourceGroupsTaggingAPIBackend, moto="GetResources cuts a page at 99 tags, whatever is asked for.")
def get_resources(self: Any, **kwargs: Any) -> Any:
    """GetResources cuts a page by resources; by tags only on request (which is not done here)."""
    return _get_resources(self, **{**kwargs, "tags_per_page": UNLIMITED})


class OrganizationTags:
    """Seen from the management account only, as moto's taggable backends are shaped."""

    def __init__(self, backend: OrganizationsBackend) -> None:
        self.backend = backend

    def owns_arn(self, arn: str) -> bool:
        return arn.startswith("arn:aws:organizations:")

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        for resource in [*self.backend.ou, *self.backend.accounts, *self.backend.policies]:
            kind = resource.arn.split(":")[5].split("/")[0]  # root, ou, account, policy
            yield TaggedResource(arn=resource.arn, tags=resource.tags, resource_type=f"organizations:{kind}")

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        self.backend.tag_resource(ResourceId=_id(arn), Tags=[{"Key": key, "Value": tags[key]} for key in tags])

    def untag_resource(self, arn: str, tag_keys: list[str]) -> None:
        self.backend.untag_resource(ResourceId=_id(arn), TagKeys=tag_keys)


def _id(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


@corrects(tagging, "iter_taggable_backends", moto="GetResources knows nothing of Organizations.")
def add_organizations(account_id: str, region_name: str) -> Iterator[Any]:
    """GetResources in us-east-1 knows root, units, accounts and policies of the organization."""
    yield from _iterate(account_id, region_name)
    if region_name == HOME and account_id in organizations_backends:
        backend = organizations_backends[account_id]["aws"]
        if backend.org is not None:
            yield OrganizationTags(backend)
