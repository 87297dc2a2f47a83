"""12-policies on the sandbox: planned, approved, applied, drift repaired, and nothing ever detached."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orgkit.parameters import load
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project, sentences

SECTION = """
[policies.deny-leaving]
file = "policies/deny-leaving.json"
type = "SERVICE_CONTROL_POLICY"
attach = ["Production", "Security"]
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    project = new_project(tmp_path_factory.mktemp("policies") / "project")
    project.file.write_text(project.file.read_text(encoding="utf-8") + SECTION, encoding="utf-8")
    stage = Stage(project)
    with stage.sandbox:
        yield stage


@pytest.fixture(autouse=True)
def begun(stage: Stage) -> None:
    stage.begin(*PHASES_THAT_CHANGE)


def attached(stage: Stage, unit: str) -> list[str]:
    """The names of the SCPs of a unit, asked of AWS by plain boto3."""
    aws = stage.client("organizations")
    return [policy["Name"] for policy in policies_of(aws, unit_id(aws, unit))]


def unit_id(aws: Any, name: str) -> str:
    root = aws.list_roots()["Roots"][0]["Id"]
    units = aws.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    return next(str(unit["Id"]) for unit in units if unit["Name"] == name)


def policies_of(aws: Any, target: str) -> list[dict[str, Any]]:
    return list(aws.list_policies_for_target(TargetId=target, Filter="SERVICE_CONTROL_POLICY")["Policies"])


def document(stage: Stage) -> Path:
    return stage.project.file.parent / "policies" / "deny-leaving.json"


def test_nothing_is_made_before_somebody_approves_and_then_exactly_that(stage: Stage) -> None:
    plan = stage.project.plan("12")
    assert sentences(plan) == [
        "create policy deny-leaving (SERVICE_CONTROL_POLICY, 168 characters)",
        "attach policy deny-leaving (SERVICE_CONTROL_POLICY) to Production, which affects 1 account(s): website-prod",
        "attach policy deny-leaving (SERVICE_CONTROL_POLICY) to Security, which affects 1 account(s): log-archive",
    ]
    stage.project.phase("12", code=3)
    assert stage.changes() == []
    done = stage.project.phase("12", plan["digest"])
    assert (done["outcome"], done["steps"]) == ("done", 3)
    assert "deny-leaving" in attached(stage, "Production")
    assert "deny-leaving" not in attached(stage, "Infrastructure")
    assert stage.project.plan("12", code=0)["steps"] == []


def test_a_changed_document_is_shown_line_by_line_with_the_accounts_that_it_affects(stage: Stage) -> None:
    stage.apply("policies")
    before = document(stage).read_text(encoding="utf-8")
    document(stage).write_text(before.replace("LeaveOrganization", "CloseAccount"), encoding="utf-8")
    try:
        stage.desired = load(stage.project.file)
        output = stage.project.orgkit("plan", stage.project.file, "12", code=3).stdout
        assert '-         "organizations:LeaveOrganization"' in output
        assert '+         "organizations:CloseAccount"' in output
        plan = stage.project.plan("12")
        (sentence,) = sentences(plan)
        assert sentence == (
            "change policy deny-leaving (SERVICE_CONTROL_POLICY): 1 line(s) removed, 1 added; attached to Production, "
            "Security, which affects 2 account(s): log-archive, website-prod; no longer has its statement DenyLeaving "
            "as it was"
        )
        assert stage.project.phase("12", plan["digest"])["outcome"] == "done"
    finally:
        document(stage).write_text(before, encoding="utf-8")
        stage.desired = load(stage.project.file)


def test_drift_is_planned_again_and_other_policies_stay(stage: Stage) -> None:
    stage.apply("policies")
    aws = stage.client("organizations")
    other = aws.create_policy(
        Name="others", Description="", Type="SERVICE_CONTROL_POLICY", Content=document(stage).read_text()
    )["Policy"]["PolicySummary"]["Id"]
    aws.attach_policy(PolicyId=other, TargetId=unit_id(aws, "Production"))
    own = next(item for item in policies_of(aws, unit_id(aws, "Security")) if item["Name"] == "deny-leaving")
    aws.detach_policy(PolicyId=own["Id"], TargetId=unit_id(aws, "Security"))
    plan = stage.plan("policies")
    assert [step.id for step in plan.steps] == ["attach-policy:deny-leaving: Security"]
    assert plan.unmanaged == ("policy others (SERVICE_CONTROL_POLICY)",)
    stage.apply("policies")
    assert "others" in attached(stage, "Production")
    assert "deny-leaving" in attached(stage, "Security")


def test_a_policy_that_somebody_attached_elsewhere_is_reported_and_stays(stage: Stage) -> None:
    stage.apply("policies")
    aws = stage.client("organizations")
    own = next(item for item in policies_of(aws, unit_id(aws, "Security")) if item["Name"] == "deny-leaving")
    aws.attach_policy(PolicyId=own["Id"], TargetId=unit_id(aws, "Infrastructure"))
    plan = stage.plan("policies")
    assert plan.steps == ()
    assert plan.unmanaged == ("attachment of policy deny-leaving to Infrastructure",)


def test_a_policy_that_exists_with_another_document_is_changed_and_not_made_again(stage: Stage) -> None:
    aws = stage.client("organizations")
    content = json.dumps({"Version": "2012-10-17", "Statement": []})
    aws.create_policy(Name="deny-leaving", Description="", Type="SERVICE_CONTROL_POLICY", Content=content)
    assert [step.kind for step in stage.apply("policies").steps] == ["change-policy", "attach-policy", "attach-policy"]
    assert stage.doubles() == []


def test_a_name_that_a_policy_of_another_type_has_is_refused_with_what_to_do(stage: Stage) -> None:
    aws = stage.client("organizations")
    aws.enable_policy_type(RootId=aws.list_roots()["Roots"][0]["Id"], PolicyType="TAG_POLICY")
    aws.create_policy(Name="deny-leaving", Description="", Type="TAG_POLICY", Content='{"tags":{}}')
    plan = stage.project.plan("12")
    done = stage.project.orgkit("run", stage.project.file, "12", "--approved-plan", plan["digest"], code=5)
    output = " ".join((done.stdout + done.stderr).split())
    assert "AWS has a policy named deny-leaving already, and lists none of type SERVICE_CONTROL_POLICY" in output
    assert "give the policy another name in [policies]" in output
