"""Pairs in AWS's shape, and the two ways to read them: in bulk, and one resource as it is now."""

from collections.abc import Iterable, Mapping

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import HOME, Connection

Pairs = tuple[tuple[str, str], ...]
PAGE_SIZE = 100  # resources that AWS puts on a page when it is asked to; else it puts 50


def read_tags(aws: Connection) -> dict[str, Pairs] | None:
    """The tags of everything in the organization, by resource id, in bulk; None when that is not to be had."""
    try:
        pages = aws.pages(
            "resourcegroupstaggingapi",
            "GetResources",
            "ResourceTagMappingList",
            region=HOME,
            ResourceTypeFilters=["organizations"],
            ResourcesPerPage=PAGE_SIZE,
        )
        return {item["ResourceARN"].rpartition("/")[2]: tags_of(item.get("Tags", [])) for item in pages}
    except Rejected:
        return None


def read_tags_of(aws: Connection, resource_id: str) -> Pairs:
    """The tags of one OU or account, as they are now: the bulk read may lag behind."""
    return tags_of(aws.pages("organizations", "ListTagsForResource", "Tags", ResourceId=resource_id))


def tags_of(items: Iterable[Mapping[str, str]]) -> Pairs:
    """AWS's list of Key and Value as sorted pairs."""
    return tuple(sorted((str(item["Key"]), str(item["Value"])) for item in items))


def as_aws(tags: Pairs) -> list[dict[str, str]]:
    """Pairs as the list of Key and Value that most of AWS's calls take."""
    return [{"Key": key, "Value": value} for key, value in tags]
