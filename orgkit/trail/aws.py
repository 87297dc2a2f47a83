"""How AWS is asked about trails, and to make, change and start the organization trail."""

from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws
from orgkit.errors import NeedsDecision
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.directory import Directory
from orgkit.model.observed import Trail, TrailFacts, Unread
from orgkit.model.trail import CreateTrail, StartLogging, UpdateTrail
from orgkit.plan import Step
from orgkit.trail import bucket_steps_aws, key_aws
from orgkit.trail.bucket_aws import read_buckets
from orgkit.trail.documents import trail_arn


def read_trail(
    aws: Connection, organization_id: str | None, desired: Desired, log_archive_id: str | None, readable: bool
) -> TrailFacts:
    """The management account's trails; buckets and key through the read role of the log archive account alone."""
    trails = _read_trails(aws, desired.trail.region, bool(organization_id))
    if log_archive_id is None:
        return TrailFacts(trails=trails)
    if not readable:
        unread = Unread(f"{READ_ROLE} cannot be assumed in account {log_archive_id}")
        return TrailFacts(trails=trails, buckets=unread, key=unread)
    try:
        member = aws.assume(log_archive_id, READ_ROLE)
        return TrailFacts(
            trails=trails,
            buckets=tuple(read_buckets(member, desired.trail, log_archive_id)),
            key=key_aws.read_key(member, desired.trail),
        )
    except Refused as refused:
        unread = Unread(str(refused), refused.do)
        return TrailFacts(trails=trails, buckets=unread, key=unread)


def create_trail(aws: Connection, step: CreateTrail, directory: Directory) -> None:
    """Make it, or find that it is made as approved; return when AWS shows it."""
    arn = _arn(aws, step, directory)
    if _find(aws, arn, step.region) is None:
        _create(aws, step, directory)
    # AWS's lists lag behind its answers by seconds, here and below.
    found = aws.wait_for(f"trail {step.trail} to be visible", lambda: _find(aws, arn, step.region), every=2, at_most=60)
    wanted = {"S3BucketName": step.bucket, "IsOrganizationTrail": True, "IsMultiRegionTrail": True,
              "LogFileValidationEnabled": True, **_key(step.key_alias, directory)}  # fmt: skip
    differing = [name for name, value in wanted.items() if found.get(name) != value]
    if differing:
        raise NeedsDecision(
            f"trail {step.trail} has been created meanwhile, and differs in {', '.join(differing)}.",
            "plan again: the new plan says what would change.",
        )


def _create(aws: Connection, step: CreateTrail, directory: Directory) -> None:
    try:
        # Just after the bucket's policy was written, CloudTrail may not see it yet: mutate repeats that refusal.
        aws.mutate(
            "cloudtrail",
            "CreateTrail",
            region=step.region,
            expect="TrailARN",
            Name=step.trail,
            S3BucketName=step.bucket,
            IsOrganizationTrail=True,
            IsMultiRegionTrail=True,
            IncludeGlobalServiceEvents=True,
            EnableLogFileValidation=True,
            TagsList=as_aws(step.tags),
            **_key(step.key_alias, directory),
        )
    except Refused as refused:
        if refused.code != "TrailAlreadyExistsException":
            raise


def update_trail(aws: Connection, step: UpdateTrail, directory: Directory) -> None:
    """Set all that makes an organization trail, by ARN and in its home region; doing it twice changes nothing."""
    aws.mutate(
        "cloudtrail",
        "UpdateTrail",
        region=step.region,
        expect="TrailARN",
        Name=_arn(aws, step, directory),
        S3BucketName=step.bucket,
        IsOrganizationTrail=True,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        **({"KmsKeyId": ""} if step.key_alias == "" else _key(step.key_alias, directory)),
    )


def start_logging(aws: Connection, step: StartLogging, directory: Directory) -> None:
    """Start it and see it on: that AWS took the request is no proof."""
    arn = _arn(aws, step, directory)
    aws.mutate("cloudtrail", "StartLogging", region=step.region, Name=arn)
    aws.wait_for(
        f"trail {step.trail} to be logging",
        lambda: _status(aws, {"TrailARN": arn, "HomeRegion": step.region}).get("IsLogging") or None,
        every=2,
        at_most=120,
    )


STEPS: dict[type[Step], Any] = {
    **key_aws.STEPS,
    **bucket_steps_aws.STEPS,
    CreateTrail: create_trail,
    UpdateTrail: update_trail,
    StartLogging: start_logging,
}


def _read_trails(aws: Connection, region: str, in_organization: bool) -> tuple[Trail, ...] | Unread:
    try:
        found = [_trail(item, _status(aws, item), in_organization) for item in _all_trails(aws, region)]
        return tuple(sorted(found, key=lambda trail: trail.arn))
    except Refused as refused:
        return Unread(str(refused), refused.do)


def _all_trails(aws: Connection, region: str) -> list[dict[str, Any]]:
    """DescribeTrails tells of one region; trails of one other region are known to ListTrails only."""
    described = list(aws.read("cloudtrail", "DescribeTrails", region=region, includeShadowTrails=True)["trailList"])
    seen = {item["TrailARN"] for item in described}
    for short in aws.pages("cloudtrail", "ListTrails", "Trails", region=region):
        if short["TrailARN"] not in seen:
            described += aws.read(
                "cloudtrail", "DescribeTrails", region=short["HomeRegion"], trailNameList=[short["TrailARN"]]
            )["trailList"]
    return described


def _trail(item: dict[str, Any], status: dict[str, Any], in_organization: bool) -> Trail:
    return Trail(
        name=item["Name"],
        arn=item["TrailARN"],
        home_region=item["HomeRegion"],
        # Without an organization it can only be what a former one left behind.
        organization=in_organization and bool(item.get("IsOrganizationTrail")),
        multi_region=bool(item.get("IsMultiRegionTrail")),
        validated=bool(item.get("LogFileValidationEnabled")),
        bucket=str(item.get("S3BucketName", "")),
        prefix=str(item.get("S3KeyPrefix") or ""),
        key=item.get("KmsKeyId") or None,
        logging=bool(status.get("IsLogging")),
        delivery_error=str(status.get("LatestDeliveryError", "")),
    )


def _status(aws: Connection, item: dict[str, Any]) -> dict[str, Any]:
    """By ARN and in the home region: by name, AWS would look for a trail of the region that is asked."""
    return aws.read("cloudtrail", "GetTrailStatus", region=item["HomeRegion"], Name=item["TrailARN"])


def _find(aws: Connection, arn: str, region: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = aws.read("cloudtrail", "GetTrail", region=region, Name=arn)["Trail"]
    except Refused as refused:
        if refused.code == "TrailNotFoundException":
            return None
        raise
    return found


def _arn(aws: Connection, step: CreateTrail | UpdateTrail | StartLogging, directory: Directory) -> str:
    return trail_arn(aws.partition, step.region, directory.target.account, step.trail)


def _key(alias: str | None, directory: Directory) -> dict[str, str]:
    return {"KmsKeyId": key_aws.key_arn(directory)} if alias else {}
