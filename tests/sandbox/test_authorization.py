"""With the switch `evaluate_policies`, the sandbox denies what the policies in force do not allow."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orgkit.sandbox.lifecycle import OwnPolicy
from tests.sandbox.conftest import MANAGEMENT, SEED, World

FULL = "p-FullAWSAccess"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Resource": "*", **item} for item in statements]})


def message(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    assert raised.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return str(raised.value.response["Error"]["Message"])


@pytest.fixture
def strict(begin: Callable[..., World]) -> World:
    return begin(replace(SEED, evaluate_policies=True))


def test_a_role_may_do_what_its_policies_allow_and_its_session_policy_does_not_forbid(strict: World) -> None:
    iam = strict.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    auditor = strict.in_account(MANAGEMENT, "iam", "auditor")
    role = f"arn:aws:iam::{MANAGEMENT}:role/auditor"
    assert message(auditor.get_role, RoleName="auditor") == (
        f"User: arn:aws:sts::{MANAGEMENT}:assumed-role/auditor/test is not authorized to perform: iam:GetRole on "
        f"resource: {role} because no identity-based policy allows the iam:GetRole action"
    )
    allowed = document({"Effect": "Allow", "Action": ["iam:GetRole", "iam:ListRoles"]})
    iam.put_role_policy(RoleName="auditor", PolicyName="read", PolicyDocument=allowed)
    assert auditor.get_role(RoleName="auditor")["Role"]["Arn"] == role
    limited = strict.client("sts").assume_role(
        RoleArn=role, RoleSessionName="test", Policy=document({"Effect": "Allow", "Action": "iam:ListRoles"})
    )["Credentials"]
    names = {
        "AccessKeyId": "aws_access_key_id",
        "SecretAccessKey": "aws_secret_access_key",
        "SessionToken": "aws_session_token",
    }
    session = strict.client("iam", **{names[key]: limited[key] for key in names})
    assert "because no session policy allows the iam:GetRole action" in message(session.get_role, RoleName="auditor")
    assert session.list_roles()["Roles"]


def test_a_call_is_decided_anew_when_a_policy_has_changed_or_its_time_has_passed(strict: World) -> None:
    iam = strict.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    auditor = strict.in_account(MANAGEMENT, "iam", "auditor")

    def put(**more: Any) -> None:
        allowed = document({"Effect": "Allow", "Action": "iam:ListRoles", **more})
        iam.put_role_policy(RoleName="auditor", PolicyName="read", PolicyDocument=allowed)

    for _ in range(2):
        put()
        assert auditor.list_roles()["Roles"]
        put(Effect="Deny")
        assert "with an explicit deny" in message(auditor.list_roles)
    end = datetime.fromisoformat(strict.sandbox.now()) + timedelta(minutes=5)
    put(Condition={"DateLessThan": {"aws:CurrentTime": f"{end:%Y-%m-%dT%H:%M:%SZ}"}})
    assert auditor.list_roles()["Roles"]
    strict.sandbox.sleep(600)
    assert "no identity-based policy allows" in message(auditor.list_roles)


def test_an_scp_denies_in_member_accounts_and_is_named(strict: World) -> None:
    organizations = strict.organization(FeatureSet="ALL")
    organizations.enable_policy_type(RootId=strict.root(), PolicyType="SERVICE_CONTROL_POLICY")
    member = strict.account("logs")
    buckets = strict.in_account(member, "s3")
    buckets.create_bucket(Bucket="first")
    content = document({"Effect": "Deny", "Action": "s3:CreateBucket"})
    policy = organizations.create_policy(
        Name="no-buckets", Description="", Content=content, Type="SERVICE_CONTROL_POLICY"
    )
    summary = policy["Policy"]["PolicySummary"]
    organizations.attach_policy(PolicyId=summary["Id"], TargetId=strict.root())
    denial = message(buckets.create_bucket, Bucket="second")
    assert denial.endswith(f"with an explicit deny in a service control policy: {summary['Arn']}")
    strict.client("s3").create_bucket(Bucket="of-the-management-account")
    assert "service control policy" in message(strict.in_account(member, "s3").create_bucket, Bucket="third")


def test_a_resource_control_policy_denies_the_organizations_own_management_account(strict: World) -> None:
    organizations = strict.organization(FeatureSet="ALL")
    organizations.enable_policy_type(RootId=strict.root(), PolicyType="RESOURCE_CONTROL_POLICY")
    member = strict.account("logs")
    content = document({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"})
    policy = organizations.create_policy(Name="closed", Description="", Content=content, Type="RESOURCE_CONTROL_POLICY")
    organizations.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=member)
    assert "explicit deny in a resource control policy" in message(lambda: strict.in_account(member, "s3"))


def test_without_the_switch_a_role_without_policies_may_do_everything(world: World) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole"}
    world.client("iam").create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    assert world.in_account(MANAGEMENT, "iam", "auditor").list_roles()["Roles"]


def test_own_policies_are_attached_as_soon_as_their_targets_are_there(begin: Callable[..., World]) -> None:
    content = document({"Effect": "Deny", "Action": "s3:CreateBucket"})
    own = (
        OwnPolicy("of-the-root", "SERVICE_CONTROL_POLICY", content),
        OwnPolicy("of-a-unit", "SERVICE_CONTROL_POLICY", content, units=(("Workloads", "CI/CD"),)),
        OwnPolicy("of-an-account", "SERVICE_CONTROL_POLICY", content, emails=("Logs@corp.example",)),
    )
    world = begin(replace(SEED, evaluate_policies=True, own_policies=own))
    organizations = world.organization(FeatureSet="ALL")
    assert policies_of(organizations, world.root()) == []
    organizations.enable_policy_type(RootId=world.root(), PolicyType="SERVICE_CONTROL_POLICY")
    assert policies_of(organizations, world.root()) == ["of-the-root"]
    parent = organizations.create_organizational_unit(ParentId=world.root(), Name="Workloads")["OrganizationalUnit"]
    unit = organizations.create_organizational_unit(ParentId=parent["Id"], Name="CI/CD")["OrganizationalUnit"]
    assert (policies_of(organizations, parent["Id"]), policies_of(organizations, unit["Id"])) == ([], ["of-a-unit"])
    member = world.account("logs")
    assert policies_of(organizations, member) == ["of-an-account"]
    assert "p-" in message(world.in_account(member, "s3").create_bucket, Bucket="denied")
    denial = world.sandbox.denials()[-1]["denial"]
    assert (denial["policy"], denial["statement"], denial["target"]) == ("of-the-root", "1", world.root())


def test_an_own_policy_that_somebody_detaches_stays_detached(begin: Callable[..., World]) -> None:
    own = OwnPolicy("mine", "SERVICE_CONTROL_POLICY", document({"Effect": "Deny", "Action": "s3:*"}))
    world = begin(replace(SEED, evaluate_policies=True, own_policies=(own,)))
    organizations = world.organization(FeatureSet="ALL")
    organizations.enable_policy_type(RootId=world.root(), PolicyType="SERVICE_CONTROL_POLICY")
    policies = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    (policy_id,) = [policy["Id"] for policy in policies if policy["Name"] == "mine"]
    organizations.detach_policy(PolicyId=policy_id, TargetId=world.root())
    assert policies_of(organizations, world.root()) == []


def policies_of(organizations: Any, target: str) -> list[str]:
    """The names of the service control policies of a target, without AWS's own."""
    listing = organizations.list_policies_for_target(TargetId=target, Filter="SERVICE_CONTROL_POLICY")
    return [policy["Name"] for policy in listing["Policies"] if not policy["AwsManaged"]]


