"""Which roles a caller may assume, what IAM reports on the root user, and settings of the account as a whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgkit.sandbox.seed import Seed
from tests.sandbox.conftest import DNS, MANAGEMENT, SEED, World

Error = Callable[..., str]

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}


def _role(world: World, principal: Any, condition: Any = None, effect: str = "Allow") -> dict[str, str]:
    statement = {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"}
    statement |= {"Condition": condition} if condition else {}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.client("iam", "dns").create_role(RoleName="orgkit-read", AssumeRolePolicyDocument=document)
    return {"RoleArn": f"arn:aws:iam::{DNS.id}:role/orgkit-read", "RoleSessionName": "test"}


@pytest.mark.parametrize(
    ("principal", "condition"),
    [
        ({"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}, None),
        ({"AWS": MANAGEMENT}, None),
        ({"AWS": [f"arn:aws:iam::{MANAGEMENT}:user/orgkit-operator"]}, None),
        ({"AWS": "*"}, {"StringEquals": {"aws:PrincipalAccount": MANAGEMENT}}),
        ({"AWS": MANAGEMENT}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        ({"AWS": MANAGEMENT}, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{MANAGEMENT}:user/*"}}),
    ],
)
def test_a_role_is_assumed_where_its_trust_names_the_caller(world: World, principal: Any, condition: Any) -> None:
    keys = world.client("sts").assume_role(**_role(world, principal, condition))
    assert keys["Credentials"]["AccessKeyId"].startswith("ASIA")
    identity = world.in_account(DNS.id, "sts", "orgkit-read").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (DNS.id, f"arn:aws:sts::{DNS.id}:assumed-role/orgkit-read/test")


@pytest.mark.parametrize(
    ("principal", "condition", "effect"),
    [
        ({"AWS": "999999999999"}, None, "Allow"),
        ({"Service": "ec2.amazonaws.com"}, None, "Allow"),
        ({"AWS": MANAGEMENT}, {"StringEquals": {"sts:ExternalId": "secret"}}, "Allow"),
        ({"AWS": MANAGEMENT}, {"StringEquals": {"aws:PrincipalOrgID": "o-aaaaaaaaaa"}}, "Allow"),
        ({"AWS": MANAGEMENT}, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "Allow"),
        ({"AWS": MANAGEMENT}, None, "Deny"),
    ],
)
def test_a_role_is_denied_where_its_trust_does_not(
    world: World, error: Error, principal: Any, condition: Any, effect: str
) -> None:
    assert error(world.client("sts").assume_role, **_role(world, principal, condition, effect)) == "AccessDenied"


def test_an_external_id_opens_what_asks_for_it(world: World) -> None:
    role = _role(world, {"AWS": MANAGEMENT}, {"StringEquals": {"sts:ExternalId": "secret"}})
    assert world.client("sts").assume_role(ExternalId="secret", **role)["Credentials"]


def test_a_session_policy_and_tags_are_accepted(world: World) -> None:
    role = _role(world, {"AWS": MANAGEMENT})
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    tags = [{"Key": "run", "Value": "1"}]
    assert world.client("sts").assume_role(Policy=policy, Tags=tags, **role)["Credentials"]


@pytest.mark.parametrize("arn", [f"arn:aws:iam::{DNS.id}:role/none", "arn:aws:iam::999999999999:role/none"])
def test_a_role_that_does_not_exist_is_denied(world: World, error: Error, arn: str) -> None:
    assert error(world.client("sts").assume_role, RoleArn=arn, RoleSessionName="test") == "AccessDenied"


def test_the_root_user_assumes_nothing(world: World, error: Error) -> None:
    role = _role(world, {"AWS": MANAGEMENT})
    assert error(world.client("sts", "root").assume_role, **role) == "AccessDenied"


def test_a_session_token_is_still_its_user(world: World) -> None:
    keys = world.client("sts", "user").get_session_token()["Credentials"]
    session = world.client(
        "sts",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert session.get_caller_identity()["Arn"].endswith(":user/orgkit-operator")
    assert world.client("iam").get_user()["User"]["UserName"] == "orgkit-operator"


def test_centralized_root_access_needs_an_organization_that_trusts_iam(world: World, error: Error) -> None:
    iam = world.client("iam")
    enable = iam.enable_organizations_root_credentials_management
    assert error(enable) == "OrganizationNotFoundException"
    organizations = world.organization()
    assert error(enable) == "ServiceAccessNotEnabledException"
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    assert enable()["EnabledFeatures"] == ["RootCredentialsManagement"]
    assert iam.enable_organizations_root_sessions()["EnabledFeatures"] == ["RootCredentialsManagement", "RootSessions"]
    listed = iam.list_organizations_features()
    assert listed["EnabledFeatures"] == ["RootCredentialsManagement", "RootSessions"]
    assert listed["OrganizationId"] == organizations.describe_organization()["Organization"]["Id"]


def test_a_member_does_not_enable_root_access(world: World, error: Error) -> None:
    world.organization()
    member = world.in_account(world.account("web"), "iam")
    assert error(member.enable_organizations_root_sessions) == "CallerIsNotManagementAccountException"


@pytest.mark.parametrize(("mfa", "keys"), [(True, False), (False, True)])
def test_the_account_summary_tells_of_the_root_user(begin: Callable[[Seed], World], mfa: bool, keys: bool) -> None:
    world = begin(replace(SEED, mfa=mfa, root_access_keys=keys))
    summary = world.client("iam").get_account_summary()["SummaryMap"]
    assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (int(mfa), int(keys))


def test_managed_policies_are_there(world: World) -> None:
    _role(world, {"AWS": MANAGEMENT})
    iam = world.client("iam", "dns")
    iam.attach_role_policy(RoleName="orgkit-read", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    (policy,) = iam.list_attached_role_policies(RoleName="orgkit-read")["AttachedPolicies"]
    assert policy["PolicyName"] == "ReadOnlyAccess"


def test_the_alias_is_the_seeds(world: World) -> None:
    assert world.client("iam").list_account_aliases()["AccountAliases"] == ["corp"]


def test_creating_an_organization_ends_the_free_plan_and_its_credits(world: World) -> None:
    state = world.client("freetier").get_account_plan_state
    before = state()
    assert (before["accountPlanType"], before["accountPlanStatus"]) == ("FREE", "ACTIVE")
    assert before["accountPlanExpirationDate"] > before["accountPlanExpirationDate"].now(UTC)
    assert before["accountPlanRemainingCredits"] == {"amount": 200.0, "unit": "USD"}
    world.organization()
    after = state()
    assert (after["accountPlanType"], after["accountPlanRemainingCredits"]["amount"]) == ("PAID", 0.0)


def test_billing_lists_the_credits_until_they_end(world: World) -> None:
    def credits_left() -> list[str]:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        answer = world.client("billing").get_credits(accountId=MANAGEMENT, startDate=yesterday)
        return [credit["remainingAmount"]["currencyAmount"] for credit in answer["credits"]]

    assert credits_left() == ["200.00"]
    world.organization()
    assert credits_left() == []


def test_the_quota_of_accounts_is_told_by_name_and_code(begin: Callable[[Seed], World]) -> None:
    quotas = begin(replace(SEED, account_quota=17)).client("service-quotas")
    (found,) = quotas.list_service_quotas(ServiceCode="organizations")["Quotas"]
    assert found["QuotaName"] == "Default maximum number of accounts"
    assert found["Value"] == 17.0
    assert quotas.get_service_quota(ServiceCode="organizations", QuotaCode=found["QuotaCode"])["Quota"] == found
    default = quotas.list_aws_default_service_quotas(ServiceCode="organizations")["Quotas"]
    assert default[0]["Value"] == 10.0


def test_an_unknown_quota_is_not_found(world: World, error: Error) -> None:
    get = world.client("service-quotas").get_service_quota
    assert error(get, ServiceCode="organizations", QuotaCode="L-00000000") == "NoSuchResourceException"
    assert error(get, ServiceCode="nothing", QuotaCode="L-00000000") == "NoSuchResourceException"


@pytest.mark.parametrize("there", [True, False])
def test_a_landing_zone_is_there_when_it_is_seeded(begin: Callable[[Seed], World], there: bool) -> None:
    world = begin(replace(SEED, control_tower=there))
    assert len(world.client("controltower").list_landing_zones()["landingZones"]) == there


def test_there_is_no_identity_center_until_somebody_makes_one(world: World) -> None:
    assert world.client("sso-admin").list_instances()["Instances"] == []


def test_the_regions_of_an_account_are_told(world: World) -> None:
    regions = world.client("account").list_regions()["Regions"]
    assert {"RegionName": "us-east-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"} in regions


def test_services_that_are_not_corrected_answer_as_moto_does(world: World) -> None:
    assert world.client("budgets").describe_budgets(AccountId=MANAGEMENT).get("Budgets", []) == []
    assert world.client("dynamodb").list_tables()["TableNames"] == []


def test_roles_come_whole_and_in_pages(world: World) -> None:
    iam = world.client("iam")
    trusted = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
    }
    for name in ("one", "two", "three"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))
    iam.put_role_policy(RoleName="one", PolicyName="own", PolicyDocument=json.dumps(READ))
    iam.attach_role_policy(RoleName="one", PolicyArn=ADMINISTRATOR)
    iam.put_role_permissions_boundary(RoleName="one", PermissionsBoundary=ADMINISTRATOR)
    pages = list(
        iam.get_paginator("get_account_authorization_details").paginate(
            Filter=["Role"], PaginationConfig={"PageSize": 2}
        )
    )
    assert [page["IsTruncated"] for page in pages] == [True] * (len(pages) - 1) + [False]
    roles = {role["RoleName"]: role for page in pages for role in page["RoleDetailList"]}
    assert {"one", "two", "three"} <= roles.keys()
    assert roles["one"]["AssumeRolePolicyDocument"] == trusted
    assert roles["one"]["RolePolicyList"] == [{"PolicyName": "own", "PolicyDocument": READ}]
    assert [policy["PolicyArn"] for policy in roles["one"]["AttachedManagedPolicies"]] == [ADMINISTRATOR]
    assert roles["one"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMINISTRATOR
