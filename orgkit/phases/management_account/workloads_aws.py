"""AWS calls that search the management account for workloads that do not belong there, in a few services.

The home region and us-east-1 are searched service by service. In each other enabled region, one call to the tagging
API finds what has or had a tag. What never had one is missed, and the finding says so.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import HOME, Connection
from orgkit.model.observed import Unread
from orgkit.phases.management_account.findings import Keys, WorkloadSearch

MOST_NAMES, MOST_USERS, ONE_PAGE = 50, 20, 100
# The display name, boto3's name and operation, member of the response, field with the name, the tagging API's type.
SERVICES = (
    ("EC2 instances", "ec2", "DescribeInstances", "Reservations", "Instances", "ec2:instance"),
    ("RDS databases", "rds", "DescribeDBInstances", "DBInstances", "DBInstanceIdentifier", "rds:db"),
    ("Lambda functions", "lambda", "ListFunctions", "Functions", "FunctionName", "lambda:function"),
    ("ECS clusters", "ecs", "ListClusters", "clusterArns", "", "ecs:cluster"),
    ("DynamoDB tables", "dynamodb", "ListTables", "TableNames", "", "dynamodb:table"),
)
TAGGED_RESOURCES = "tagged resources"


def read_workloads(aws: Connection, home: str) -> tuple[WorkloadSearch, ...]:
    """Search every service in the two regions, the buckets, and tagged resources in the other enabled regions."""
    near = tuple(dict.fromkeys((home, HOME)))
    searches: tuple[Callable[[], tuple[WorkloadSearch, ...]], ...] = (
        lambda: _direct(aws, near),
        lambda: (_buckets(aws),),
        lambda: _tagged_resources(aws, near),
    )
    return tuple(search for group in aws.executor.map(lambda search: search(), searches) for search in group)


def read_keys(aws: Connection) -> Keys:
    """Return which IAM users have access keys; it takes one call for each user, so only the first ones are checked."""
    users = list(islice(aws.pages("iam", "ListUsers", "Users"), MOST_USERS + 1))
    names = [str(user["UserName"]) for user in users[:MOST_USERS]]
    keys = aws.executor.map(
        lambda name: aws.read("iam", "ListAccessKeys", UserName=name).get("AccessKeyMetadata"), names
    )
    with_keys = (name for name, metadata in zip(names, keys, strict=True) if metadata)
    return Keys(tuple(sorted(with_keys)), looked_at=len(names), incomplete=len(users) > MOST_USERS)


def _direct(aws: Connection, regions: tuple[str, ...]) -> tuple[WorkloadSearch, ...]:
    def search(place: tuple[str, str, str, str, str, str]) -> WorkloadSearch:
        title, service, operation, member, name, region = place
        try:
            pages = islice(aws.pages(service, operation, member, region=region), MOST_NAMES)
            return WorkloadSearch(title, region, tuple(resource for item in pages for resource in _names(item, name)))
        except Rejected as rejection:
            return WorkloadSearch(title, region, Unread(str(rejection)))

    return tuple(aws.executor.map(search, [(*service[:-1], region) for service in SERVICES for region in regions]))


def _names(item: Any, name: str) -> Iterator[str]:
    """Yield the name of a resource; EC2 shows a terminated instance for an hour, which does not count."""
    if name == "Instances":
        yield from (
            resource["InstanceId"] for resource in item[name] if resource.get("State", {}).get("Name") != "terminated"
        )
    else:
        yield str(item[name] if name else item).rpartition("/")[2]


def _buckets(aws: Connection) -> WorkloadSearch:
    """One page holds every bucket of nearly every account."""
    try:
        buckets = aws.read("s3", "ListBuckets").get("Buckets", [])
    except Rejected as rejection:
        return WorkloadSearch("S3 buckets", "all regions", Unread(str(rejection)))
    return WorkloadSearch("S3 buckets", "all regions", tuple(str(bucket["Name"]) for bucket in buckets))


def _tagged_resources(aws: Connection, near: tuple[str, ...]) -> tuple[WorkloadSearch, ...]:
    try:
        enabled = ["ENABLED", "ENABLED_BY_DEFAULT"]
        enabled_regions = aws.pages("account", "ListRegions", "Regions", RegionOptStatusContains=enabled)
        regions = sorted(str(item["RegionName"]) for item in enabled_regions)
    except Rejected as rejection:
        return (WorkloadSearch(TAGGED_RESOURCES, "other regions", Unread(str(rejection)), complete=False),)
    others = [region for region in regions if region not in near]
    return tuple(aws.executor.map(lambda region: _tagged_in_region(aws, region), others))


def _tagged_in_region(aws: Connection, region: str) -> WorkloadSearch:
    """The first page is enough to know that something is there."""
    types = [entry[-1] for entry in SERVICES]
    try:
        mappings = aws.read(
            "resourcegroupstaggingapi",
            "GetResources",
            region=region,
            ResourceTypeFilters=types,
            ResourcesPerPage=ONE_PAGE,
        )
    except Rejected as rejection:
        return WorkloadSearch(TAGGED_RESOURCES, region, Unread(str(rejection)), complete=False)
    arns = (str(entry["ResourceARN"]) for entry in mappings.get("ResourceTagMappingList", []))
    return WorkloadSearch(TAGGED_RESOURCES, region, tuple(arns), complete=False)
