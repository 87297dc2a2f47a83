"""AWS calls that read what a hand-over of phase 05 needs in addition to the facts of the phase."""

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed, Unread
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.bucket_aws import Place, encryption_rule
from orgkit.phases.trail.choice import choose
from orgkit.phases.trail.facts import Key, Trail, TrailFacts
from orgkit.phases.trail.handover_facts import BucketDetails, KeyDetails, TrailDetails, TrailHandoverFacts

# Not among the actions of the read role: the access role is used, restricted to this action.
KEY_TAGS_ACTION = "kms:ListResourceTags"


def read_handover(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the details of the trail, and those of buckets and key in the log archive account."""
    facts, archive = observed.facts(TrailFacts), desired.log_archive
    account = match_if_clear(archive, observed) if archive else None
    if facts is None or archive is None or account is None or isinstance(facts.trails, Unread):
        return observed
    choice = choose(facts.trails, desired.trail.with_account(account.id))
    trail = _trail(aws, choice.trail) if choice.trail else None
    buckets = () if isinstance(facts.buckets, Unread) else _buckets(aws, account.id, facts.buckets)
    key = (
        _key(aws, desired.trail.region, account.id, archive.role_name, facts.key)
        if isinstance(facts.key, Key)
        else None
    )
    return observed.with_facts(TrailHandoverFacts(trail, buckets, key))


def _trail(aws: Connection, trail: Trail) -> TrailDetails:
    item = aws.read("cloudtrail", "GetTrail", region=trail.home_region, Name=trail.arn)["Trail"]
    return TrailDetails(
        sns_topic=str(item.get("SnsTopicName") or ""),
        log_group=str(item.get("CloudWatchLogsLogGroupArn") or ""),
        log_role=str(item.get("CloudWatchLogsRoleArn") or ""),
        insights=_insights(aws, trail) if item.get("HasInsightSelectors") else (),
    )


def _insights(aws: Connection, trail: Trail) -> tuple[str, ...]:
    try:
        answer = aws.read("cloudtrail", "GetInsightSelectors", region=trail.home_region, TrailName=trail.arn)
    except Rejected as rejection:
        if rejection.code == "InsightNotEnabledException":
            return ()
        raise
    return tuple(sorted(str(item["InsightType"]) for item in answer.get("InsightSelectors", [])))


def _buckets(aws: Connection, account_id: str, buckets: tuple[Bucket, ...]) -> tuple[BucketDetails, ...]:
    present = [bucket for bucket in buckets if bucket.exists and not bucket.foreign]
    if not present:  # also where the file has no read role, so that there is none to enter the account
        return ()
    member = aws.assume(account_id, READ_ROLE)
    return tuple(_bucket(Place(member, bucket.name, bucket.region or "", account_id)) for bucket in present)


def _bucket(place: Place) -> BucketDetails:
    rule = encryption_rule(place)
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    lock = place.setting("GetObjectLockConfiguration").get("ObjectLockConfiguration", {})
    retention = lock.get("Rule", {}).get("DefaultRetention", {})
    return BucketDetails(
        place.bucket,
        algorithm=str(default.get("SSEAlgorithm", "")),
        key=str(default.get("KMSMasterKeyID", "")),
        has_bucket_key=bool(rule.get("BucketKeyEnabled")),
        lock_mode=str(retention.get("Mode", "")),
        lock_days=int(retention.get("Days") or 0),
        lock_years=int(retention.get("Years") or 0),
    )


def _key(aws: Connection, region: str, account_id: str, role_name: str, key: Key) -> KeyDetails:
    reader = aws.assume(account_id, READ_ROLE)
    described = reader.read("kms", "DescribeKey", region=region, KeyId=key.arn)["KeyMetadata"]
    rotation = reader.read("kms", "GetKeyRotationStatus", region=region, KeyId=key.arn)
    statement = {"Effect": "Allow", "Action": KEY_TAGS_ACTION, "Resource": key.arn}
    policy = compact_json({"Version": "2012-10-17", "Statement": [statement]})
    access = aws.assume(account_id, role_name, policy=policy)
    tags = access.pages("kms", "ListResourceTags", "Tags", region=region, KeyId=key.arn)
    return KeyDetails(
        description=str(described.get("Description", "")),
        rotation_days=int(rotation.get("RotationPeriodInDays") or 0),
        tags=tuple(sorted((str(tag["TagKey"]), str(tag["TagValue"])) for tag in tags)),
    )
