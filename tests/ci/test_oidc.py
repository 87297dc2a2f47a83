"""The roles that GitHub takes, as CloudFormation resolves their template; `python -m tests.ci.test_oidc` makes it."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgkit.ci import oidc
from orgkit.phases.permissions import MAX_MANAGED_POLICY, Scope, policy_for, reading_policy_for
from orgkit.phases.registry import RUNBOOKS, phase_of
from tests.ci.workflows import ROOT

FILE = ROOT / "orgkit" / "ci" / "github" / "github-oidc.yaml"
MAX_POLICIES_OF_A_ROLE = 10  # [IAM quotas]
ACCOUNT, ORGANIZATION = "111111111111", "o-a1b2c3d4e5"
GIVEN = {
    "Owner": "acme",
    "OwnerId": "123456",
    "Repository": "org-runbooks",
    "RepositoryId": "456789",
    "OrganizationId": ORGANIZATION,
    "AWS::AccountId": ACCOUNT,
}
SCOPE = Scope(account=ACCOUNT, organization=ORGANIZATION, trail="org-trail", trail_region="us-east-1")
PROVIDER = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
TOKEN = "token.actions.githubusercontent.com"
CHANGING = [
    phase for phase in RUNBOOKS if phase.changes and phase.label not in ("policy-removal", "emails", "offboarding")
]


@cache
def _template() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text()))


def resolved(given: dict[str, str] | None = None) -> dict[str, Any]:
    """The template's resources, with its intrinsic functions carried out."""
    template = _template()
    values = {name: _default(each) for name, each in template["Parameters"].items()} | GIVEN | (given or {})
    return {name: _resolve(each, template, values) for name, each in template["Resources"].items()}


def _default(parameter: dict[str, Any]) -> Any:
    value = parameter.get("Default", "")
    return value.split(",") if parameter["Type"] == "CommaDelimitedList" else value


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
        text = text.replace(f"${{{name}}}", str(value))
    return text


FUNCTIONS: dict[str, Any] = {
    # The reference to a policy of this template is its ARN; here its name stands for it.
    "Ref": lambda name, _, values: {"AWS::NoValue": None, "Provider": PROVIDER, **values}.get(name, name),
    "Fn::Sub": _sub,
    "Fn::If": lambda parts, holds, _: parts[1] if holds(parts[0]) else parts[2],
    "Fn::Equals": lambda parts, *_: parts[0] == parts[1],
    "Fn::Not": lambda parts, *_: not parts[0],
}


