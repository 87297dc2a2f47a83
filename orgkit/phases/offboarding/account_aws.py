"""AWS calls that read what speaks against closing an account, in the management account and in the account itself."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from orgkit.aws.rejections import Rejected
from orgkit.aws.response import Answer, Token, next_token, walk_pages
from orgkit.aws.session import HOME, Connection
from orgkit.aws.tags import read_tags_of
from orgkit.costs.bills.month import Month
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import Desired
from orgkit.model.observed import Unread
from orgkit.model.offboarding import OffboardedAccount
from orgkit.phases.member_access.access_aws import NOT_YET
from orgkit.phases.offboarding.facts import UNKNOWN_OWNER, AccountFacts, Move, TrailUse
from orgkit.phases.offboarding.steps import QUARANTINED_TAG
from orgkit.phases.policies.spec import PoliciesSpec

T = TypeVar("T")
# Errors that last until someone changes a policy, a role or a setting; all unmoved are raised.
LASTING = (*NOT_YET, "UnauthorizedOperation", "AuthFailure", "ExplicitDeny", "ValidationException")
NO_ROLE = ("NoSuchEntity", "NoSuchEntityException")
# The access role is an administrator: the session with which it is only looked may do no more than this.
ONLY_LOOK = compact_json(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["account:ListRegions", "iam:GetRole", "s3:ListAllMyBuckets", "tag:GetResources"],
                "Resource": "*",
            }
        ],
    }
)
HISTORY = timedelta(days=90)  # that AWS's event history goes back
PAGE, PAUSE = 50, 0.6  # events; seconds between two pages: AWS answers two a second
Costs = Mapping[str, tuple[tuple[str, str], ...]] | Unread  # by account, service and USD


@dataclass(frozen=True)
class History:
    """What AWS's event history has of some accounts: the newest move and the newest tagging, by their ids."""

    moves: Mapping[str, Move] | Unread
    taggings: Mapping[str, datetime] | Unread


def read_account(
    aws: Connection, desired: Desired, history: History, costs: Costs, entry: OffboardedAccount
) -> AccountFacts:
    """Read all about one account; each part that AWS does not let us read says so."""
    account = entry.account
    member = read_or_unread(lambda: aws.assume(account, entry.role_name, policy=ONLY_LOOK))
    break_glass = desired.section(PoliciesSpec).break_glass_roles
    return AccountFacts(
        account=account,
        tag=dict(read_tags_of(aws, account)).get(QUARANTINED_TAG, ""),
        move=_value_for(history.moves, account),
        tagged_at=_value_for(history.taggings, account),
        services=read_or_unread(lambda: delegated_services(aws, account)),
        buckets=_read_inside(member, _buckets),
        roles=_read_inside(member, partial(_existing_roles, names=break_glass)),
        resources=_read_inside(member, _resources),
        costs=costs if isinstance(costs, Unread) else costs.get(account, ()),
    )


def _value_for(values: Mapping[str, T] | Unread, account: str) -> T | None | Unread:
    return values if isinstance(values, Unread) else values.get(account)


def read_or_unread(look: Callable[[], T]) -> T | Unread:
    """Return what is read, or why AWS does not let us read it; an error that may pass is raised."""
    try:
        return look()
    except Rejected as rejection:
        if rejection.code not in LASTING:
            raise
        return Unread(str(rejection), rejection.remedy, rejection.code)


def _read_inside(member: Connection | Unread, look: Callable[[Connection], T]) -> T | Unread:
    return member if isinstance(member, Unread) else read_or_unread(lambda: look(member))


def delegated_services(aws: Connection, account: str) -> tuple[str, ...]:
    """Return the services for which an account is a delegated administrator."""
    try:
        pages = aws.pages("organizations", "ListDelegatedServicesForAccount", "DelegatedServices", AccountId=account)
        return tuple(sorted(str(item["ServicePrincipal"]) for item in pages))
    except Rejected as rejection:
        if rejection.code == "AccountNotRegisteredException":
            return ()
        raise


def read_trails(aws: Connection, desired: Desired) -> tuple[TrailUse, ...] | Unread:
    """Return the trails that the management account sees in the region of the file's trail."""

    def look() -> tuple[TrailUse, ...]:
        answer = aws.read("cloudtrail", "DescribeTrails", region=desired.trail.region, includeShadowTrails=True)
        return tuple(
            TrailUse(
                str(item.get("Name", "")), str(item.get("S3BucketName", "")), _owner(str(item.get("KmsKeyId", "")))
            )
            for item in answer["trailList"]
        )

    return read_or_unread(look)


def _owner(arn: str) -> str:
    """Return the account of a key: "" without a key, and UNKNOWN_OWNER for one that is not named by its ARN."""
    parts = arn.split(":")
    return (parts[4] if len(parts) > 5 else UNKNOWN_OWNER) if arn else ""


def read_history(aws: Connection, accounts: Collection[str]) -> History:
    """Read the newest move of each account, and its newest tagging as quarantined."""
    moves = read_or_unread(lambda: _newest(_moves(aws), accounts))
    return History(moves, read_or_unread(lambda: _newest(_taggings(aws), accounts)))


def read_attachment(aws: Connection, policy: str, unit: str) -> datetime | None | Unread:
    """Return when a policy was last attached to a unit; None where the event history has no such event."""
    return read_or_unread(lambda: _newest(_attachments(aws, policy), [unit]).get(unit))


