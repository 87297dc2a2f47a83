"""AWS calls that read trails, and that make, change and start the organization trail."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws
from orgkit.errors import NeedsDecision
from orgkit.model.desired import LOG_ARCHIVE_ID, READ_ROLE, Desired, Tags, TrailSpec, name_in
from orgkit.model.matching import IdIndex, match_if_clear
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import DISABLED, ENABLED, starting_value
from orgkit.phases.handler import handle
from orgkit.phases.member_access.member_roles_aws import is_not_readable
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.bucket_aws import Place, read_bucket
from orgkit.phases.trail import bucket_steps_aws, key_aws, selectors_aws
from orgkit.phases.trail.choice import Choice, choose
from orgkit.phases.trail.documents import trail_arn
from orgkit.phases.trail.facts import Trail, TrailFacts
from orgkit.phases.trail.steps import CreateTrail, StartLogging, UpdateTrail
from orgkit.phases.trail.stronger import keys_in_use


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the trails, and the log archive account through its read role alone."""
    archive = match_if_clear(desired.log_archive, observed) if desired.log_archive else None
    organization_id = observed.organization.id if observed.organization else ""
    return observed.with_facts(read_trail(aws, organization_id, desired, archive.id if archive else None))


def read_trail(
    aws: Connection, organization_id: str | None, desired: Desired, log_archive_id: str | None
) -> TrailFacts:
    """Read the management account's trails; buckets and key through the log archive account's read role alone."""
    spec = desired.trail.with_account(log_archive_id)
    if log_archive_id is None or not desired.section(MembersSpec).read_role:
        return TrailFacts(trails=read_trails(aws, spec.region, bool(organization_id)))
    reads: tuple[Callable[[], Any], ...] = (
        lambda: read_trails(aws, spec.region, bool(organization_id)),
        lambda: _read_buckets(aws, spec, log_archive_id),
    )
    trails, buckets = aws.executor.map(lambda read: read(), reads)
    if isinstance(buckets, Unread):
        return TrailFacts(trails=trails, buckets=buckets, key=buckets)
    known_trails = () if isinstance(trails, Unread) else trails
    try:
        buckets, own = _with_owners(aws, buckets, choose(known_trails, spec), spec.region)
        member = aws.assume(log_archive_id, READ_ROLE)
        key = key_aws.read_key(member, spec, keys_in_use(known_trails, buckets, spec, log_archive_id))
        return TrailFacts(trails=trails, buckets=buckets, key=key, management_buckets=own)
    except Rejected as rejection:
        unread = Unread(str(rejection), rejection.remedy)
        return TrailFacts(trails=trails, buckets=unread, key=unread)


def _read_buckets(aws: Connection, spec: TrailSpec, log_archive_id: str) -> tuple[Bucket, ...] | Unread:
    try:
        member = aws.assume(log_archive_id, READ_ROLE)
    except Rejected as rejection:
        if not is_not_readable(rejection):
            raise  # as where the account itself is read, whichever of the two comes first
        return Unread(f"{READ_ROLE} cannot be assumed in account {log_archive_id}")
    names = (spec.bucket if spec.bucket_settings else "", spec.records_bucket)
    places = [Place(member, name, spec.region, log_archive_id) for name in names if name]
    try:
        return tuple(member.executor.map(read_bucket, places))
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy)


def _with_owners(
    aws: Connection, buckets: tuple[Bucket, ...], choice: Choice, region: str
) -> tuple[tuple[Bucket, ...], tuple[str, ...]]:
    """Search the management account for the buckets that are not in the log archive account."""
    names = [bucket.name for bucket in buckets if bucket.foreign] + [choice.bucket] * (not choice.is_own)
    own = tuple(name for name in names if _is_of_caller(aws, name, region))
    account = aws.caller().account
    return tuple(replace(bucket, owner=account if bucket.name in own else "") for bucket in buckets), own