def test_a_call_keeps_the_decision_about_each_action_that_it_needs(strict: World) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole"}
    strict.client("iam").create_role(
        RoleName="auditor",
        AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}),
        Tags=[{"Key": "a", "Value": "b"}],
    )
    decisions = strict.sandbox.calls()[-1]["decisions"]
    assert [decision["action"] for decision in decisions] == ["iam:CreateRole", "iam:TagRole"]
    assert {decision["policy"] for decision in decisions} == {"AdministratorAccess"}


def test_an_operator_with_policies_may_do_what_they_allow_and_no_more(begin: Callable[..., World]) -> None:
    allowed = document({"Sid": "Roles", "Effect": "Allow", "Action": "iam:ListRoles"})
    world = begin(replace(SEED, evaluate_policies=True, operator_policies=(allowed,)))
    assert world.client("iam").list_roles()["Roles"] == []
    assert world.sandbox.calls()[-1]["decisions"][0]["statement"] == "Roles"
    assert "no identity-based policy allows the iam:ListUsers action" in message(world.client("iam").list_users)


def caller(world: World, service: str, keys: dict[str, Any]) -> Any:
    """A client for an access key, or for the credentials of a session."""
    token = keys.get("SessionToken")
    secret = keys["SecretAccessKey"]
    return world.client(
        service, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=secret, aws_session_token=token
    )


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def test_a_user_is_limited_by_its_boundary_and_known_by_its_tags(strict: World) -> None:
    iam = strict.client("iam")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=document({"Effect": "Allow", "Action": "iam:Get*"}))
    arn = boundary["Policy"]["Arn"]
    iam.create_user(UserName="ann", PermissionsBoundary=arn, Tags=tags(Team="red"))
    assert iam.get_user(UserName="ann")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    red = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    granted = document({"Effect": "Allow", "Action": "iam:*", "Condition": red})
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=granted)
    ann = caller(strict, "iam", iam.create_access_key(UserName="ann")["AccessKey"])
    assert ann.get_user(UserName="ann")["User"]["UserName"] == "ann"
    assert "no permissions boundary allows the iam:ListUsers action" in message(ann.list_users)
    iam.delete_user_permissions_boundary(UserName="ann")
    assert ann.list_users()["Users"]
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=arn)
    assert "no permissions boundary" in message(ann.list_users)
    iam.tag_user(UserName="ann", Tags=tags(Team="blue"))
    assert "no identity-based policy allows" in message(ann.get_user, UserName="ann")


