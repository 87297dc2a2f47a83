"""A unit renamed by hand, and what a move costs, read from an organization with policies, StackSets and shares."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orgkit.phases.accounts.steps import MoveAccount
from tests.bootstrap.project import Stage

STACK_SETS = "member.org.stacksets.cloudformation.amazonaws.com"
GUARD = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]}


@pytest.fixture
def organizations(stage: Stage) -> Any:
    stage.begin("organization", "units", "accounts")
    return stage.client("organizations")


def units_of(client: Any) -> dict[str, dict[str, str]]:
    (root,) = client.list_roots()["Roots"]
    pages = client.get_paginator("list_organizational_units_for_parent").paginate(ParentId=root["Id"])
    return {unit["Name"]: unit for page in pages for unit in page["OrganizationalUnits"]}


def attach(client: Any, name: str, target: str) -> str:
    policy = client.create_policy(
        Name=name, Description=name, Type="SERVICE_CONTROL_POLICY", Content=json.dumps(GUARD)
    )["Policy"]["PolicySummary"]["Id"]
    client.attach_policy(PolicyId=policy, TargetId=target)
    return str(policy)


def test_a_unit_that_was_renamed_by_hand_is_offered_and_its_account_stays_under_its_policies(
    stage: Stage, organizations: Any
) -> None:
    security = units_of(organizations)["Security"]["Id"]
    attach(organizations, "guard", security)
    organizations.update_organizational_unit(OrganizationalUnitId=security, Name="Security and Audit")
    stage.sandbox.forget_calls()
    units, accounts = stage.plan("units"), stage.plan("accounts")
    assert units.empty
    assert accounts.empty
    (waiting,) = units.waiting
    assert accounts.waiting == (waiting,)
    assert f"--organizational-unit-id {security} --name Security" in waiting.commands[0]
    assert stage.changes() == []
    organizations.update_organizational_unit(OrganizationalUnitId=security, Name="Security")
    assert stage.plan("units").waiting == ()


def test_a_move_states_policies_stacks_and_shares(
    stage: Stage, organizations: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = units_of(organizations)
    source, destination = units["Production"], units["Infrastructure"]
    lost, gained = attach(organizations, "guard", source["Id"]), attach(organizations, "fence", destination["Id"])
    for principal in (STACK_SETS, "ram.amazonaws.com"):
        organizations.enable_aws_service_access(ServicePrincipal=principal)
    cloudformation = stage.client("cloudformation", region_name="eu-central-1")
    for name, unit, retain in (("baseline", source, False), ("kept", source, True), ("new", destination, False)):
        cloudformation.create_stack_set(
            StackSetName=name,
            PermissionModel="SERVICE_MANAGED",
            TemplateBody="{}",
            AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": retain},
        )
        cloudformation.create_stack_instances(
            StackSetName=name, Regions=["us-east-1"], DeploymentTargets={"OrganizationalUnitIds": [unit["Id"]]}
        )
    stage.client("ram", region_name="us-east-1").create_resource_share(name="subnets", principals=[source["Arn"]])

    (spec,) = (spec for spec in stage.desired.accounts if spec.key == "website-prod")
    others = tuple(other for other in stage.desired.accounts if other is not spec)
    moved = replace(spec, unit=("Infrastructure",))
    monkeypatch.setattr(stage, "desired", replace(stage.desired, accounts=(*others, moved)))
    held = stage.plan("accounts")
    assert held.empty
    assert [waiting.what.partition(":")[0] for waiting in held.waiting] == ["website-prod"]
    assert "StackSet baseline (eu-central-1) would delete stacks" in held.waiting[0].what
    assert "accounts.website-prod.allow_stack_deletion = true" in held.waiting[0].what

    allowed = replace(moved, allow_stack_deletion=True)
    monkeypatch.setattr(stage, "desired", replace(stage.desired, accounts=(*others, allowed)))
    (step,) = stage.plan("accounts").steps
    assert isinstance(step, MoveAccount)
    assert step.effects == (
        f"gains service control policy fence ({gained})",
        f"loses service control policy guard ({lost})",
        "gets the stacks of StackSet new (eu-central-1)",
        "leaves StackSet baseline (eu-central-1), which DELETES its stacks",
        "leaves StackSet kept (eu-central-1), which keeps its stacks",
        "loses resource share subnets (us-east-1)",
        "not known: resource shares that other accounts own",
    )
    stage.apply("accounts")
    assert stage.plan("accounts").empty


def test_a_stack_set_of_a_delegated_administrator_is_seen_by_both(stage: Stage, organizations: Any) -> None:
    organizations.enable_aws_service_access(ServicePrincipal=STACK_SETS)
    pages = organizations.get_paginator("list_accounts").paginate()
    archive = next(each["Id"] for page in pages for each in page["Accounts"] if each["Name"] == "log-archive")
    member = stage.client("cloudformation", archive, region_name="us-east-1")
    with pytest.raises(member.exceptions.ClientError, match="not a delegated administrator"):
        member.list_stack_sets(CallAs="DELEGATED_ADMIN")
    organizations.register_delegated_administrator(AccountId=archive, ServicePrincipal=STACK_SETS)
    member.create_stack_set(StackSetName="theirs", PermissionModel="SERVICE_MANAGED", CallAs="DELEGATED_ADMIN")
    seen = [
        client.list_stack_sets(Status="ACTIVE", **more)["Summaries"]
        for client, more in (
            (member, {"CallAs": "DELEGATED_ADMIN"}),
            (stage.client("cloudformation", region_name="us-east-1"), {"CallAs": "SELF"}),
        )
    ]
    assert [[item["StackSetName"] for item in items] for items in seen] == [["theirs"], ["theirs"]]
    assert member.list_stack_sets()["Summaries"] == []


def test_without_a_move_nothing_is_read_about_one(stage: Stage, organizations: Any) -> None:
    organizations.enable_aws_service_access(ServicePrincipal=STACK_SETS)
    stage.sandbox.forget_calls()
    assert stage.plan("accounts").empty
    operations = {call["operation"] for call in stage.sandbox.calls()}
    assert not operations & {"ListPoliciesForTarget", "ListStackSets", "ListDelegatedAdministrators", "ListRegions"}