def _newest(items: Iterator[tuple[str, T]], accounts: Collection[str]) -> Mapping[str, T]:
    """Return the first value of each account; no more is read when all are found."""
    newest: dict[str, T] = {}
    missing = set(accounts)
    while missing and (item := next(items, None)) is not None:
        account, value = item
        if account in missing:
            newest[account] = value
            missing.remove(account)
    return newest


def _moves(aws: Connection) -> Iterator[tuple[str, Move]]:
    for at, parameters in _events(aws, "MoveAccount"):
        yield str(parameters.get("accountId")), Move(at, str(parameters.get("destinationParentId", "")))


def _taggings(aws: Connection) -> Iterator[tuple[str, datetime]]:
    for at, parameters in _events(aws, "TagResource"):
        tags = (tag for tag in parameters.get("tags") or () if isinstance(tag, dict))
        if QUARANTINED_TAG in {tag.get("key", tag.get("Key")) for tag in tags}:
            yield str(parameters.get("resourceId")), at


def _attachments(aws: Connection, policy: str) -> Iterator[tuple[str, datetime]]:
    for at, parameters in _events(aws, "AttachPolicy"):
        if parameters.get("policyId") == policy:
            yield str(parameters.get("targetId")), at


def _events(aws: Connection, name: str) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """Yield the successful events of a name in Organizations with their parameters, newest first."""
    now = aws.clock.now()

    def fetch(token: Token) -> Answer:
        attribute = {"AttributeKey": "EventName", "AttributeValue": name}
        return aws.read(
            "cloudtrail", "LookupEvents", region=HOME, LookupAttributes=[attribute], MaxResults=PAGE,
            StartTime=now - HISTORY, EndTime=now, **token,
        )  # fmt: skip

    for page in walk_pages("cloudtrail:LookupEvents", fetch, lambda page: next_token(page, "NextToken")):
        for item in page["Events"]:
            event = json.loads(item["CloudTrailEvent"])
            if event.get("eventSource") == "organizations.amazonaws.com" and not event.get("errorCode"):
                at = datetime.fromisoformat(str(event["eventTime"]).replace("Z", "+00:00")).astimezone(UTC)
                yield at, event.get("requestParameters") or {}
        if page.get("NextToken"):
            aws.clock.sleep(PAUSE)


def _buckets(member: Connection) -> tuple[str, ...]:
    def fetch(token: Token) -> Answer:
        return member.read("s3", "ListBuckets", **token)

    pages = walk_pages("s3:ListBuckets", fetch, lambda page: next_token(page, "ContinuationToken"))
    return tuple(sorted(str(bucket["Name"]) for page in pages for bucket in page.get("Buckets", [])))


def _existing_roles(member: Connection, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if _has_role(member, name))


def _has_role(member: Connection, name: str) -> bool:
    try:
        member.read("iam", "GetRole", RoleName=name)
    except Rejected as rejection:
        if rejection.code in NO_ROLE:
            return False
        raise
    return True


def _resources(member: Connection) -> tuple[tuple[str, int], ...]:
    """Return the number of resources that the tagging API shows, for each enabled region."""
    enabled = ["ENABLED", "ENABLED_BY_DEFAULT"]
    items = member.pages("account", "ListRegions", "Regions", RegionOptStatusContains=enabled)
    regions = sorted(str(item["RegionName"]) for item in items)
    return tuple(zip(regions, member.executor.map(partial(_number_in, member), regions), strict=True))


def _number_in(member: Connection, region: str) -> int:
    pages = member.pages(
        "resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", region=region, ResourcesPerPage=100
    )
    return sum(1 for _ in pages)


def month_of(now: datetime) -> Month:
    """Return the last whole month."""
    return Month.from_datetime(now).previous


def read_costs(aws: Connection, month: Month, accounts: Sequence[str]) -> Costs:
    """Return what accounts cost in a month, by service: one request to Cost Explorer for a page, 0.01 USD each."""

    def look() -> Mapping[str, tuple[tuple[str, str], ...]]:
        amounts: dict[str, list[tuple[str, Decimal]]] = {}
        for group in _groups(aws, month, accounts):
            account, service = (str(key) for key in group["Keys"])
            metric = group["Metrics"]["UnblendedCost"]
            amounts.setdefault(account, []).append((service, Decimal(str(metric["Amount"]))))
        return {account: _largest_first(items) for account, items in amounts.items()}

    try:
        return read_or_unread(look)
    except Rejected as rejection:
        if rejection.code != "DataUnavailableException":  # AWS has no bill of the month: of a new organization
            raise
        return {}


def _groups(aws: Connection, month: Month, accounts: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    def fetch(token: Token) -> Answer:
        return aws.read(
            "ce", "GetCostAndUsage",
            TimePeriod={"Start": month.start.isoformat(), "End": month.end.isoformat()},
            Granularity="MONTHLY", Metrics=["UnblendedCost"],
            Filter={"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": list(accounts)}},
            GroupBy=[{"Type": "DIMENSION", "Key": key} for key in ("LINKED_ACCOUNT", "SERVICE")],
            **token,
        )  # fmt: skip

    pages = walk_pages("ce:GetCostAndUsage", fetch, lambda page: next_token(page, "NextPageToken"))
    yield from (group for page in pages for result in page["ResultsByTime"] for group in result["Groups"])


def _largest_first(items: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, str], ...]:
    ordered = sorted((item for item in items if item[1]), key=lambda item: (-item[1], item[0]))
    return tuple((service, f"{amount:.2f}") for service, amount in ordered)
