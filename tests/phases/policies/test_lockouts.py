"""Policies that would deny what orgkit, its workflows, break-glass roles or the delivery of logs need."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgkit.model.desired import Desired
from orgkit.model.state_backend import GitHubSpec, StateBackendSpec
from orgkit.parameters import load
from orgkit.phases.permissions import steps_of
from orgkit.phases.policies.lockouts import BUCKET_ACTIONS, KEY_ACTIONS, PROVIDER_ACTIONS, ROLE_ACTIONS, lockouts
from orgkit.phases.policies.spec import PoliciesSpec, PolicySpec
from orgkit.phases.registry import RUNBOOKS
from orgkit.policy_evaluation.policy_types import RCP, SCP
from tests.bootstrap.project import EXAMPLE

EVERYWHERE = (("Infrastructure",), ("Production",), ("Security",))
ACCESS = "the access role OrganizationAccountAccessRole"
STARTER = EXAMPLE.parent / "policies"
Find = Callable[..., list[str]]


@pytest.fixture(scope="module")
def desired() -> Desired:
    return load(EXAMPLE)


@pytest.fixture
def find(desired: Desired) -> Find:
    def of(
        kind: str = SCP, attach: tuple[tuple[str, ...], ...] = EVERYWHERE, roles: Any = (), **more: Any
    ) -> list[str]:
        """Who is locked out, with a question mark where that is not certain."""
        statement = {"Sid": "S", "Effect": "Deny", "Resource": "*", **more}
        if kind == RCP:
            statement["Principal"] = "*"
        content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        policy = PolicySpec("p", kind, "p.json", attach, content)
        found = lockouts(policy, PoliciesSpec((policy,), tuple(roles)), desired, {})
        return [lockout.subject if lockout.is_certain else f"{lockout.subject}?" for lockout in found]

    return of


def test_the_actions_of_the_access_role_are_those_of_the_steps() -> None:
    made = {action for phase in RUNBOOKS for step in steps_of(phase) for action in step.actions_in_account()}
    # What the owner of an account does before it joins, when no policy of the organization binds it.
    by_its_owner = {action for action in made if action.startswith("organizations:")} | {"iam:CreateServiceLinkedRole"}
    assert {*ROLE_ACTIONS, *BUCKET_ACTIONS, *KEY_ACTIONS, *PROVIDER_ACTIONS} == made - by_its_owner


def test_a_policy_that_denies_something_else_locks_nobody_out(find: Find) -> None:
    assert find(Action="organizations:LeaveOrganization", roles=["break-glass"]) == []
    assert find(Action="ec2:RunInstances", roles=["break-glass"]) == []


@pytest.mark.parametrize("action", ["iam:GetRole", "iam:Get*", "*", "cloudtrail:LookupEvents"])
def test_the_read_role_must_not_be_denied(find: Find, action: str) -> None:
    assert "role orgkit-read" in find(Action=action)


def test_the_access_role_must_not_be_denied(find: Find) -> None:
    assert find(Action="iam:PutRolePolicy") == [ACCESS]
    assert find(Action="s3:PutBucketPolicy") == [ACCESS]
    assert find(Action="s3:PutBucketPolicy", attach=(("Production",),)) == []  # the logs are not there
    assert find(Action="s3:PutBucketPolicy", Resource="arn:aws:s3:::other") == []


def test_the_account_of_terraforms_state_must_not_lose_its_bucket_and_roles(desired: Desired) -> None:
    github = GitHubSpec("acme", "1", "infrastructure", "2", "plan", "apply", "name")
    spec = StateBackendSpec("website-prod", "acme-state", region="us-east-1", github=github)
    for action in ("s3:PutBucketVersioning", "iam:CreateOpenIDConnectProvider"):
        statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
        content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        policies = PoliciesSpec((PolicySpec("p", SCP, "p.json", (("Production",),), content),))
        assert lockouts(policies.policies[0], policies, desired, {}) == ()
        (lockout,) = lockouts(policies.policies[0], policies, desired.with_section(spec), {})
        assert (lockout.subject, lockout.action) == (ACCESS, action)


def test_an_exception_for_the_role_is_none_for_others(find: Find) -> None:
    condition = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/OrganizationAccountAccessRole"}}
    assert find(Action="iam:PutRolePolicy", Condition=condition) == []
    assert find(Action="iam:PutRolePolicy", Condition=condition, roles=["help"]) == ["break-glass role help"]
    assert find(Action="iam:GetRole", Condition=condition) == ["role orgkit-read"]


def test_break_glass_roles_must_be_able_to_stop_an_attacker(find: Find) -> None:
    assert find(Action="ec2:StopInstances") == []
    assert find(Action="ec2:StopInstances", roles=["help", "night"]) == [
        "break-glass role help",
        "break-glass role night",
    ]


def test_a_region_in_which_orgkit_works_must_not_be_denied(find: Find) -> None:
    here = {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}}
    assert find(NotAction="iam:*", Condition=here) == []
    assert "role orgkit-read" in find(NotAction="iam:*", Condition=elsewhere)


def test_mfa_that_no_role_session_has_locks_out(find: Find) -> None:
    assert ACCESS in find(Action="*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})


def test_a_resource_control_policy_must_let_cloudtrail_deliver(find: Find) -> None:
    own = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}  # which a service does not have
    assert find(RCP, Action="s3:*", Condition=own) == ["CloudTrail from the log bucket"]
    services = {**own, "Bool": {"aws:PrincipalIsAWSService": "false"}}
    assert find(RCP, Action="s3:*", Condition=services) == []
    assert find(RCP, Action="s3:*", Condition=own, attach=(("Production",),)) == []


def test_a_resource_control_policy_must_let_the_management_account_and_the_workflows_in(find: Find) -> None:
    condition = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::999999999999:user/*"}}
    subjects = find(RCP, Action="sts:AssumeRole", Condition=condition, attach=(("Production",),))
    workflows = ["role orgkit-plan of the workflows", "role orgkit-apply of the workflows"]
    assert [subject for subject in subjects if not subject.endswith("?")] == workflows
    assert "the management account from role orgkit-read" in find(RCP, Action="sts:AssumeRole")


@pytest.mark.parametrize(
    ("condition", "is_certain"),
    [
        ({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
        ({"StringNotEquals": {"aws:PrincipalTag/team": "a"}}, False),
        ({"StringNotEquals": {"aws:PrincipalAccount": "444444444444"}}, True),
        ({"Null": {"aws:MultiFactorAuthPresent": "true"}}, True),
    ],
)
def test_a_condition_on_what_orgkit_does_not_know_of_a_call_makes_a_lock_out_uncertain(
    desired: Desired, condition: Any, is_certain: bool
) -> None:
    statement = {"Effect": "Deny", "Action": "iam:GetRole", "Resource": "*", "Condition": condition}
    policy = PolicySpec("p", SCP, "p.json", EVERYWHERE, json.dumps({"Statement": [statement]}))
    (lockout, *_) = lockouts(policy, PoliciesSpec(), desired, {})
    assert lockout.is_certain is is_certain
    assert str(lockout).startswith(f"statement 1 {'locks' if is_certain else 'may lock'} out role orgkit-read: it ")


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
        {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
        {"StringLike": {"AWS:UserId": "AROA*"}},
        {"Null": {"aws:TokenIssueTime": "false"}},
    ],
)
def test_a_condition_that_may_hold_for_every_call_may_lock_everybody_out(find: Find, condition: Any) -> None:
    subjects = find(Action="*", Condition=condition)
    assert f"{ACCESS}?" in subjects
    assert "role orgkit-read?" in subjects
    assert ACCESS not in subjects


def test_a_statement_that_is_not_certain_hides_none_that_is(desired: Desired) -> None:
    unsure = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    unsure |= {"Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
    certain = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    for number, statements in ((2, [unsure, certain]), (1, [certain, unsure])):
        policy = PolicySpec("p", SCP, "p.json", EVERYWHERE, json.dumps({"Statement": statements}))
        assert {lockout.statement for lockout in lockouts(policy, PoliciesSpec(), desired, {})} == {str(number)}


def test_a_policy_that_names_arns_locks_out_as_one_of_every_resource_does(find: Find) -> None:
    roles = ["OrganizationAccountAccessRole", "orgkit-read"]
    spared = {"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::*:role/{role}" for role in roles]}}
    not_access = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{roles[0]}"}}
    everything = find(Action="*", Resource="arn:aws:*:*:*:*", Condition=spared, roles=["help"])
    assert everything == ["break-glass role help"]
    of_roles = find(Action="iam:*", Resource="arn:aws:iam::*:role/*", Condition=not_access, roles=["help"])
    assert of_roles == ["role orgkit-read", "break-glass role help"]
    assert find(Action="iam:*", Resource="arn:aws:iam::*:role/other", Condition=not_access, roles=["help"]) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/Admin"}},
        {"StringNotEquals": {"aws:username": "alice"}},
    ],
)
def test_who_enters_an_account_is_not_known_so_that_conditions_on_it_are_warnings(find: Find, condition: Any) -> None:
    own_roles = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/orgkit-*"}}
    both = {**condition, "ArnNotLikeIfExists": own_roles["ArnNotLike"]}
    subjects = find(RCP, Action="sts:AssumeRole", Condition=both, attach=(("Production",),))
    assert "the management account from role orgkit-read?" in subjects
    assert "the management account from role orgkit-read" not in subjects


def test_other_types_of_policy_lock_nobody_out(desired: Desired) -> None:
    policy = PolicySpec("p", "S3_POLICY", "p.json", EVERYWHERE, '{"s3_attributes": {}}')
    assert lockouts(policy, PoliciesSpec((policy,)), desired, {}) == ()


def test_an_account_that_a_policy_names_is_looked_at_by_its_own_id(desired: Desired) -> None:
    condition = {"StringEquals": {"aws:PrincipalAccount": "444444444444"}}
    statement = {"Effect": "Deny", "Action": "iam:GetRole", "Resource": "*", "Condition": condition}
    content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = PolicySpec("p", SCP, "p.json", EVERYWHERE, content)
    assert lockouts(policy, PoliciesSpec(), desired, {"website-prod": "333333333333"}) == ()
    assert lockouts(policy, PoliciesSpec(), desired, {"website-prod": "444444444444"})


@pytest.mark.parametrize("file", sorted(STARTER.glob("*.json")), ids=lambda file: file.stem)
def test_the_starter_set_locks_nobody_out(desired: Desired, file: Path) -> None:
    with_key = replace(desired, trail=replace(desired.trail, kms_key=True))
    document = json.loads(file.read_text(encoding="utf-8"))
    kind = SCP if "Statement" in document else "S3_POLICY"
    policy = PolicySpec(file.stem, kind, file.name, EVERYWHERE, json.dumps(document))
    assert lockouts(policy, PoliciesSpec((policy,), ("break-glass",)), with_key, {}) == ()


def test_the_log_archive_account_is_looked_at_also_next_to_accounts_like_it(desired: Desired) -> None:
    audit = replace(next(account for account in desired.accounts if account.key == "log-archive"), key="audit")
    both = replace(desired, accounts=(audit, *desired.accounts))
    statement = {"Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "*"}
    policy = PolicySpec("p", SCP, "p.json", (("Security",),), json.dumps({"Statement": [statement]}))
    assert [lockout.subject for lockout in lockouts(policy, PoliciesSpec(), both, {})] == [ACCESS]
