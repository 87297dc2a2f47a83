"""What AWS was recorded to answer, as the corrections name it: the sandbox answers the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from orgkit.sandbox.corrections.empty_pages import OPERATIONS
from orgkit.sandbox.lifecycle import Seed
from tests.sandbox.conftest import MANAGEMENT, SEED, World

Error = Callable[..., str]
BUCKET = "corp-records"
POLICY_TYPE = "SERVICE_CONTROL_POLICY"
DEFAULT_STRINGS = {
    "LatestDeliveryAttemptTime", "LatestDeliveryAttemptSucceeded", "LatestNotificationAttemptTime",
    "LatestNotificationAttemptSucceeded", "TimeLoggingStarted", "TimeLoggingStopped",
}  # fmt: skip
# Texts that are no policy, each in another way.
NOT_POLICIES = (
    "", "x", "[]", "null", '"text"', "1", "{}", "\ufeff{}",
    '{"Statement": []}', '{"Statement": "x"}', '{"Statement": [1]}', '{"Statement": {}}',
    '{"Statement": [{"Effect": "Maybe", "Action": "*", "Principal": "*"}]}',
    '{"Statement": [{"Effect": "Allow", "Principal": "*"}]}',
    '{"Statement": [{"Effect": "Allow", "Action": "*"}]}',
    '{"Statement": [{"Effect": "Allow", "Action": "*", "Principal": "everyone"}]}',
    '{"Statement": [{"Effect": "Allow", "Action": "*", "Principal": "*", "Condition": {"Bool": "true"}}]}',
)  # fmt: skip


def _content(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@pytest.fixture
def bucket(world: World) -> Any:
    s3 = world.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    return s3


@pytest.fixture
def trails(world: World, bucket: Any) -> Any:
    """CloudTrail with a trail of its own, which does not log yet."""
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*"}
    statement = {**allow, "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]}
    bucket.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    cloudtrail = world.client("cloudtrail")
    cloudtrail.create_trail(Name="corp", S3BucketName=BUCKET)
    return cloudtrail


def test_a_new_organization_has_no_policy_type(world: World) -> None:
    organizations = world.organization()
    assert organizations.list_roots()["Roots"][0]["PolicyTypes"] == []
    (available,) = organizations.describe_organization()["Organization"]["AvailablePolicyTypes"]
    assert available == {"Type": POLICY_TYPE, "Status": "ENABLED"}
    organizations.enable_policy_type(RootId=world.root(), PolicyType=POLICY_TYPE)
    assert organizations.list_roots()["Roots"][0]["PolicyTypes"] == [{"Type": POLICY_TYPE, "Status": "ENABLED"}]


def test_the_seed_can_have_service_control_policies_from_the_start(
    begin: Callable[[Seed], World], error: Error
) -> None:
    world = begin(replace(SEED, policies_at_creation=True))
    organizations = world.organization()
    assert organizations.list_roots()["Roots"][0]["PolicyTypes"] == [{"Type": POLICY_TYPE, "Status": "ENABLED"}]
    enable = {"RootId": world.root(), "PolicyType": POLICY_TYPE}
    assert error(organizations.enable_policy_type, **enable) == "PolicyTypeAlreadyEnabledException"


@pytest.mark.parametrize(
    ("kind", "policy", "description"),
    [
        (POLICY_TYPE, "p-FullAWSAccess", "Allows access to every operation"),
        ("RESOURCE_CONTROL_POLICY", "p-RCPFullAWSAccess", "Allows access to every resource"),
    ],
)
def test_policies_of_aws_have_an_arn_without_an_account(world: World, kind: str, policy: str, description: str) -> None:
    organizations = world.organization()
    (attached,) = organizations.list_policies_for_target(TargetId=MANAGEMENT, Filter=kind)["Policies"]
    assert (attached["Id"], attached["Description"]) == (policy, description)
    assert attached["Arn"] == f"arn:aws:organizations::aws:policy/{kind.lower()}/{policy}"
    assert organizations.describe_policy(PolicyId=policy)["Policy"]["PolicySummary"]["Arn"] == attached["Arn"]


@pytest.mark.parametrize("parent", ["o-aaaaaaaaaa", "corp", "ou-a", "111111111111"])
def test_what_can_be_no_parent_is_refused_as_input(world: World, error: Error, parent: str) -> None:
    organizations = world.organization()
    listed = organizations.list_children
    assert error(listed, ParentId=parent, ChildType="ORGANIZATIONAL_UNIT") == "InvalidInputException"
    absent = {"ParentId": "r-zzzz", "ChildType": "ORGANIZATIONAL_UNIT"}
    assert error(listed, **absent) == "ParentNotFoundException"


def test_operations_with_empty_pages_are_those_of_which_the_model_says_so() -> None:
    model = botocore.session.Session().get_service_model("organizations")
    warned = {
        name
        for name in model.operation_names
        if "even if you receive an empty result set" in model.operation_model(name).documentation
    }
    assert warned == OPERATIONS
    assert len(OPERATIONS) == 14


def test_tags_and_trusted_access_never_have_an_empty_page(begin: Callable[[Seed], World]) -> None:
    world = begin(replace(SEED, empty_pages=1))
    organizations = world.organization()
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    assert organizations.list_roots()["Roots"] == []  # every first page of a list is empty
    organizations.tag_resource(ResourceId=MANAGEMENT, Tags=[{"Key": "a", "Value": "b"}])
    assert organizations.list_tags_for_resource(ResourceId=MANAGEMENT)["Tags"] == [{"Key": "a", "Value": "b"}]
    assert len(organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]) == 1
    assert organizations.list_delegated_administrators()["DelegatedAdministrators"] == []


def test_a_status_has_empty_strings_and_no_moments_that_were_not(trails: Any) -> None:
    assert _content(trails.get_trail_status(Name="corp")) == {"IsLogging": False, **dict.fromkeys(DEFAULT_STRINGS, "")}
    trails.start_logging(Name="corp")
    status = _content(trails.get_trail_status(Name="corp"))
    assert set(status) == {"IsLogging", "StartLoggingTime", "LatestDeliveryTime", *DEFAULT_STRINGS}
    assert status["TimeLoggingStopped"] == status["LatestNotificationAttemptTime"] == ""
    assert status["LatestDeliveryAttemptSucceeded"] == status["LatestDeliveryAttemptTime"] != ""


@pytest.mark.parametrize(
    "selectors",
    [
        {"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]},
        {
            "AdvancedEventSelectors": [
                {"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
            ]
        },
    ],
)
def test_a_trail_says_that_it_has_selectors(trails: Any, selectors: dict[str, Any]) -> None:
    (before,) = trails.describe_trails()["trailList"]
    trails.put_event_selectors(TrailName="corp", **selectors)
    (after,) = trails.describe_trails()["trailList"]
    assert (before["HasCustomEventSelectors"], after["HasCustomEventSelectors"]) == (False, True)
    assert trails.get_trail(Name="corp")["Trail"]["HasCustomEventSelectors"] is True


@pytest.mark.parametrize("name", ["corp", f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/corp"])
def test_a_trail_is_deleted_by_name_or_arn(trails: Any, error: Error, name: str) -> None:
    trails.delete_trail(Name=name)
    assert trails.describe_trails()["trailList"] == []
    assert error(trails.delete_trail, Name=name) == "TrailNotFoundException"


def test_a_trail_is_deleted_in_its_home_region(world: World, trails: Any, error: Error) -> None:
    trails.update_trail(Name="corp", IsMultiRegionTrail=True)
    elsewhere = world.client("cloudtrail", region_name="eu-west-1")
    arn = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/corp"
    assert error(elsewhere.delete_trail, Name=arn) == "InvalidHomeRegionException"
    assert len(trails.describe_trails()["trailList"]) == 1


def test_a_key_says_what_it_is_for(world: World) -> None:
    kms = world.client("kms")
    made = kms.create_key()["KeyMetadata"]
    described = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert described == made
    assert (described["KeyUsage"], described["MultiRegion"]) == ("ENCRYPT_DECRYPT", False)
    assert len(described["CurrentKeyMaterialId"]) == 64
    assert described["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert "SigningAlgorithms" not in described


def test_a_key_that_signs_says_with_what(world: World) -> None:
    kms = world.client("kms")
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]
    assert (made["KeyUsage"], made["SigningAlgorithms"]) == ("SIGN_VERIFY", ["ECDSA_SHA_256"])
    assert not {"CurrentKeyMaterialId", "EncryptionAlgorithms"} & set(made)


@pytest.mark.parametrize(("period", "days"), [({}, 365), ({"RotationPeriodInDays": 90}, 90)])
def test_a_rotation_has_a_period_and_a_next_date(world: World, period: dict[str, int], days: int) -> None:
    kms = world.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert _content(kms.get_key_rotation_status(KeyId=key)) == {"KeyId": key, "KeyRotationEnabled": False}
    kms.enable_key_rotation(KeyId=key, **period)
    status = _content(kms.get_key_rotation_status(KeyId=key))
    following = status.pop("NextRotationDate")
    assert status == {"KeyId": key, "KeyRotationEnabled": True, "RotationPeriodInDays": days}
    created = kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"]
    assert abs(following - created - timedelta(days=days)) < timedelta(minutes=1)


@pytest.mark.parametrize("text", NOT_POLICIES)
def test_a_bucket_policy_that_is_none_is_refused_and_the_bucket_stays_usable(
    world: World, bucket: Any, error: Error, text: str
) -> None:
    with pytest.raises(ClientError) as raised:
        bucket.put_bucket_policy(Bucket=BUCKET, Policy=text)
    answer = raised.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Code"] in ("MalformedPolicy", "MissingRequestBodyError")
    assert bucket.get_bucket_versioning(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert error(bucket.get_bucket_policy, Bucket=BUCKET) == "NoSuchBucketPolicy"


@pytest.mark.parametrize("text", [text for text in NOT_POLICIES if text])  # boto3 sends no empty one
def test_a_trust_policy_and_a_key_policy_that_are_none_are_refused(world: World, error: Error, text: str) -> None:
    iam, kms = world.client("iam"), world.client("kms")
    assert error(iam.create_role, RoleName="r", AssumeRolePolicyDocument=text) == "MalformedPolicyDocument"
    assert error(iam.get_role, RoleName="r") == "NoSuchEntity"
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    before = kms.get_key_policy(KeyId=key)["Policy"]
    put = {"KeyId": key, "Policy": text}
    assert error(kms.put_key_policy, **put) == "MalformedPolicyDocumentException"
    assert error(kms.create_key, Policy=text) == "MalformedPolicyDocumentException"
    assert kms.get_key_policy(KeyId=key)["Policy"] == before


def test_versioning_of_a_bucket_with_object_lock_is_not_suspended(world: World) -> None:
    s3 = world.client("s3")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    with pytest.raises(ClientError) as raised:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    answer = raised.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (409, "InvalidBucketState")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def test_settings_of_a_bucket_are_refused_as_aws_refuses_them(bucket: Any, error: Error) -> None:
    wrong = {"Status": "On"}
    assert error(bucket.put_bucket_versioning, Bucket=BUCKET, VersioningConfiguration=wrong) == "MalformedXML"
    with pytest.raises(ClientError) as raised:
        bucket.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    default = {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "alias/key"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    encrypt = {"Bucket": BUCKET, "ServerSideEncryptionConfiguration": rules}
    assert error(bucket.put_bucket_encryption, **encrypt) == "InvalidArgument"


def test_what_is_no_arn_is_a_validation_error(world: World, error: Error) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    iam = world.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    assert error(iam.attach_role_policy, RoleName="r", PolicyArn="this-is-no-arn-at-all") == "ValidationError"
    assume = world.client("sts").assume_role
    assert error(assume, RoleArn="this-is-no-arn-at-all", RoleSessionName="test") == "ValidationError"


def test_subscribers_and_tags_of_a_budget_are_read(world: World, error: Error) -> None:
    budgets = world.client("budgets")
    budget = {"BudgetName": "monthly", "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    subscriber = {"SubscriptionType": "EMAIL", "Address": "aws@corp.example"}
    budgets.create_budget(
        AccountId=MANAGEMENT,
        Budget={**budget, "BudgetLimit": {"Amount": "10", "Unit": "USD"}},
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": [subscriber]}],
        ResourceTags=[{"Key": "team", "Value": "finance"}],
    )
    of_budget = {"AccountId": MANAGEMENT, "BudgetName": "monthly"}
    (listed,) = budgets.describe_notifications_for_budget(**of_budget)["Notifications"]
    assert listed == {**notification, "ThresholdType": "PERCENTAGE", "NotificationState": "OK"}
    for asked in (notification, listed):
        found = budgets.describe_subscribers_for_notification(**of_budget, Notification=asked)
        assert found["Subscribers"] == [subscriber]
    other = {**notification, "Threshold": 90.0}
    assert error(budgets.describe_subscribers_for_notification, **of_budget, Notification=other) == "NotFoundException"
    absent = {**of_budget, "BudgetName": "absent"}
    assert error(budgets.describe_notifications_for_budget, **absent) == "NotFoundException"
    arn = f"arn:aws:budgets::{MANAGEMENT}:budget/monthly"
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "more", "Value": "x"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["team"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "more", "Value": "x"}]