def _is_of_caller(aws: Connection, name: str, region: str) -> bool:
    """Return whether the management account has a bucket of this name; False if it may not list its buckets."""
    try:
        answer = aws.read("s3", "ListBuckets", region=region, Prefix=name)
    except Rejected:
        return False
    return name in [bucket["Name"] for bucket in answer.get("Buckets", [])]


def create_trail(aws: Connection, step: CreateTrail, id_index: IdIndex) -> None:
    """Make the trail, or check that it exists as approved; return when AWS shows it."""
    arn = _arn(aws, step, id_index)
    if _find(aws, arn, step.region) is None:
        _create(aws, step, id_index)
    # AWS lists a change only seconds after it has confirmed it, here and below.
    trail = aws.wait_for(f"trail {step.trail} to be visible", lambda: _find(aws, arn, step.region), every=2, at_most=60)
    settings = {"S3BucketName": _bucket_name(step, id_index), "IsOrganizationTrail": True, "IsMultiRegionTrail": True,
              "LogFileValidationEnabled": True, **_key(step.key_alias, id_index)}  # fmt: skip
    differing = [name for name, value in settings.items() if trail.get(name) != value]
    if differing:
        raise NeedsDecision(
            f"trail {step.trail} has been created in the meantime, and differs in {', '.join(differing)}.",
            "plan again: the new plan says what would change.",
        )


def _create(aws: Connection, step: CreateTrail, id_index: IdIndex) -> None:
    try:
        # Just after the bucket's policy was written, CloudTrail may not see it yet: mutate repeats that refusal.
        aws.mutate(
            "cloudtrail",
            "CreateTrail",
            region=step.region,
            expect="TrailARN",
            Name=step.trail,
            S3BucketName=_bucket_name(step, id_index),
            IsOrganizationTrail=True,
            IsMultiRegionTrail=True,
            IncludeGlobalServiceEvents=True,
            EnableLogFileValidation=True,
            TagsList=as_aws(step.tags),
            **_key(step.key_alias, id_index),
        )
    except Rejected as rejection:
        if rejection.code != "TrailAlreadyExistsException":
            raise


def update_trail(aws: Connection, step: UpdateTrail, id_index: IdIndex) -> None:
    """Set all that makes an organization trail, by ARN and in its home region; doing it twice changes nothing."""
    aws.mutate(
        "cloudtrail",
        "UpdateTrail",
        region=step.region,
        expect="TrailARN",
        Name=_arn(aws, step, id_index),
        S3BucketName=_bucket_name(step, id_index),
        IsOrganizationTrail=True,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        **({"KmsKeyId": ""} if step.key_alias == "" else _key(step.key_alias, id_index)),
    )


def start_logging(aws: Connection, step: StartLogging, id_index: IdIndex) -> None:
    """Start logging, and wait until AWS reports it: that AWS accepts the request does not prove it."""
    arn = _arn(aws, step, id_index)
    aws.mutate("cloudtrail", "StartLogging", region=step.region, Name=arn)
    aws.wait_for(
        f"trail {step.trail} to be logging",
        lambda: _status(aws, {"TrailARN": arn, "HomeRegion": step.region}).get("IsLogging") or None,
        every=2,
        at_most=120,
    )


def settings_of_trail(aws: Connection, step: CreateTrail | UpdateTrail, id_index: IdIndex) -> str:
    """Return the current settings of the trail."""
    trail = _find(aws, _arn(aws, step, id_index), step.region)
    return starting_value(trail and _trail(trail, in_organization=True).settings)


def logging_state(aws: Connection, step: StartLogging, id_index: IdIndex) -> str:
    """Return whether the trail logs now."""
    status = _status(aws, {"TrailARN": _arn(aws, step, id_index), "HomeRegion": step.region})
    return ENABLED if status.get("IsLogging") else DISABLED


HANDLERS = (
    *key_aws.HANDLERS,
    *bucket_steps_aws.HANDLERS,
    *selectors_aws.HANDLERS,
    handle(CreateTrail, create_trail, settings_of_trail),
    handle(UpdateTrail, update_trail, settings_of_trail),
    handle(StartLogging, start_logging, logging_state),
)