def test_a_role_is_known_by_its_tags_and_those_of_the_session_come_first(strict: World) -> None:
    iam, sts = strict.client("iam"), strict.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    created = iam.create_role(
        RoleName="auditor", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}), Tags=tags(team="red")
    )
    red = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    iam.put_role_policy(
        RoleName="auditor",
        PolicyName="red",
        PolicyDocument=document({"Effect": "Allow", "Action": "iam:ListRoles", "Condition": red}),
    )
    role = {"RoleArn": created["Role"]["Arn"], "RoleSessionName": "test"}
    assert caller(strict, "iam", sts.assume_role(**role)["Credentials"]).list_roles()["Roles"]
    blue = caller(strict, "iam", sts.assume_role(**role, Tags=tags(team="blue"))["Credentials"])
    assert "no identity-based policy allows" in message(blue.list_roles)


def test_a_key_acts_as_its_user_until_it_is_deleted(strict: World, error: Callable[..., str]) -> None:
    iam = strict.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = caller(strict, "sts", key)
    assert ann.get_caller_identity()["Arn"] == f"arn:aws:iam::{MANAGEMENT}:user/ann"
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    assert error(ann.get_caller_identity) == "InvalidClientTokenId"


def test_awss_own_managed_policies_are_in_the_callers_account(begin: Callable[..., World]) -> None:
    allowed = document({"Effect": "Allow", "Action": "iam:GetPolicy"})
    world = begin(replace(SEED, evaluate_policies=True, operator_policies=(allowed,)))
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert world.client("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_a_member_reads_the_organizations_trail_and_a_delegated_administrator_its_accounts(strict: World) -> None:
    organizations = strict.organization(FeatureSet="ALL")
    member = strict.account("logs")
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="cloudtrail.amazonaws.com")
    assert strict.in_account(member, "organizations").describe_account(AccountId=MANAGEMENT)["Account"]
    strict.client("s3").create_bucket(Bucket="trail")
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*"}
    content = {"Version": "2012-10-17", "Statement": [{**service, "Resource": ["arn:aws:s3:::trail*"]}]}
    strict.client("s3").put_bucket_policy(Bucket="trail", Policy=json.dumps(content))
    trail = strict.client("cloudtrail").create_trail(Name="all", S3BucketName="trail", IsOrganizationTrail=True)
    assert strict.in_account(member, "cloudtrail").get_trail_status(Name=trail["TrailARN"])["IsLogging"] is False


