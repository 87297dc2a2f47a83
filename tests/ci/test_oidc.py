"""The roles that GitHub takes, as CloudFormation resolves their template; `python -m tests.ci.test_oidc` makes it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgkit.ci import oidc
from orgkit.permissions import policy_for, reading_policy_for
from orgkit.phases import RUNBOOKS
from tests.ci.workflows import ROOT

FILE = ROOT / "orgkit" / "ci" / "github" / "github-oidc.yaml"
INLINE = 10_240  # characters of a role's inline policies, blanks not counted. [IAM quotas]
GIVEN = {"Owner": "acme", "OwnerId": "123456", "Repository": "org-runbooks", "RepositoryId": "456789"}
PROVIDER = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
TOKEN = "token.actions.githubusercontent.com"
CHANGING = [phase for phase in RUNBOOKS if phase.changes]


def resolved(given: dict[str, str] | None = None) -> dict[str, Any]:
    """The template's resources, with its intrinsic functions carried out."""
    template = yaml.safe_load(FILE.read_text())
    values = {name: each.get("Default", "") for name, each in template["Parameters"].items()} | GIVEN | (given or {})
    return {name: _resolve(each, template, values) for name, each in template["Resources"].items()}


def _resolve(node: Any, template: dict[str, Any], values: dict[str, str]) -> Any:
    """Depth first; None for what CloudFormation would leave out."""
    if isinstance(node, list):
        return [_resolve(each, template, values) for each in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _resolve(each, template, values) for key, each in node.items()}
    function = FUNCTIONS.get(next(iter(node), "")) if len(node) == 1 else None
    if function:
        return function(
            next(iter(inner.values())), lambda name: _resolve(template["Conditions"][name], template, values), values
        )
    return {key: _without(each) for key, each in inner.items() if each is not None}


def _without(each: Any) -> Any:
    """A list without what CloudFormation would leave out."""
    return [value for value in each if value is not None] if isinstance(each, list) else each


def _sub(text: str, _: Any, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


FUNCTIONS: dict[str, Any] = {
    "Ref": lambda name, _, values: {"AWS::NoValue": None, "Provider": PROVIDER, **values}[name],
    "Fn::Sub": _sub,
    "Fn::If": lambda parts, holds, _: parts[1] if holds(parts[0]) else parts[2],
    "Fn::Equals": lambda parts, *_: parts[0] == parts[1],
    "Fn::Not": lambda parts, *_: not parts[0],
}


def trust(role: str, **given: str) -> dict[str, Any]:
    (statement,) = resolved(given)[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    return dict(statement)


def policy(role: str, **given: str) -> dict[str, Any]:
    (inline,) = resolved(given)[role]["Properties"]["Policies"]
    return dict(inline["PolicyDocument"])


def test_the_file_in_the_package_is_what_is_made_from_the_permissions():
    assert FILE.read_text(encoding="utf-8") == oidc.text(), "run: python -m tests.ci.test_oidc"


def test_the_template_passes_cloudformations_linter():
    done = subprocess.run([Path(sys.executable).parent / "cfn-lint", FILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("role", "environment"), [("PlanRole", "org-plan"), ("ApplyRole", "org-apply")])
@pytest.mark.parametrize(
    ("form", "repository"),
    [("immutable", "acme@123456/org-runbooks@456789"), ("name", "acme/org-runbooks")],
)
def test_one_repository_in_one_environment_of_it_may_take_a_role(role, environment, form, repository):
    assert trust(role, SubjectForm=form) == {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{TOKEN}:aud": "sts.amazonaws.com",
                f"{TOKEN}:repository_owner_id": "123456",
                f"{TOKEN}:repository_id": "456789",
                f"{TOKEN}:sub": f"repo:{repository}:environment:{environment}",
            }
        },
    }


@pytest.mark.parametrize("role", ["PlanRole", "ApplyRole"])
def test_no_wildcard_stands_in_a_trust_and_no_pull_request_does(role):
    told = json.dumps(trust(role))
    assert "*" not in told
    assert "StringLike" not in told
    assert "pull_request" not in told


def test_a_provider_that_is_there_is_used():
    existing = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com"
    assert trust("ApplyRole", ExistingProviderArn=existing)["Principal"] == {"Federated": existing}
    template = yaml.safe_load(FILE.read_text())
    assert template["Resources"]["Provider"]["Condition"] == "MakeProvider"


def test_the_apply_role_may_do_what_the_phases_that_change_something_need():
    assert policy("ApplyRole") == policy_for(CHANGING)


def test_the_apply_role_enters_members_by_the_role_that_the_parameters_file_names():
    assert policy("ApplyRole", AccessRole="OrgAccess") == policy_for(CHANGING, {"OrgAccess"})


def test_the_apply_role_signs_records_with_the_key_that_is_named_and_with_no_other():
    key = "arn:aws:kms:us-east-1:111111111111:key/0b4a7c2e-6f3e-4c52-9a3b-2f6b1e5f7a10"
    *others, signing = policy("ApplyRole", SigningKeyArn=key)["Statement"]
    assert others == policy_for(CHANGING)["Statement"]
    assert (signing["Action"], signing["Resource"]) == (["kms:GetPublicKey", "kms:Sign"], key)
    assert "kms:Sign" not in json.dumps([policy("ApplyRole"), policy("PlanRole", SigningKeyArn=key)])


@pytest.mark.parametrize("role", ["PlanRole", "ApplyRole"])
def test_a_role_of_another_organization_that_trusts_ours_is_not_entered(role):
    entering = [each for each in policy(role)["Statement"] if each["Action"] == ["sts:AssumeRole"]]
    condition = {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    assert [each["Condition"] for each in entering] == [condition]


def test_the_plan_role_may_read_and_enters_members_by_their_read_role_alone():
    made = policy("PlanRole")
    assert made == reading_policy_for(CHANGING)
    reading, entering = made["Statement"]
    verbs = ("Get", "List", "Describe", "View")
    assert [action for action in reading["Action"] if not action.split(":")[1].startswith(verbs)] == []
    assert entering["Action"] == ["sts:AssumeRole"]
    assert entering["Resource"] == ["arn:aws:iam::*:role/orgkit-read"]


def test_what_the_plan_role_may_read_is_all_that_the_apply_role_may():
    readable = {action for statement in policy_for(CHANGING)["Statement"] for action in statement["Action"]}
    assert {action for statement in policy("PlanRole")["Statement"] for action in statement["Action"]} <= readable


@pytest.mark.parametrize("role", ["PlanRole", "ApplyRole"])
def test_a_role_lasts_an_hour_and_its_policy_fits(role):
    properties = resolved()[role]["Properties"]
    assert properties["MaxSessionDuration"] == 3600
    assert "PermissionsBoundary" not in properties
    assert len(json.dumps(policy(role), separators=(",", ":"))) < INLINE


@pytest.mark.parametrize("role", ["PlanRole", "ApplyRole"])
def test_a_boundary_is_set_where_one_is_named(role):
    boundary = "arn:aws:iam::111111111111:policy/boundary"
    assert resolved({"PermissionsBoundaryArn": boundary})[role]["Properties"]["PermissionsBoundary"] == boundary


if __name__ == "__main__":
    FILE.write_text(oidc.text(), encoding="utf-8")
