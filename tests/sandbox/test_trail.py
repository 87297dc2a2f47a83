"""CloudTrail and the bucket it writes to, in another account."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import DNS, MANAGEMENT, World

Error = Callable[..., str]
BUCKET, ARN = "corp-logs", "arn:aws:s3:::corp-logs"
TRAIL = {"Name": "organization", "S3BucketName": BUCKET, "IsOrganizationTrail": True, "IsMultiRegionTrail": True}
SOURCE = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/organization"


class Stage:
    """An organization with a log archive account and an empty bucket in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.organizations = world.organization()
        self.id = self.organizations.describe_organization()["Organization"]["Id"]
        self.log = world.account("log")
        self.s3 = world.in_account(self.log, "s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.cloudtrail = world.client("cloudtrail")

    def trust(self) -> None:
        self.organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")

    def put_policy(self, prefixes: list[str] | None = None, source: str = SOURCE, deny: Any = None) -> None:
        service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
        condition = {"StringEquals": {"aws:SourceArn": source}}
        written = {"StringEquals": {"aws:SourceArn": source, "s3:x-amz-acl": "bucket-owner-full-control"}}
        resources = [f"{ARN}/AWSLogs/{prefix}/*" for prefix in prefixes or [MANAGEMENT, self.id]]
        statements = [
            {**service, "Action": "s3:GetBucketAcl", "Resource": ARN, "Condition": condition},
            {**service, "Action": "s3:PutObject", "Resource": resources, "Condition": written},
            *([deny] if deny else []),
        ]
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


@pytest.fixture
def stage(world: World) -> Stage:
    return Stage(world)


def test_an_organization_trail_needs_trusted_access(stage: Stage, error: Error) -> None:
    stage.put_policy()
    assert error(stage.cloudtrail.create_trail, **TRAIL) == "CloudTrailAccessNotEnabledException"


def test_a_trail_is_made_where_the_policy_lets_it_write(stage: Stage) -> None:
    stage.trust()
    tls = {"Bool": {"aws:SecureTransport": "false"}}
    stage.put_policy(
        deny={"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{ARN}/*", "Condition": tls}
    )
    made = stage.cloudtrail.create_trail(EnableLogFileValidation=True, **TRAIL)
    assert made["TrailARN"] == SOURCE
    assert stage.cloudtrail.get_trail_status(Name=SOURCE)["IsLogging"] is False
    stage.cloudtrail.start_logging(Name=SOURCE)
    assert stage.cloudtrail.get_trail_status(Name=SOURCE)["IsLogging"] is True
    trail = stage.cloudtrail.get_trail(Name=SOURCE)["Trail"]
    assert (trail["HomeRegion"], trail["LogFileValidationEnabled"]) == ("us-east-1", True)
    (selector,) = stage.cloudtrail.get_event_selectors(TrailName=SOURCE)["EventSelectors"]
    assert selector["IncludeManagementEvents"] is True


@pytest.mark.parametrize(
    "wrong", [{"prefixes": [MANAGEMENT]}, {"source": SOURCE + "-other"}, {"prefixes": ["o-aaaaaaaaaa", MANAGEMENT]}]
)
def test_a_policy_that_does_not_let_it_write_everywhere_is_refused(stage: Stage, error: Error, wrong: Any) -> None:
    stage.trust()
    assert error(stage.cloudtrail.create_trail, **TRAIL) == "InsufficientS3BucketPolicyException"
    stage.put_policy(**wrong)
    assert error(stage.cloudtrail.create_trail, **TRAIL) == "InsufficientS3BucketPolicyException"


def test_a_bucket_that_is_not_there_is_refused(stage: Stage, error: Error) -> None:
    stage.trust()
    elsewhere = {**TRAIL, "S3BucketName": "nobody-has-this"}
    assert error(stage.cloudtrail.create_trail, **elsewhere) == "S3BucketDoesNotExistException"


def test_a_trail_of_the_same_name_is_refused(stage: Stage, error: Error) -> None:
    stage.trust()
    stage.put_policy()
    stage.cloudtrail.create_trail(**TRAIL)
    assert error(stage.cloudtrail.create_trail, **TRAIL) == "TrailAlreadyExistsException"


def test_a_trail_is_updated_and_its_bucket_looked_at_again(stage: Stage, error: Error) -> None:
    stage.trust()
    stage.put_policy()
    stage.cloudtrail.create_trail(**TRAIL)
    stage.cloudtrail.update_trail(Name=SOURCE, EnableLogFileValidation=True)
    assert stage.cloudtrail.get_trail(Name=SOURCE)["Trail"]["LogFileValidationEnabled"] is True
    stage.s3.delete_bucket_policy(Bucket=BUCKET)
    assert error(stage.cloudtrail.update_trail, Name=SOURCE) == "InsufficientS3BucketPolicyException"


def test_a_key_is_in_the_trails_region_and_lets_it_encrypt(stage: Stage, error: Error) -> None:
    stage.trust()
    stage.put_policy()
    far = stage.world.in_account(stage.log, "kms", region_name="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    create = stage.cloudtrail.create_trail
    assert error(create, KmsKeyId=far, **TRAIL) == "KmsKeyNotFoundException"
    kms = stage.world.in_account(stage.log, "kms")
    near = kms.create_key()["KeyMetadata"]["Arn"]
    assert error(create, KmsKeyId=near, **TRAIL) == "InsufficientEncryptionPolicyException"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:GenerateDataKey*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceArn": SOURCE},
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{MANAGEMENT}:trail/*"},
        },
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    kms.put_key_policy(KeyId=near, PolicyName="default", Policy=policy)
    create(KmsKeyId=near, **TRAIL)
    assert stage.cloudtrail.get_trail(Name=SOURCE)["Trail"]["KmsKeyId"] == near


def test_members_see_the_organization_trail(stage: Stage) -> None:
    stage.trust()
    stage.put_policy()
    stage.cloudtrail.create_trail(**TRAIL)
    member = stage.world.in_account(stage.log, "cloudtrail")
    (seen,) = member.describe_trails()["trailList"]
    assert (seen["TrailARN"], seen["IsOrganizationTrail"]) == (SOURCE, True)
    assert member.describe_trails(includeShadowTrails=False)["trailList"] == []


def test_a_multi_region_trail_is_seen_from_other_regions_and_found_by_arn(stage: Stage, error: Error) -> None:
    stage.trust()
    stage.put_policy()
    stage.cloudtrail.create_trail(**TRAIL)
    elsewhere = stage.world.client("cloudtrail", region_name="eu-west-1")
    assert len(elsewhere.describe_trails()["trailList"]) == 1
    assert elsewhere.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert elsewhere.get_trail(Name=SOURCE)["Trail"]["Name"] == "organization"
    assert error(elsewhere.get_trail, Name="organization") == "TrailNotFoundException"


def test_the_seeded_trail_belongs_to_its_account_alone(world: World) -> None:
    (trail,) = world.client("cloudtrail", "dns").describe_trails()["trailList"]
    assert trail["TrailARN"].split(":")[4] == DNS.id
    assert world.client("cloudtrail", "dns").get_trail_status(Name=trail["TrailARN"])["IsLogging"] is True
    assert world.client("cloudtrail").describe_trails()["trailList"] == []


def test_a_new_bucket_is_encrypted_and_not_public(stage: Stage) -> None:
    (rule,) = stage.s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert all(stage.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    controls = stage.s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_another_account_reaches_the_bucket_only_where_its_policy_says(stage: Stage, error: Error) -> None:
    foreign = stage.world.client("s3")
    assert error(foreign.get_bucket_policy, Bucket=BUCKET) == "AccessDenied"
    assert error(foreign.put_object, Bucket=BUCKET, Key="a", Body=b"") == "AccessDenied"
    assert error(foreign.head_bucket, Bucket=BUCKET) == "403"
    assert error(foreign.create_bucket, Bucket=BUCKET) == "BucketAlreadyExists"
    allow = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "s3:ListBucket", "Resource": ARN}
    stage.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    foreign.head_bucket(Bucket=BUCKET)


def test_an_owner_that_is_not_expected_is_refused(stage: Stage, error: Error) -> None:
    get = stage.s3.get_bucket_versioning
    assert error(get, Bucket=BUCKET, ExpectedBucketOwner=MANAGEMENT) == "AccessDenied"
    get(Bucket=BUCKET, ExpectedBucketOwner=stage.log)


LIFECYCLE = {
    "ID": "logs",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "Transitions": [{"Days": 90, "StorageClass": "GLACIER_IR"}],
    "Expiration": {"Days": 2557},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
KEY = f"arn:aws:kms:us-east-1:{MANAGEMENT}:key/00000000-0000-0000-0000-000000000000"
BY_KEY = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
    "BucketKeyEnabled": True,
}
RETENTION = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 365}}}


@pytest.mark.parametrize(
    ("setting", "member", "value"),
    [
        ("bucket_versioning", "VersioningConfiguration", {"Status": "Enabled"}),
        ("bucket_encryption", "ServerSideEncryptionConfiguration", {"Rules": [BY_KEY]}),
        ("public_access_block", "PublicAccessBlockConfiguration", BLOCK),
        ("bucket_ownership_controls", "OwnershipControls", {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}),
        ("bucket_lifecycle_configuration", "LifecycleConfiguration", {"Rules": [LIFECYCLE, {**LIFECYCLE, "ID": "b"}]}),
        ("bucket_tagging", "Tagging", {"TagSet": [{"Key": "ManagedBy", "Value": "orgkit"}]}),
        ("object_lock_configuration", "ObjectLockConfiguration", RETENTION),
    ],
)
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_setting_of_a_bucket_is_read_as_it_was_put(
    world: World, region: str, setting: str, member: str, value: dict[str, Any]
) -> None:
    s3 = world.client("s3", region_name=region)
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True, **place)
    getattr(s3, f"put_{setting}")(Bucket=BUCKET, **{member: value})
    read = getattr(s3, f"get_{setting}")(Bucket=BUCKET)
    read = read.get(member, read)
    assert {name: read[name] for name in value} == value


def test_objects_come_back_from_a_member_account(stage: Stage) -> None:
    stage.s3.put_object(Bucket=BUCKET, Key="a/b c.txt", Body=b"log", IfNoneMatch="*", ChecksumAlgorithm="SHA256")
    assert stage.s3.get_object(Bucket=BUCKET, Key="a/b c.txt")["Body"].read() == b"log"
    operations = [call["operation"] for call in stage.world.sandbox.calls() if call["service"] == "s3"]
    assert operations == ["CreateBucket", "PutObject", "GetObject"]


def test_a_key_keeps_its_alias_rotation_tags_and_policy(world: World) -> None:
    kms = world.client("kms")
    key = kms.create_key(Description="trail", Tags=[{"TagKey": "orgkit:purpose", "TagValue": "trail"}])["KeyMetadata"]
    kms.create_alias(AliasName="alias/orgkit-trail", TargetKeyId=key["KeyId"])
    kms.enable_key_rotation(KeyId=key["KeyId"])
    assert kms.describe_key(KeyId="alias/orgkit-trail")["KeyMetadata"]["Arn"] == key["Arn"]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == [{"TagKey": "orgkit:purpose", "TagValue": "trail"}]
    assert f"arn:aws:iam::{MANAGEMENT}:root" in kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]


DATA = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::corp-logs/"]}
ADVANCED = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}


def test_selectors_of_one_form_replace_those_of_the_other_and_show_on_the_trail(stage: Stage) -> None:
    stage.trust()
    stage.put_policy()
    stage.cloudtrail.create_trail(**TRAIL)
    assert stage.cloudtrail.describe_trails()["trailList"][0]["HasCustomEventSelectors"] is False
    stage.cloudtrail.put_event_selectors(TrailName=SOURCE, AdvancedEventSelectors=[ADVANCED])
    selectors = stage.cloudtrail.get_event_selectors(TrailName=SOURCE)
    assert (selectors["EventSelectors"], selectors["AdvancedEventSelectors"]) == ([], [ADVANCED])
    stage.cloudtrail.put_event_selectors(TrailName=SOURCE, EventSelectors=[{"DataResources": [DATA]}])
    selectors = stage.cloudtrail.get_event_selectors(TrailName=SOURCE)
    assert (selectors["EventSelectors"][0]["ReadWriteType"], selectors["AdvancedEventSelectors"]) == ("All", [])
    assert stage.cloudtrail.describe_trails()["trailList"][0]["HasCustomEventSelectors"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"EventSelectors": [{}], "AdvancedEventSelectors": [ADVANCED]},
        {"EventSelectors": [{}] * 6},
        {"EventSelectors": [{"IncludeManagementEvents": False}]},
        {"EventSelectors": [{"ReadWriteType": "read-only"}]},
        {"EventSelectors": [{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::*"]}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::SNS::Topic", "Values": ["arn:aws:sns"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventSource", "Equals": ["x"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "NotEquals": ["Data"]}]}]},
        {"AdvancedEventSelectors": [
            {"FieldSelectors": [*ADVANCED["FieldSelectors"], {"Field": "eventName", "Equals": ["x"] * 500}]}
        ]},
    ],
)  # fmt: skip
def test_selectors_that_aws_does_not_take_are_refused(stage: Stage, error: Error, wrong: Any) -> None:
    stage.trust()
    stage.put_policy()
    stage.cloudtrail.create_trail(**TRAIL)
    assert error(stage.cloudtrail.put_event_selectors, TrailName=SOURCE, **wrong) == "InvalidEventSelectorsException"


def test_selectors_are_set_in_the_home_region(stage: Stage, error: Error) -> None:
    stage.trust()
    stage.put_policy()
    stage.cloudtrail.create_trail(**TRAIL)
    elsewhere = stage.world.client("cloudtrail", region_name="eu-west-1")
    assert elsewhere.get_event_selectors(TrailName=SOURCE)["EventSelectors"]
    assert error(elsewhere.put_event_selectors, TrailName=SOURCE, EventSelectors=[{}]) == "InvalidHomeRegionException"


def test_a_bucket_that_refuses_a_log_file_is_the_error_of_the_last_delivery(stage: Stage) -> None:
    stage.trust()
    stage.put_policy()
    stage.cloudtrail.create_trail(**TRAIL)
    stage.cloudtrail.start_logging(Name=SOURCE)
    before = stage.cloudtrail.get_trail_status(Name=SOURCE)
    assert "LatestDeliveryError" not in before
    stage.s3.delete_bucket_policy(Bucket=BUCKET)
    stage.world.sandbox.sleep(1800)
    status = stage.cloudtrail.get_trail_status(Name=SOURCE)
    assert status["LatestDeliveryError"] == "AccessDenied"
    assert (status["LatestDeliveryTime"] - before["LatestDeliveryTime"]).total_seconds() < 60
    stage.s3 = stage.world.in_account(stage.log, "s3")  # the credentials of the first session have expired by now
    stage.put_policy()
    assert "LatestDeliveryError" not in stage.cloudtrail.get_trail_status(Name=SOURCE)


def test_trails_are_described_by_name_or_arn_and_others_are_left_out(stage: Stage) -> None:
    stage.trust()
    stage.put_policy()
    arns = [stage.cloudtrail.create_trail(**TRAIL)["TrailARN"]]
    stage.put_policy(source=SOURCE.replace("organization", "second"))
    arns.append(stage.cloudtrail.create_trail(**{**TRAIL, "Name": "second"})["TrailARN"])
    elsewhere = stage.world.client("cloudtrail", region_name="eu-west-1")
    for client, names, expected in (
        (stage.cloudtrail, [], arns),
        (stage.cloudtrail, [arns[1]], [arns[1]]),
        (stage.cloudtrail, ["organization", "nobody"], [arns[0]]),
        (elsewhere, [arns[1]], [arns[1]]),
        (elsewhere, ["second"], []),
    ):
        found = client.describe_trails(trailNameList=names)["trailList"]
        assert [trail["TrailARN"] for trail in found] == expected
