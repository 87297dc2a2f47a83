"""How AWS is asked for what does not belong in the management account: a handful of services, and where they are.

The home region and us-east-1 are asked service by service. In the other enabled regions only the tagging API is
asked, one call each: it knows what carries a tag or did so once. What never had one is missed, and the finding says so.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import HOME, Connection
from orgkit.model.management_account import Keys, Look
from orgkit.model.observed import Unread

MOST_NAMES, MOST_USERS, ONE_PAGE = 50, 20, 100
# As a person knows it, boto3's name and operation, member of the answer, what names a thing, the tagging API's type.
SERVICES = (
    ("EC2 instances", "ec2", "DescribeInstances", "Reservations", "Instances", "ec2:instance"),
    ("RDS databases", "rds", "DescribeDBInstances", "DBInstances", "DBInstanceIdentifier", "rds:db"),
    ("Lambda functions", "lambda", "ListFunctions", "Functions", "FunctionName", "lambda:function"),
    ("ECS clusters", "ecs", "ListClusters", "clusterArns", "", "ecs:cluster"),
    ("DynamoDB tables", "dynamodb", "ListTables", "TableNames", "", "dynamodb:table"),
)
TAGGED = "tagged resources"


def read_workloads(aws: Connection, home: str) -> tuple[Look, ...]:
    """Every service in the two regions, the buckets, and tagged resources in the other regions that are enabled."""
    near = tuple(dict.fromkeys((home, HOME)))
    return (*_direct(aws, near), _buckets(aws), *_tagged(aws, near))


def read_keys(aws: Connection) -> Keys:
    """Which IAM users have access keys; one call a user, so the first ones only."""
    users = list(islice(aws.pages("iam", "ListUsers", "Users"), MOST_USERS + 1))
    names = [str(each["UserName"]) for each in users[:MOST_USERS]]
    with_keys = (name for name in names if aws.read("iam", "ListAccessKeys", UserName=name).get("AccessKeyMetadata"))
    return Keys(tuple(sorted(with_keys)), looked_at=len(names), more=len(users) > MOST_USERS)


def _direct(aws: Connection, regions: tuple[str, ...]) -> Iterator[Look]:
    for title, service, operation, member, name, _ in SERVICES:
        for region in regions:
            try:
                pages = islice(aws.pages(service, operation, member, region=region), MOST_NAMES)
                found: tuple[str, ...] | Unread = tuple(each for item in pages for each in _names(item, name))
            except Refused as refused:
                found = Unread(str(refused))
            yield Look(title, region, found)


def _names(item: Any, name: str) -> Iterator[str]:
    """What a thing is called; a terminated instance is shown by EC2 for an hour, and is no workload."""
    if name == "Instances":
        yield from (each["InstanceId"] for each in item[name] if each.get("State", {}).get("Name") != "terminated")
    else:
        yield str(item[name] if name else item).rpartition("/")[2]


def _buckets(aws: Connection) -> Look:
    """One page holds every bucket of nearly every account."""
    try:
        found = aws.read("s3", "ListBuckets").get("Buckets", [])
    except Refused as refused:
        return Look("S3 buckets", "all regions", Unread(str(refused)))
    return Look("S3 buckets", "all regions", tuple(str(each["Name"]) for each in found))


def _tagged(aws: Connection, near: tuple[str, ...]) -> Iterator[Look]:
    try:
        enabled = ["ENABLED", "ENABLED_BY_DEFAULT"]
        found = aws.pages("account", "ListRegions", "Regions", RegionOptStatusContains=enabled)
        regions = sorted(str(each["RegionName"]) for each in found)
    except Refused as refused:
        yield Look(TAGGED, "other regions", Unread(str(refused)), complete=False)
        return
    yield from (_tagged_in(aws, region) for region in regions if region not in near)


def _tagged_in(aws: Connection, region: str) -> Look:
    """The first page is enough to know that something is there."""
    types = [each[-1] for each in SERVICES]
    try:
        found = aws.read(
            "resourcegroupstaggingapi",
            "GetResources",
            region=region,
            ResourceTypeFilters=types,
            ResourcesPerPage=ONE_PAGE,
        )
    except Refused as refused:
        return Look(TAGGED, region, Unread(str(refused)), complete=False)
    arns = (str(each["ResourceARN"]) for each in found.get("ResourceTagMappingList", []))
    return Look(TAGGED, region, tuple(arns), complete=False)