def test_a_resource_control_policy_stops_a_delivery_of_cloudtrail_and_is_listed(strict: World) -> None:
    organizations = strict.organization(FeatureSet="ALL")
    organizations.enable_policy_type(RootId=strict.root(), PolicyType="RESOURCE_CONTROL_POLICY")
    member = strict.account("logs")
    buckets = strict.in_account(member, "s3")
    buckets.create_bucket(Bucket="logs")
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*"}
    granted = {"Version": "2012-10-17", "Statement": [{**service, "Resource": ["arn:aws:s3:::logs*"]}]}
    buckets.put_bucket_policy(Bucket="logs", Policy=json.dumps(granted))
    trails = strict.client("cloudtrail")
    trail = trails.create_trail(Name="all", S3BucketName="logs")["TrailARN"]
    trails.start_logging(Name=trail)
    assert not trails.get_trail_status(Name=trail).get("LatestDeliveryError")
    foreign = {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-zzzzzzzzzz"}}
    deny = {"Sid": "Foreign", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Condition": foreign}
    policy = organizations.create_policy(
        Name="closed", Description="", Content=document(deny), Type="RESOURCE_CONTROL_POLICY"
    )
    organizations.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=member)
    assert trails.get_trail_status(Name=trail)["LatestDeliveryError"] == "AccessDenied"
    with pytest.raises(ClientError, match="InsufficientS3BucketPolicyException"):
        trails.create_trail(Name="second", S3BucketName="logs")
    shown = [(call["operation"], call["denial"]) for call in strict.sandbox.denials()]
    assert [operation for operation, _ in shown] == ["GetTrailStatus", "CreateTrail"]
    denial = shown[0][1]
    assert (denial["action"], denial["policy"], denial["statement"]) == ("s3:PutObject", "closed", "Foreign")
    assert (denial["kind"], denial["target"]) == ("resource control policy", member)


def test_a_call_that_names_a_key_by_its_alias_is_about_the_key(begin: Callable[..., World]) -> None:
    by_alias = {"StringEquals": {"kms:RequestAlias": "alias/logs"}, "Bool": {"aws:SecureTransport": "true"}}
    aliases = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/logs"}}
    world = begin(
        replace(
            SEED,
            evaluate_policies=True,
            operator_policies=(
                document({"Effect": "Allow", "Action": ["kms:CreateKey", "kms:CreateAlias"]}),
                document({"Effect": "Allow", "Action": "kms:DescribeKey", "Condition": by_alias}),
                document({"Effect": "Allow", "Action": "kms:GetKeyPolicy", "Condition": aliases}),
            ),
        )
    )
    kms = world.client("kms")
    key = kms.create_key()["KeyMetadata"]
    assert "no identity-based policy" in message(kms.get_key_policy, KeyId=key["KeyId"])
    kms.create_alias(AliasName="alias/logs", TargetKeyId=key["KeyId"])
    alias = f"arn:aws:kms:us-east-1:{MANAGEMENT}:alias/logs"
    for name in ("alias/logs", alias):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key["Arn"]
        assert world.sandbox.calls()[-1]["decisions"][0]["resource"] == key["Arn"]
    assert "no identity-based policy" in message(kms.describe_key, KeyId=key["KeyId"])
    assert kms.get_key_policy(KeyId=key["KeyId"])["Policy"]