def read_trails(aws: Connection, region: str, in_organization: bool) -> tuple[Trail, ...] | Unread:
    """Return the trails of the management account in every region, with what each logs."""
    try:
        items = _all_trails(aws, region)
        tags = selectors_aws.read_tags(aws, items)
        described = [_trail(item, in_organization) for item in items]
        trails = aws.executor.map(lambda trail: _with_logging(aws, trail, tags), described)
        return tuple(sorted(trails, key=lambda trail: trail.arn))
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy)


def _all_trails(aws: Connection, region: str) -> list[dict[str, Any]]:
    """Return the trails of every region: DescribeTrails reports one region, ListTrails names those of the others."""
    described = list(aws.read("cloudtrail", "DescribeTrails", region=region, includeShadowTrails=True)["trailList"])
    seen = {item["TrailARN"] for item in described}
    for short in aws.pages("cloudtrail", "ListTrails", "Trails", region=region):
        if short["TrailARN"] not in seen:
            described += aws.read(
                "cloudtrail", "DescribeTrails", region=short["HomeRegion"], trailNameList=[short["TrailARN"]]
            )["trailList"]
    return described


def _with_logging(aws: Connection, trail: Trail, tags: Mapping[str, Tags]) -> Trail:
    """Add whether the trail logs, what it logs and whether that arrives: DescribeTrails reports none of this."""
    status = _status(aws, {"TrailARN": trail.arn, "HomeRegion": trail.home_region})
    return replace(
        trail,
        logging=bool(status.get("IsLogging")),
        delivery_error=str(status.get("LatestDeliveryError") or ""),
        digest_error=str(status.get("LatestDigestDeliveryError") or ""),
        silent_since=selectors_aws.silent_since(status, aws.clock.now()),
        selectors=selectors_aws.read_selectors(aws, trail.arn, trail.home_region),
        tags=tags.get(trail.arn),
    )


def _trail(item: dict[str, Any], in_organization: bool) -> Trail:
    return Trail(
        name=item["Name"],
        arn=item["TrailARN"],
        home_region=item["HomeRegion"],
        # Without an organization, it can only be left over from a former one.
        organization=in_organization and bool(item.get("IsOrganizationTrail")),
        multi_region=bool(item.get("IsMultiRegionTrail")),
        validated=bool(item.get("LogFileValidationEnabled")),
        bucket=str(item.get("S3BucketName", "")),
        prefix=str(item.get("S3KeyPrefix") or ""),
        global_events=bool(item.get("IncludeGlobalServiceEvents")),
        key=item.get("KmsKeyId") or None,
        copies=tuple(str(item[name]) for name in ("CloudWatchLogsLogGroupArn", "SnsTopicARN") if item.get(name)),
        logging=False,  # not known
    )


def _status(aws: Connection, item: dict[str, Any]) -> dict[str, Any]:
    """Read the status by ARN, in the home region: by name, AWS looks for a trail of the region of the call."""
    return aws.read("cloudtrail", "GetTrailStatus", region=item["HomeRegion"], Name=item["TrailARN"])


def _find(aws: Connection, arn: str, region: str) -> dict[str, Any] | None:
    try:
        trail: dict[str, Any] = aws.read("cloudtrail", "GetTrail", region=region, Name=arn)["Trail"]
    except Rejected as rejection:
        if rejection.code == "TrailNotFoundException":
            return None
        raise
    return trail


def _bucket_name(step: CreateTrail | UpdateTrail, id_index: IdIndex) -> str:
    """Return the bucket's name, with the id of the log archive account where the name contains it."""
    if LOG_ARCHIVE_ID not in step.bucket:
        return step.bucket
    return name_in(step.bucket, id_index.account(id_index.desired.trail.log_archive_account))


def _arn(aws: Connection, step: CreateTrail | UpdateTrail | StartLogging, id_index: IdIndex) -> str:
    return trail_arn(aws.partition, step.region, id_index.target.account, step.trail)


def _key(alias: str | None, id_index: IdIndex) -> dict[str, str]:
    return {"KmsKeyId": key_aws.key_arn(id_index)} if alias else {}
