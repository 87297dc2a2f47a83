"""The starter set on a sandbox that evaluates policies: what it forbids is denied, and orgkit still works.

The policies are attached before there is an account, so that the rest of the bootstrap runs under them.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orgkit.engine.observe import observe
from orgkit.phases.policies.in_force import BY_AWS, BY_ORGKIT
from orgkit.phases.policies.in_force_aws import read_policies_in_force
from orgkit.runbook.views.policies_in_force import render_policies_in_force
from tests.bootstrap.project import EXAMPLE, Stage, new_project

SCPS = {
    "deny-leaving": ("Infrastructure", "Production", "Security"),
    "deny-other-regions": ("Infrastructure", "Production", "Security"),
    "deny-root-user": ("Infrastructure", "Production", "Security"),
    "protect-logs": ("Security",),
    "protect-roles": ("Infrastructure", "Production", "Security"),
}
SETTINGS = {
    "ai-opt-out": "AISERVICES_OPT_OUT_POLICY",
    "block-public-s3": "S3_POLICY",
    "ec2-defaults": "DECLARATIVE_POLICY_EC2",
}
TYPES = json.dumps(["RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY", *SETTINGS.values()])
PHASES = ("organization", "units", "policies", "accounts", "imports", "trail")


def section() -> str:
    """Every policy of the starter set."""
    targets = {**SCPS, **dict.fromkeys(SETTINGS, ("Production",))}
    return "".join(
        f'\n[policies.{name}]\nfile = "policies/{name}.json"\ntype = "{SETTINGS.get(name, "SERVICE_CONTROL_POLICY")}"\n'
        f"attach = {json.dumps(units)}\n"
        for name, units in targets.items()
    )


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    project = new_project(tmp_path_factory.mktemp("starter") / "project")
    text = project.file.read_text(encoding="utf-8")
    text = text.replace("#policy_types =", f"policy_types = {TYPES}\n#policy_types =")
    text = text.replace("#break_glass_roles = []", 'break_glass_roles = ["break-glass"]')
    project.file.write_text(text + section(), encoding="utf-8")
    stage = Stage(project, evaluate_policies=True)
    with stage.sandbox:
        stage.begin(*PHASES)
        yield stage


def member(stage: Stage, unit: str) -> str:
    """The id of the first account of a unit."""
    aws = stage.client("organizations")
    units = aws.list_organizational_units_for_parent(ParentId=aws.list_roots()["Roots"][0]["Id"])["OrganizationalUnits"]
    (parent,) = [found["Id"] for found in units if found["Name"] == unit]
    return str(aws.list_accounts_for_parent(ParentId=parent)["Accounts"][0]["Id"])


def developer(stage: Stage, account: str, service: str, **more: Any) -> Any:
    """A client as an administrator of a member account that is none of orgkit's roles."""
    iam = stage.client("iam", account)
    trust = {"Effect": "Allow", "Principal": {"AWS": stage.desired.organization.management_account_id}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    if "developer" not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
        iam.create_role(RoleName="developer", AssumeRolePolicyDocument=json.dumps(document))
        iam.attach_role_policy(RoleName="developer", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return stage.client(service, account, "developer", **more)


def is_denied(call: Callable[..., Any], **parameters: Any) -> bool:
    """Whether an SCP denies the call explicitly; any other error fails the test."""
    try:
        call(**parameters)
    except ClientError as error:
        if "with an explicit deny in a service control policy" not in str(error):
            raise
        return True
    return False


def test_every_document_of_the_starter_set_is_tried_here() -> None:
    assert {file.stem for file in (EXAMPLE.parent / "policies").glob("*.json")} == {*SCPS, *SETTINGS}


def test_a_member_account_cannot_leave(stage: Stage) -> None:
    aws = developer(stage, member(stage, "Production"), "organizations")
    assert is_denied(aws.leave_organization)
    assert not is_denied(aws.describe_organization)


def test_the_log_bucket_cannot_be_changed_but_by_the_access_role(stage: Stage) -> None:
    account, bucket = member(stage, "Security"), stage.desired.trail.bucket
    s3 = developer(stage, account, "s3")
    assert is_denied(s3.delete_bucket_policy, Bucket=bucket)
    assert is_denied(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert not is_denied(s3.get_bucket_versioning, Bucket=bucket)
    own = stage.client("s3", account)
    assert not is_denied(own.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


@pytest.mark.parametrize("role", ["orgkit-read", "OrganizationAccountAccessRole"])
def test_orgkits_roles_cannot_be_changed_but_by_the_access_role(stage: Stage, role: str) -> None:
    account = member(stage, "Production")
    iam = developer(stage, account, "iam")
    assert is_denied(iam.delete_role_policy, RoleName=role, PolicyName=role)
    assert is_denied(iam.update_assume_role_policy, RoleName=role, PolicyDocument="{}")
    assert not is_denied(iam.get_role, RoleName=role)
    trust = json.dumps(stage.client("iam", account).get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    assert not is_denied(stage.client("iam", account).update_assume_role_policy, RoleName=role, PolicyDocument=trust)


def test_other_regions_cannot_be_used_and_global_services_can(stage: Stage) -> None:
    account = member(stage, "Production")
    assert is_denied(developer(stage, account, "cloudtrail", region_name="eu-west-1").describe_trails)
    assert not is_denied(developer(stage, account, "cloudtrail", region_name="eu-central-1").describe_trails)
    assert not is_denied(developer(stage, account, "iam", region_name="eu-west-1").list_roles)


def test_orgkit_finds_nothing_left_to_do_and_reads_under_the_policies(stage: Stage) -> None:
    plans = stage.project.json("plan", stage.project.file, code=0)["plans"]
    assert [(plan["phase"], plan["steps"]) for plan in plans if plan["steps"]] == []
    assert "12-policies" in [plan["phase"] for plan in plans]


def test_what_holds_in_an_account_is_computed_from_attachments_or_reported_by_aws(stage: Stage) -> None:
    with stage.connected() as aws:
        policies = read_policies_in_force(aws, observe(aws, stage.desired, "policies"))
    assert policies.notes == ()
    rows = [row for row in policies.rows if row.account == "website-prod"]
    computed = {row.policy: row.origin for row in rows if row.basis == BY_ORGKIT and row.policy in SCPS}
    assert computed == dict.fromkeys(sorted(set(SCPS) - {"protect-logs"}), "Production")
    documents = {row.type: json.loads(row.policy) for row in rows if row.basis == BY_AWS}
    assert documents["S3_POLICY"] == {"s3_attributes": {"public_access_block_configuration": "all"}}
    assert documents["AISERVICES_OPT_OUT_POLICY"] == {"services": {"default": {"opt_out_policy": "optOut"}}}
    assert set(documents) == set(SETTINGS.values())
    assert not [row for row in policies.rows if row.account == "dns" and row.basis == BY_AWS]
    text = render_policies_in_force(policies).text
    assert "computed from attachments" in text
    assert "reported by AWS" in text


def test_a_run_under_the_policies_is_reconciled_with_cloudtrail(stage: Stage) -> None:
    stage.client("organizations").tag_resource(
        ResourceId=member(stage, "Production"), Tags=[{"Key": "ManagedBy", "Value": "hand"}]
    )
    stage.sandbox.sleep(7200)  # so that what the other tests changed is no part of the time of the run
    done = stage.project.phase("03", stage.project.plan("03")["digest"])
    assert done["outcome"] == "done"
    stage.sandbox.sleep(3600)
    output = stage.project.json("records", "reconcile", Path(done["record"]).name[-8:])
    assert output["counts"]["matched"] == len(output["mutations"]) > 0
    assert output["unasked"] == []