def trust(role: str, **values: str) -> dict[str, Any]:
    (statement,) = resolved(values)[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    return dict(statement)


def policies(role: str, **values: str) -> dict[str, dict[str, Any]]:
    """The customer managed policies that are attached to a role, by their names in the template."""
    resources = resolved(values)
    attached = resources[role]["Properties"]["ManagedPolicyArns"]
    return {name: resources[name]["Properties"]["PolicyDocument"] for name in attached}


def statements(role: str, **values: str) -> list[dict[str, Any]]:
    return [statement for policy in policies(role, **values).values() for statement in policy["Statement"]]


def characters(policy: dict[str, Any]) -> int:
    """As AWS counts a policy: without white space."""
    return len("".join(json.dumps(policy).split()))


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
    output = json.dumps(trust(role))
    assert "*" not in output
    assert "StringLike" not in output
    assert "pull_request" not in output


def test_a_provider_that_is_there_is_used():
    existing = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com"
    assert trust("ApplyRole", ExistingProviderArn=existing)["Principal"] == {"Federated": existing}
    template = yaml.safe_load(FILE.read_text())
    assert template["Resources"]["Provider"]["Condition"] == "MakeProvider"


def test_the_apply_role_has_one_policy_for_each_phase_that_changes_something():
    assert policies("ApplyRole") == {
        f"ApplyPolicy{phase.number}": policy_for([phase], SCOPE) for phase in CHANGING
    }  # fmt: skip


def test_the_apply_role_changes_one_organization_and_one_trail():
    values = {"TrailName": "acme", "TrailRegion": "eu-west-1", "OrganizationId": "o-zzzzzzzzzz"}
    narrowed = {s["Sid"]: s["Resource"] for s in statements("ApplyRole", **values) if s["Resource"] != "*"}
    organization = f"arn:aws:organizations::{ACCOUNT}"
    assert narrowed["ChangeTree"] == [f"{organization}:{kind}/o-zzzzzzzzzz/*" for kind in ("account", "ou", "root")]
    assert narrowed["CreateTrail"] == [f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/acme"]
    assert narrowed["ChangeTrail"] == [f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"], "one that is there is adopted"


def test_the_apply_role_enables_what_the_parameters_file_enables():
    template = yaml.safe_load(FILE.read_text())
    assert {template["Parameters"][name]["Type"] for name in ("TrustedAccess", "PolicyTypes")} == {"CommaDelimitedList"}
    values: dict[str, Any] = {"TrustedAccess": ["cloudtrail.amazonaws.com"], "PolicyTypes": ["TAG_POLICY"]}
    conditions = {s["Sid"]: s["Condition"] for s in statements("ApplyRole", **values) if "Condition" in s}
    assert conditions["EnableTrustedAccess"] == {
        "StringEquals": {"organizations:ServicePrincipal": ["cloudtrail.amazonaws.com"]}
    }
    assert conditions["EnablePolicyTypes"] == {"StringEquals": {"organizations:PolicyType": ["TAG_POLICY"]}}


def test_the_apply_role_enters_members_by_the_role_that_the_parameters_file_names():
    scope = replace(SCOPE, access_roles=("OrgAccess",))
    assert policies("ApplyRole", AccessRole="OrgAccess")["ApplyPolicy03"] == policy_for([phase_of("03")], scope)


def test_the_apply_role_signs_records_with_the_key_that_is_named_and_with_no_other():
    key = "arn:aws:kms:us-east-1:111111111111:key/0b4a7c2e-6f3e-4c52-9a3b-2f6b1e5f7a10"
    (inline,) = resolved({"SigningKeyArn": key})["ApplyRole"]["Properties"]["Policies"]
    (signing,) = inline["PolicyDocument"]["Statement"]
    assert (signing["Action"], signing["Resource"]) == (["kms:GetPublicKey", "kms:Sign"], key)
    assert "kms:Sign" not in json.dumps(resolved())
    assert "Policies" not in resolved({"SigningKeyArn": key})["PlanRole"]["Properties"]


@pytest.mark.parametrize("role", ["PlanRole", "ApplyRole"])
def test_a_role_of_another_organization_that_trusts_ours_is_not_entered(role):
    entering = [each for each in statements(role) if each["Action"] == ["sts:AssumeRole"]]
    condition = {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    assert entering
    assert [each for each in entering if each["Condition"] != condition] == []


def test_the_plan_role_may_read_and_enters_members_by_their_read_role_alone():
    assert policies("PlanRole") == {"PlanPolicy": reading_policy_for(CHANGING)}
    reading, entering = statements("PlanRole")
    verbs = ("Get", "List", "Describe", "View")
    assert [action for action in reading["Action"] if not action.split(":")[1].startswith(verbs)] == []
    assert entering["Action"] == ["sts:AssumeRole"]
    assert entering["Resource"] == ["arn:aws:iam::*:role/orgkit-read"]


def test_what_the_plan_role_may_read_is_all_that_the_apply_role_may():
    readable = {action for statement in statements("ApplyRole") for action in statement["Action"]}
    assert {action for statement in statements("PlanRole") for action in statement["Action"]} <= readable


@pytest.mark.parametrize("role", ["PlanRole", "ApplyRole"])
def test_a_role_lasts_an_hour_and_each_of_its_policies_fits_into_a_managed_policy(role):
    properties = resolved()[role]["Properties"]
    assert properties["MaxSessionDuration"] == 3600
    assert "PermissionsBoundary" not in properties
    assert 0 < len(properties["ManagedPolicyArns"]) <= MAX_POLICIES_OF_A_ROLE
    longest = {"OrganizationId": f"o-{'a' * 32}", "TrailName": "t" * 128, "AccessRole": "r" * 64}
    assert [name for name, made in policies(role, **longest).items() if characters(made) >= MAX_MANAGED_POLICY] == []


@pytest.mark.parametrize("role", ["PlanRole", "ApplyRole"])
def test_a_boundary_is_set_where_one_is_named(role):
    boundary = "arn:aws:iam::111111111111:policy/boundary"
    assert resolved({"PermissionsBoundaryArn": boundary})[role]["Properties"]["PermissionsBoundary"] == boundary


if __name__ == "__main__":
    FILE.write_text(oidc.text(), encoding="utf-8")
