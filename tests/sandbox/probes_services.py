"""One probe for each correction of the other services: does moto still do what the correction says?"""

import json
from pathlib import Path
from typing import Any

import boto3
import moto
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.backends import list_of_moto_modules
from moto.budgets.models import budgets_backends
from moto.ce.responses import CostExplorerResponse
from moto.cloudtrail.models import TrailStatus, cloudtrail_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from tests.sandbox.stock import Organization, Stock, probe, refused

BUCKET = "corp-logs"
TRAIL = {"Name": "organization", "S3BucketName": BUCKET, "IsOrganizationTrail": True, "IsMultiRegionTrail": True}
LIFECYCLE = {
    "ID": "logs",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3},
}
BUDGET_LIMIT = {"Amount": "10", "Unit": "USD"}
DELETED = "AROAEXAMPLEEXAMPLE123"
RETENTION = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 365}}}


def _bucket(stock: Stock, **more: Any) -> Any:
    storage = stock("s3")
    storage.create_bucket(Bucket=BUCKET, **more)
    return storage


def _trail(stock: Stock) -> Any:
    _bucket(stock)
    trails = stock("cloudtrail")
    trails.create_trail(**TRAIL)
    return trails


@probe("IAMBackend._init_aws_policies")
def there_are_no_managed_policies(stock: Stock) -> bool:
    return bool(stock("iam").list_policies(Scope="AWS")["Policies"] == [])


