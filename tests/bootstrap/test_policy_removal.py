"""13-policy-removal on the sandbox: planned, approved, applied; lost answers, another attachment, and FullAWSAccess."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orgkit.parameters import load
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project, sentences

SCP = "SERVICE_CONTROL_POLICY"
SECTION = f"""
[policy_removal.legacy]
type = "{SCP}"
units = ["Production", "Security"]
delete = true
"""
DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "NoChime", "Effect": "Deny", "Action": "chime:*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    project = new_project(tmp_path_factory.mktemp("removal") / "project")
    project.file.write_text(project.file.read_text(encoding="utf-8") + SECTION, encoding="utf-8")
    stage = Stage(project)
    with stage.sandbox:
        yield stage


@pytest.fixture(autouse=True)
def begun(stage: Stage) -> None:
    stage.begin(*PHASES_THAT_CHANGE)


def unit_id(aws: Any, name: str) -> str:
    root = aws.list_roots()["Roots"][0]["Id"]
    units = aws.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    return next(str(unit["Id"]) for unit in units if unit["Name"] == name)


def create(stage: Stage, *units: str, name: str = "legacy", content: Any = DENY) -> str:
    """Make a policy by plain boto3, and attach it."""
    aws = stage.client("organizations")
    made = aws.create_policy(Name=name, Description="", Type=SCP, Content=json.dumps(content))
    policy_id = str(made["Policy"]["PolicySummary"]["Id"])
    for unit in units:
        aws.attach_policy(PolicyId=policy_id, TargetId=unit_id(aws, unit))
    return policy_id


def names(stage: Stage) -> list[str]:
    return [item["Name"] for item in stage.client("organizations").list_policies(Filter=SCP)["Policies"]]


def test_a_policy_of_somebody_else_is_detached_and_deleted_under_an_approval_and_then_the_plan_is_empty(
    stage: Stage,
) -> None:
    create(stage, "Production", "Security")
    plan = stage.project.plan("13")
    title = f"policy legacy ({SCP}, made by somebody else than orgkit)"
    lost = "statement NoChime no longer denies chime:* on every resource"
    assert sentences(plan) == [
        f"detach {title} from unit Production: 1 account(s) no longer have it: website-prod; {lost}",
        f"detach {title} from unit Security: 1 account(s) no longer have it: log-archive; {lost}",
        f"delete {title}, which is attached to nothing then; its document is kept in this plan alone",
    ]
    assert "13-policy-removal" not in stage.project.orgkit("plan", stage.project.file, code=0).stdout
    stage.project.phase("13", code=3)
    assert "legacy" in names(stage)
    done = stage.project.phase("13", plan["digest"])
    assert (done["outcome"], done["steps"]) == ("done", 3)
    assert names(stage) == ["FullAWSAccess"]
    assert stage.project.plan("13", code=0)["steps"] == []


def test_another_attachment_after_the_approval_stops_the_run_before_anything_is_taken_away(stage: Stage) -> None:
    policy_id = create(stage, "Production", "Security")
    aws, plan = stage.client("organizations"), stage.project.plan("13")
    aws.attach_policy(PolicyId=policy_id, TargetId=unit_id(aws, "Infrastructure"))
    before = len(stage.changes())
    stage.project.phase("13", plan["digest"], code=4)
    assert stage.changes()[before:] == []
    assert len(aws.list_targets_for_policy(PolicyId=policy_id)["Targets"]) == 3


def test_full_aws_access_goes_only_where_another_scp_allows(stage: Stage) -> None:
    text = stage.project.file.read_text(encoding="utf-8")
    section = f'\n[policy_removal.FullAWSAccess]\ntype = "{SCP}"\nunits = ["Production"]\n'
    stage.project.file.write_text(text.replace(SECTION, section), encoding="utf-8")
    try:
        stage.desired = load(stage.project.file)
        plan = stage.plan("policy-removal")
        assert plan.steps == ()
        assert "without it no SCP of unit Production allows anything" in plan.waiting[0].what
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        create(stage, "Production", name="all", content=allow)
        assert [step.id for step in stage.apply("policy-removal").steps] == [
            "detach-policy:FullAWSAccess: unit Production"
        ]
        aws = stage.client("organizations")
        left = aws.list_policies_for_target(TargetId=unit_id(aws, "Production"), Filter=SCP)["Policies"]
        assert [item["Name"] for item in left] == ["all"]
    finally:
        stage.project.file.write_text(text, encoding="utf-8")
        stage.desired = load(stage.project.file)


def test_the_printed_policy_is_that_of_the_phase_alone(stage: Stage) -> None:
    printed = json.loads(stage.project.orgkit("permissions", "policy-removal", "--file", stage.project.file).stdout)
    actions = {action for statement in printed["Statement"] for action in statement["Action"]}
    assert {"organizations:DetachPolicy", "organizations:DeletePolicy"} <= actions
    assert "organizations:AttachPolicy" not in actions
