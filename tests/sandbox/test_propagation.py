"""With `policy_seconds`, changes of roles and policies are effective after a while; reads show them at once."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import MANAGEMENT, SEED, World
from tests.sandbox.test_authorization import caller, document, message

ROLE = f"arn:aws:iam::{MANAGEMENT}:role/auditor"
TRUST = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole"}
SECONDS = 10
DENY = {"Effect": "Deny"}
ALL = {"Principal": "*", "Action": "kms:*", "Resource": "*"}


@pytest.fixture
def slow(begin: Callable[..., World]) -> World:
    return begin(replace(SEED, evaluate_policies=True, policy_seconds=SECONDS))


def trusting(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def assume(world: World) -> Any:
    keys = world.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    return caller(world, "iam", keys)


def test_a_new_role_its_policies_and_its_trust_are_effective_after_a_while(slow: World) -> None:
    iam = slow.client("iam")
    iam.create_role(RoleName="auditor", AssumeRolePolicyDocument=trusting(TRUST))
    assert iam.get_role(RoleName="auditor")["Role"]["Arn"] == ROLE
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(slow)
    slow.sandbox.sleep(SECONDS)
    auditor = assume(slow)
    iam.put_role_policy(
        RoleName="auditor", PolicyName="p", PolicyDocument=document({"Effect": "Allow", "Action": "iam:*"})
    )
    assert "no identity-based policy" in message(auditor.list_roles)
    slow.sandbox.sleep(SECONDS / 2)
    iam.update_assume_role_policy(RoleName="auditor", PolicyDocument=trusting({**TRUST, **DENY}))
    slow.sandbox.sleep(SECONDS / 2)
    assert auditor.list_roles()["Roles"], "the policy is effective, the later trust is not"
    assert assume(slow).list_roles()["Roles"]
    slow.sandbox.sleep(SECONDS / 2)
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(slow)


def test_a_managed_policy_of_a_user_and_of_its_group_is_effective_after_a_while(slow: World) -> None:
    iam = slow.client("iam")
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="readers")
    slow.sandbox.sleep(SECONDS)
    ann = caller(slow, "iam", iam.create_access_key(UserName="ann")["AccessKey"])
    iam.add_user_to_group(UserName="ann", GroupName="readers")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document({"Effect": "Allow", "Action": "iam:ListUsers"}))
    iam.attach_group_policy(GroupName="readers", PolicyArn=arn["Policy"]["Arn"])
    assert "no identity-based policy" in message(ann.list_users)
    slow.sandbox.sleep(SECONDS)
    assert ann.list_users()["Users"]
    iam.create_policy_version(
        PolicyArn=arn["Policy"]["Arn"],
        PolicyDocument=document({"Effect": "Allow", "Action": "iam:ListRoles"}),
        SetAsDefault=True,
    )
    assert ann.list_users()["Users"]
    slow.sandbox.sleep(SECONDS)
    assert "no identity-based policy" in message(ann.list_users)


def test_a_policy_of_the_organization_a_bucket_or_a_key_is_effective_after_a_while(slow: World) -> None:
    organizations = slow.organization(FeatureSet="ALL")
    organizations.enable_policy_type(RootId=slow.root(), PolicyType="SERVICE_CONTROL_POLICY")
    buckets = slow.in_account(slow.account("logs"), "s3")
    content = document({"Effect": "Deny", "Action": "s3:CreateBucket"})
    policy = organizations.create_policy(Name="no", Description="", Content=content, Type="SERVICE_CONTROL_POLICY")
    organizations.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=slow.root())
    buckets.create_bucket(Bucket="first")
    slow.sandbox.sleep(SECONDS)
    assert "service control policy" in message(buckets.create_bucket, Bucket="second")
    closed = {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::first"}
    buckets.put_bucket_policy(Bucket="first", Policy=json.dumps({"Statement": [closed]}))
    assert buckets.list_objects_v2(Bucket="first")["KeyCount"] == 0
    slow.sandbox.sleep(SECONDS)
    with pytest.raises(ClientError, match="AccessDenied"):
        buckets.list_objects_v2(Bucket="first")
    kms = slow.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps({"Statement": [{**ALL, **DENY}]}))
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyId"] == key
    slow.sandbox.sleep(SECONDS)
    assert "explicit deny in a resource-based policy" in message(kms.describe_key, KeyId=key)