@probe("AccountSummary.summary_map")
def nothing_is_told_of_the_root_user(stock: Stock) -> bool:
    summary = stock("iam").get_account_summary()["SummaryMap"]
    return (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (0, 0)


@probe("IAMBackend.get_user_from_access_key_id")
def a_user_is_found_by_long_lived_keys_only(stock: Stock) -> bool:
    stock("iam").create_user(UserName="a")
    key = stock("iam").create_access_key(UserName="a")["AccessKey"]["AccessKeyId"]
    backend = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    found = backend.get_user_from_access_key_id(key)
    session = backend.create_temp_access_key().access_key_id
    return found is not None and backend.get_user_from_access_key_id(session) is None


@probe("IamResponse.get_account_authorization_details")
def roles_are_on_one_page_whatever_is_asked_for(stock: Stock) -> bool:
    for name in "ab":
        stock("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    details = stock("iam").get_account_authorization_details(Filter=["Role"], MaxItems=1)
    return len(details["RoleDetailList"]) == 2 and not details["IsTruncated"]


@probe("SSOAdminBackend.__init__")
def there_is_an_identity_center_from_the_start(stock: Stock) -> bool:
    return len(stock("sso-admin").list_instances()["Instances"]) == 1


@probe("KmsBackend.create_key")
def a_key_has_another_id_each_time(stock: Stock) -> bool:
    first = stock("kms").create_key(Description="trail")["KeyMetadata"]["KeyId"]
    kms_backends.reset()
    return bool(stock("kms").create_key(Description="trail")["KeyMetadata"]["KeyId"] != first)


@probe("Key.to_dict")
def a_key_is_for_nothing(stock: Stock) -> bool:
    key = stock("kms").create_key()["KeyMetadata"]
    return not {"KeyUsage", "MultiRegion", "CurrentKeyMaterialId"} & set(key) and key["SigningAlgorithms"] == []


@probe("KmsResponse.get_key_rotation_status", "KmsResponse.enable_key_rotation")
def a_rotation_has_no_period(stock: Stock) -> bool:
    kms = stock("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    return not {"KeyId", "RotationPeriodInDays", "NextRotationDate"} & set(kms.get_key_rotation_status(KeyId=key))


@probe("KmsBackend.put_key_policy")
def any_text_is_a_key_policy(stock: Stock) -> bool:
    kms = stock("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    return not refused(kms.put_key_policy, KeyId=key, PolicyName="default", Policy="x")


@probe("moto.kms.responses._assert_default_policy")
def the_name_of_a_key_policy_is_needed(stock: Stock) -> bool:
    kms = stock("kms")
    return refused(kms.get_key_policy, KeyId=kms.create_key()["KeyMetadata"]["KeyId"]) == "NotFoundException"


@probe("IAMBackend.create_role")
def any_text_is_a_trust_policy(stock: Stock) -> bool:
    return not refused(stock("iam").create_role, RoleName="r", AssumeRolePolicyDocument="x")


@probe("IAMBackend.attach_role_policy")
def what_is_no_arn_is_not_found(stock: Stock) -> bool:
    stock("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    attach = stock("iam").attach_role_policy
    return refused(attach, RoleName="r", PolicyArn="this-is-no-arn-at-all") == "NoSuchEntity"


@probe("BudgetsResponse.describe_notifications_for_budget")
def notifications_of_no_budget_fail(stock: Stock) -> bool:
    listed = stock("budgets").describe_notifications_for_budget
    try:
        listed(AccountId=DEFAULT_ACCOUNT_ID, BudgetName="absent")
    except KeyError:
        return True
    return False


@probe("BudgetsResponse.create_budget")
def tags_of_a_budget_are_lost(stock: Stock) -> bool:
    budget = {"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": BUDGET_LIMIT}
    tags = [{"Key": "team", "Value": "finance"}]
    stock("budgets").create_budget(AccountId=DEFAULT_ACCOUNT_ID, Budget=budget, ResourceTags=tags)
    (kept,) = budgets_backends[DEFAULT_ACCOUNT_ID]["aws"].budgets[DEFAULT_ACCOUNT_ID].values()
    return "finance" not in str(vars(kept))


@probe("Budget.to_dict")
def cost_types_of_a_budget_have_no_defaults(stock: Stock) -> bool:
    budget = {"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": BUDGET_LIMIT}
    stock("budgets").create_budget(AccountId=DEFAULT_ACCOUNT_ID, Budget={**budget, "CostTypes": {"IncludeTax": False}})
    (listed,) = stock("budgets").describe_budgets(AccountId=DEFAULT_ACCOUNT_ID)["Budgets"]
    return list(listed["CostTypes"]) == ["IncludeTax"]


@probe("ServiceQuotasBackend.list_aws_default_service_quotas")
def no_default_quotas_of_organizations(stock: Stock) -> bool:
    listed = stock("service-quotas").list_aws_default_service_quotas
    return refused(listed, ServiceCode="organizations") == "NoSuchResourceException"


@probe("ServiceQuotasBackend.get_service_quota")
def no_quota_of_organizations(stock: Stock) -> bool:
    get = stock("service-quotas").get_service_quota
    return refused(get, ServiceCode="organizations", QuotaCode="L-29A0C5DF") == "NoSuchResourceException"


@probe("S3Backend.create_bucket")
def a_new_bucket_is_bare(stock: Stock) -> bool:
    storage = _bucket(stock)
    reads = (storage.get_bucket_encryption, storage.get_public_access_block, storage.get_bucket_ownership_controls)
    return all(refused(read, Bucket=BUCKET) for read in reads)


@probe("S3Backend.put_bucket_policy")
def any_text_is_a_bucket_policy(stock: Stock) -> bool:
    return not refused(_bucket(stock).put_bucket_policy, Bucket=BUCKET, Policy="x")


@probe("S3Backend.put_bucket_versioning")
def a_locked_bucket_is_suspended(stock: Stock) -> bool:
    storage = _bucket(stock, ObjectLockEnabledForBucket=True)
    return not refused(storage.put_bucket_versioning, Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


@probe("S3Backend.put_object_lock_configuration", "S3Response.serialized")
def a_lock_without_versioning_is_a_bad_request(stock: Stock) -> bool:
    try:
        _bucket(stock).put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=RETENTION)
    except ClientError as error:
        return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] == 400)
    return False


@probe("S3Backend.put_bucket_encryption")
def a_key_is_kept_that_is_not_used(stock: Stock) -> bool:
    default = {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "alias/key"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    encrypt = _bucket(stock).put_bucket_encryption
    return not refused(encrypt, Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)


@probe("S3Backend.get_object_lock_configuration")
def a_retention_of_days_has_years(stock: Stock) -> bool:
    storage = _bucket(stock, ObjectLockEnabledForBucket=True)
    storage.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=RETENTION)
    lock = storage.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]
    return bool(lock["Rule"]["DefaultRetention"]["Years"] == 0)


@probe("FakeBucket.set_lifecycle")
def newer_versions_are_not_kept(stock: Stock) -> bool:
    _bucket(stock).put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [LIFECYCLE]})
    (rule,) = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET].rules
    return rule.nve_noncurrent_days is not None and not [name for name in vars(rule) if "newer" in name]


@probe("S3Response.get_bucket_lifecycle")
def newer_versions_are_not_told(stock: Stock) -> bool:
    storage = _bucket(stock)
    storage.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [LIFECYCLE]})
    (rule,) = storage.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    return bool(rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90})


@probe("FakeBucket.get_permission")
def without_tls_is_always(stock: Stock) -> bool:
    storage = _bucket(stock)
    deny = {"Sid": "a", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    policy = {"Statement": [deny | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
    storage.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    return refused(storage.put_object, Bucket=BUCKET, Key="a", Body=b"b") == "403"


@probe("S3Response.put_object")
def any_checksum_will_do(stock: Stock) -> bool:
    wrong = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": "A" * 43 + "="}
    return not refused(_bucket(stock).put_object, Bucket=BUCKET, Key="a", Body=b"b", **wrong)


@probe("S3Backend.put_bucket_ownership_controls", "S3Backend.put_bucket_acl")
def acls_and_the_switch_that_turns_them_off_contradict_each_other(stock: Stock) -> bool:
    storage = _bucket(stock)
    storage.put_bucket_acl(Bucket=BUCKET, ACL="log-delivery-write")
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    enforced = refused(storage.put_bucket_ownership_controls, Bucket=BUCKET, OwnershipControls=rules)
    return not enforced and not refused(storage.put_bucket_acl, Bucket=BUCKET, ACL="public-read")


@probe("IAMBackend.delete_role", "IamResponse.update_assume_role_policy")
def a_deleted_role_stays_in_policies_and_can_be_put_into_them(stock: Stock) -> bool:
    iam = stock("iam")
    arn = iam.create_role(RoleName="gone", AssumeRolePolicyDocument=_trust("999999999999"))["Role"]["Arn"]
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=_trust(arn))
    iam.delete_role(RoleName="gone")
    document = iam.get_role(RoleName="other")["Role"]["AssumeRolePolicyDocument"]
    stays = document["Statement"][0]["Principal"]["AWS"] == arn
    return stays and not refused(iam.update_assume_role_policy, RoleName="other", PolicyDocument=_trust(DELETED))


def _trust(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@probe("moto.kms.responses.validate_policy")
def a_denial_of_a_key_policy_holds_whatever_its_condition_is(stock: Stock) -> bool:
    kms = stock("kms")
    condition = {"Bool": {"aws:SecureTransport": "maybe"}}
    statement = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": condition}
    key = kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return refused(kms.describe_key, KeyId=key["KeyMetadata"]["KeyId"])


@probe("IamResponse.create_access_key", "IamResponse.delete_access_key", "every_service.consistency")
def a_key_may_do_everything_at_once_and_after_its_deletion(stock: Stock) -> bool:
    iam = stock("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = boto3.client("iam", "us-east-1", None, True, None, None, key["AccessKeyId"], key["SecretAccessKey"])
    before = refused(ann.list_users)
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    return not before and not refused(ann.list_users)


@probe("IamResponse.create_user")
def a_new_user_has_no_permissions_boundary(stock: Stock) -> bool:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    stock("iam").create_user(UserName="bob", PermissionsBoundary=arn)
    return "PermissionsBoundary" not in stock("iam").get_user(UserName="bob")["User"]


@probe("S3Response._bucket_response_put")
def a_deleted_principal_is_put_into_resource_policies(stock: Stock) -> bool:
    statement = {"Effect": "Allow", "Principal": {"AWS": DELETED}, "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    bucket = refused(_bucket(stock).put_bucket_policy, Bucket=BUCKET, Policy=policy)
    kms = stock("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    return not bucket and not refused(kms.put_key_policy, KeyId=key, PolicyName="default", Policy=policy)


@probe("s3.other_accounts")
def any_owner_is_expected_and_any_account_let_in(stock: Stock) -> bool:
    wrong = refused(_bucket(stock).get_bucket_versioning, Bucket=BUCKET, ExpectedBucketOwner="999999999999")
    foreign = stock("sts").assume_role(RoleArn="arn:aws:iam::999999999999:role/none", RoleSessionName="test")
    other = boto3.client("s3", "us-east-1", None, True, None, None, *list(foreign["Credentials"].values())[:3])
    return not wrong and not refused(other.put_object, Bucket=BUCKET, Key="a", Body=b"")


@probe("TokenResponse.assume_role")
def what_does_not_exist_is_assumed(stock: Stock) -> bool:
    arn = "arn:aws:iam::999999999999:role/none"
    return not refused(stock("sts").assume_role, RoleArn=arn, RoleSessionName="test")


@probe("TokenResponse.assume_role_with_web_identity")
def what_does_not_exist_is_assumed_with_any_token(stock: Stock) -> bool:
    role = {"RoleArn": "arn:aws:iam::999999999999:role/none", "RoleSessionName": "test"}
    return not refused(stock("sts").assume_role_with_web_identity, WebIdentityToken="none", **role)


@probe("TokenResponse.get_caller_identity")
def who_is_not_known_is_moto(stock: Stock) -> bool:
    return str(stock("sts").get_caller_identity()["Arn"]).endswith(":user/moto")


@probe("TokenResponse.get_session_token")
def session_tokens_have_the_same_key(stock: Stock) -> bool:
    first, second = (stock("sts").get_session_token()["Credentials"] for _ in range(2))
    return bool(first["AccessKeyId"] == second["AccessKeyId"])


@probe("TokenResponse.get_federation_token")
def federated_users_have_the_same_key(stock: Stock) -> bool:
    first, second = (stock("sts").get_federation_token(Name=name)["Credentials"] for name in ("ann", "bob"))
    return bool(first["AccessKeyId"] == second["AccessKeyId"])


@probe("ResourceGroupsTaggingAPIBackend.get_resources")
def a_page_is_cut_by_tags(stock: Stock) -> bool:
    for number in range(25):
        tags = [{"TagKey": f"tag-{tag}", "TagValue": "x"} for tag in range(5)]
        stock("kms").create_key(Description=str(number), Tags=tags)
    page = stock("resourcegroupstaggingapi").get_resources(ResourcesPerPage=100)
    return len(page["ResourceTagMappingList"]) < 25


@probe("moto.resourcegroupstaggingapi.models.iter_taggable_backends")
def tags_of_organizations_are_not_told(stock: Stock) -> bool:
    organization = Organization(stock)
    organization.client.tag_resource(ResourceId=organization.root, Tags=[{"Key": "a", "Value": "b"}])
    return bool(stock("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"] == [])


@probe("CloudTrailBackend.create_trail")
def a_trail_needs_no_policy_and_replaces_another(stock: Stock) -> bool:
    trails = _trail(stock)
    return not refused(trails.create_trail, **TRAIL) and len(trails.describe_trails()["trailList"]) == 1


@probe("CloudTrailBackend.update_trail")
def a_trail_is_led_to_a_bucket_that_is_not_there(stock: Stock) -> bool:
    return not refused(_trail(stock).update_trail, Name=TRAIL["Name"], S3BucketName="nobody-has-this")


@probe("CloudTrailBackend.describe_trails")
def a_member_does_not_see_the_organization_trail(stock: Stock) -> bool:
    account = Organization(stock).account("a")
    _trail(stock)
    return list(cloudtrail_backends[account]["us-east-1"].describe_trails(include_shadow_trails=True)) == []


@probe("CloudTrailResponse.describe_trails")
def a_trail_is_described_that_was_not_asked_for(stock: Stock) -> bool:
    return len(_trail(stock).describe_trails(trailNameList=["another"])["trailList"]) == 1


@probe("CloudTrailBackend.get_trail")
def a_trail_is_found_in_its_region_only(stock: Stock) -> bool:
    arn = _trail(stock).describe_trails()["trailList"][0]["TrailARN"]
    elsewhere = cloudtrail_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    try:
        elsewhere.get_trail(arn)
    except Exception as error:
        return type(error).__name__ == "TrailNotFoundException"
    return False


@probe("CloudTrailBackend.put_event_selectors")
def selectors_are_not_checked(stock: Stock) -> bool:
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    basic = [{"IncludeManagementEvents": False}]
    wrong = {"EventSelectors": basic, "AdvancedEventSelectors": [{"FieldSelectors": fields}]}
    return not refused(_trail(stock).put_event_selectors, TrailName=TRAIL["Name"], **wrong)


@probe("CloudTrailBackend.get_trail_status")
def a_bucket_that_refuses_is_no_error_of_delivery(stock: Stock) -> bool:
    trails = _trail(stock)
    trails.start_logging(Name=TRAIL["Name"])
    return "LatestDeliveryError" not in trails.get_trail_status(Name=TRAIL["Name"])


@probe("TrailStatus.description")
def a_status_has_no_attempt_that_succeeded(_: Stock) -> bool:
    status = TrailStatus()
    status.start_logging()
    return status.description()["LatestDeliveryAttemptSucceeded"] == ""


@probe("Trail.description")
def a_trail_has_no_selectors(stock: Stock) -> bool:
    trails = _trail(stock)
    selectors = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]
    trails.put_event_selectors(TrailName=TRAIL["Name"], EventSelectors=selectors)
    return trails.get_trail(Name=TRAIL["Name"])["Trail"]["HasCustomEventSelectors"] is False


@probe("CloudTrailBackend.delete_trail")
def a_trail_is_not_deleted_by_its_arn(stock: Stock) -> bool:
    trails = _trail(stock)
    trails.delete_trail(Name=trails.describe_trails()["trailList"][0]["TrailARN"])
    return len(trails.describe_trails()["trailList"]) == 1 and not refused(trails.delete_trail, Name="nobody-has-this")


@probe("CloudTrailResponse.get_trail")
def a_trail_has_no_home_region(stock: Stock) -> bool:
    return "HomeRegion" not in _trail(stock).get_trail(Name=TRAIL["Name"])["Trail"]


@probe("Trail.get_event_selectors")
def a_new_trail_selects_nothing(stock: Stock) -> bool:
    return not _trail(stock).get_event_selectors(TrailName=TRAIL["Name"]).get("EventSelectors")


@probe("freetier.get_account_plan_state", "controltower.list_landing_zones", "billing.get_billing_preferences")
def there_are_no_such_services(_: Stock) -> bool:
    return not {"freetier", "controltower", "billing"} & set(list_of_moto_modules())


@probe("cloudformation.stack_sets")
def stack_sets_know_no_delegated_administrators(_: Stock) -> bool:
    models = Path(moto.__file__).parent / "cloudformation" / "models.py"
    return "not yet implemented: StackId, AdministrationRoleARN, AutoDeployment" in models.read_text(encoding="utf-8")


@probe("ResourceShare.add_principals")
def nothing_is_shared_with_a_nested_unit(stock: Stock) -> bool:
    organization = Organization(stock)
    inner = organization.unit("Inner", organization.unit("Outer"))
    described = organization.client.describe_organizational_unit(OrganizationalUnitId=inner)
    arn = described["OrganizationalUnit"]["Arn"]
    return refused(stock("ram").create_resource_share, name="s", principals=[arn]) == "UnknownResourceException"


@probe("ce.anomaly_alerts_and_tags")
def cost_explorer_knows_no_alerts_and_no_tags(_: Stock) -> bool:
    return not {"get_anomaly_monitors", "list_cost_allocation_tags"} & set(dir(CostExplorerResponse))


@probe("ce.get_cost_and_usage")
def anything_may_be_asked_of_cost_explorer(stock: Stock) -> bool:
    three = [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "LINKED_ACCOUNT", "RECORD_TYPE")]
    period = {"Start": "2026-10-01", "End": "2026-09-01"}
    requests = {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": ["Nonsense"], "GroupBy": three}
    return "ResultsByTime" in stock("ce").get_cost_and_usage(**requests)


@probe("every_service.request_id")
def a_request_id_is_52_letters_at_random(stock: Stock) -> bool:
    ids = [stock("iam").list_users()["ResponseMetadata"]["RequestId"] for _ in range(2)]
    return len(set(ids)) == 2 and {len(each) for each in ids} == {52}


@probe("every_service.unknown_key")
def any_key_is_the_default_account(_: Stock) -> bool:
    caller = boto3.client("sts", "us-east-1", None, True, None, None, "AKIAISNOTTHERE000000", "secret")
    return bool(caller.get_caller_identity()["Account"] == DEFAULT_ACCOUNT_ID)


@probe("every_service.unsigned")
def nobody_is_the_default_account(_: Stock) -> bool:
    unsigned = boto3.client("sts", region_name="us-east-1", config=Config(signature_version=UNSIGNED))
    return bool(unsigned.get_caller_identity()["Account"] == DEFAULT_ACCOUNT_ID)


@probe("every_service.not_implemented")
def what_is_not_there_is_no_error_of_aws(stock: Stock) -> bool:
    """Out of process NotImplementedError is a page with HTTP 500."""
    try:
        stock("organizations").describe_resource_policy()
    except NotImplementedError:
        return refused(stock("account").get_contact_information) == "404"
    return False


@probe(
    "AccountResponse.get_alternate_contact",
    "AccountResponse.put_alternate_contact",
    "AccountResponse.delete_alternate_contact",
)
def anybody_changes_the_contacts_of_any_account(stock: Stock) -> bool:
    account, of_another = stock("account"), {"AlternateContactType": "BILLING", "AccountId": "210987654321"}
    account.put_alternate_contact(**of_another, Name="a", Title="b", EmailAddress="a@b.example", PhoneNumber="1")
    found = account.get_alternate_contact(**of_another)["AlternateContact"]["Name"]
    account.delete_alternate_contact(**of_another)
    return str(found) == "a"
