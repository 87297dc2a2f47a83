"""One setting is changed outside orgkit with plain boto3: exactly one step repairs it, and then nothing is left."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from orgkit.model.plan import Plan
from orgkit.parameters import load
from tests.bootstrap.project import PHASES_THAT_CHANGE, Project, Stage

MANAGEMENT = "arn:aws:iam::999999999999:root"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@dataclass(frozen=True)
class Behind:
    """What somebody can reach without orgkit: names of the file, and the ids that AWS gave to them."""

    stage: Stage

    @property
    def organizations(self) -> Any:
        return self.stage.client("organizations")

    @property
    def root(self) -> str:
        return str(self.organizations.list_roots()["Roots"][0]["Id"])

    def unit(self, name: str) -> str:
        units = self.organizations.list_organizational_units_for_parent(ParentId=self.root)["OrganizationalUnits"]
        return next(str(unit["Id"]) for unit in units if unit["Name"] == name)

    def account(self, name: str) -> str:
        return next(str(a["Id"]) for a in self.organizations.list_accounts()["Accounts"] if a["Name"] == name)

    def within(self, service: str, account: str = "log-archive") -> Any:
        return self.stage.client(service, self.account(account))

    @property
    def trail(self) -> Any:
        return self.stage.client("cloudtrail")

    @property
    def bucket(self) -> str:
        return self.stage.desired.trail.bucket


def move_to_the_root(name: str) -> Callable[[Behind], Any]:
    def change(it: Behind) -> None:
        account = it.account(name)
        (parent,) = it.organizations.list_parents(ChildId=account)["Parents"]
        it.organizations.move_account(AccountId=account, SourceParentId=parent["Id"], DestinationParentId=it.root)

    return change


def untag_account(name: str) -> Callable[[Behind], Any]:
    return lambda it: it.organizations.untag_resource(ResourceId=it.account(name), TagKeys=["ManagedBy"])


def widen_read_role(name: str) -> Callable[[Behind], Any]:
    """Somebody lets the read role do everything."""
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    return lambda it: it.within("iam", name).put_role_policy(
        RoleName="orgkit-read", PolicyName="orgkit-read", PolicyDocument=json.dumps(everything)
    )


def lose_read_role(name: str) -> Callable[[Behind], Any]:
    def change(it: Behind) -> None:
        iam = it.within("iam", name)
        iam.delete_role_policy(RoleName="orgkit-read", PolicyName="orgkit-read")
        iam.delete_role(RoleName="orgkit-read")

    return change


def open_read_role(name: str) -> Callable[[Behind], Any]:
    """Somebody lets anybody use the read role."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    anybody = {"Version": "2012-10-17", "Statement": [statement]}
    return lambda it: it.within("iam", name).update_assume_role_policy(
        RoleName="orgkit-read", PolicyDocument=json.dumps(anybody)
    )


def strip_access_role(it: Behind) -> None:
    iam = it.within("iam", "dns")
    iam.detach_role_policy(RoleName="OrganizationAccountAccessRole", PolicyArn=ADMINISTRATOR)


def lose_access_role(it: Behind) -> None:
    """By another role: the lost one may do nothing once its policy is gone."""
    iam = it.within("iam", "dns")
    statement = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName="administrator", AssumeRolePolicyDocument=trust)
    iam.attach_role_policy(RoleName="administrator", PolicyArn=ADMINISTRATOR)
    iam = it.stage.client("iam", it.account("dns"), "administrator")
    iam.detach_role_policy(RoleName="OrganizationAccountAccessRole", PolicyArn=ADMINISTRATOR)
    iam.delete_role(RoleName="OrganizationAccountAccessRole")


def open_the_bucket(it: Behind) -> None:
    """Remove the statement that denies requests without TLS."""
    s3 = it.within("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=it.bucket)["Policy"])
    policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    s3.put_bucket_policy(Bucket=it.bucket, Policy=json.dumps(policy))


def disable_policy_type(it: Behind) -> None:
    it.organizations.disable_policy_type(RootId=it.root, PolicyType="RESOURCE_CONTROL_POLICY")


CASES: list[tuple[str, str, Callable[[Behind], Any]]] = [
    ("organization", "EnableTrustedAccess", lambda it: it.organizations.disable_aws_service_access(
        ServicePrincipal="config.amazonaws.com")),
    ("organization", "EnablePolicyType", disable_policy_type),
    ("organization", "EnableRootFeature", lambda it: it.stage.client("iam").disable_organizations_root_sessions()),
    ("units", "TagUnit", lambda it: it.organizations.untag_resource(
        ResourceId=it.unit("Security"), TagKeys=["Purpose"])),
    ("units", "TagUnit", lambda it: it.organizations.tag_resource(
        ResourceId=it.unit("Security"), Tags=[{"Key": "ManagedBy", "Value": "somebody else"}])),
    ("accounts", "MoveAccount", move_to_the_root("website-prod")),
    ("accounts", "TagAccount", untag_account("website-prod")),
    ("accounts", "CreateReadRole", widen_read_role("website-prod")),
    ("accounts", "CreateReadRole", lose_read_role("log-archive")),
    ("imports", "MoveAccount", move_to_the_root("dns")),
    ("imports", "TagAccount", untag_account("dns")),
    ("imports", "MakeManageable", widen_read_role("dns")),
    ("accounts", "RestrictReadRole", open_read_role("website-prod")),
    ("imports", "MakeManageable", lose_access_role),
    ("imports", "MakeManageable", strip_access_role),
    ("imports", "RestrictReadRole", open_read_role("dns")),
    ("trail", "StartLogging", lambda it: it.trail.stop_logging(Name="org-trail")),
    ("trail", "UpdateTrail", lambda it: it.trail.update_trail(Name="org-trail", EnableLogFileValidation=False)),
    ("trail", "SetEventSelectors", lambda it: it.trail.put_event_selectors(
        TrailName="org-trail", EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}])),
    ("trail", "TagTrail", lambda it: it.trail.remove_tags(
        ResourceId=it.trail.describe_trails()["trailList"][0]["TrailARN"],
        TagsList=[{"Key": "ManagedBy", "Value": "orgkit"}])),
    ("trail", "SetBucketPolicy", open_the_bucket),
    ("trail", "SetBucketPolicy", lambda it: it.within("s3").delete_bucket_policy(Bucket=it.bucket)),
    ("trail", "BlockPublicAccess", lambda it: it.within("s3").delete_public_access_block(Bucket=it.bucket)),
    ("trail", "SetOwnership", lambda it: it.within("s3").delete_bucket_ownership_controls(Bucket=it.bucket)),
    ("trail", "SetVersioning", lambda it: it.within("s3").put_bucket_versioning(
        Bucket=it.bucket, VersioningConfiguration={"Status": "Suspended"})),
    ("trail", "SetLifecycle", lambda it: it.within("s3").delete_bucket_lifecycle(Bucket=it.bucket)),
    ("trail", "TagBucket", lambda it: it.within("s3").delete_bucket_tagging(Bucket=it.bucket)),
]  # fmt: skip


@pytest.fixture(scope="module")
def bootstrapped(stage: Stage) -> Stage:
    stage.begin(*PHASES_THAT_CHANGE)
    return stage


@pytest.mark.parametrize(
    ("phase", "step", "change"), CASES, ids=[f"{n}-{step}" for n, (_, step, _) in enumerate(CASES)]
)
def test_one_thing_changed_is_one_step_and_then_nothing(
    bootstrapped: Stage, phase: str, step: str, change: Callable[[Behind], Any]
) -> None:
    change(Behind(bootstrapped))
    bootstrapped.sandbox.forget_calls()

    def is_the_step(plan: Plan) -> None:
        assert [type(each).__name__ for each in plan.steps] == [step]
        assert not bootstrapped.changes()

    bootstrapped.apply(phase, is_the_step)
    assert bootstrapped.plan(phase).empty


def test_mending_one_thing_has_broken_no_other(bootstrapped: Stage) -> None:
    assert [phase for phase in PHASES_THAT_CHANGE if bootstrapped.plan(phase).steps] == []


@pytest.mark.parametrize(
    ("phase", "change"),
    [
        ("organization", disable_policy_type),
        ("units", CASES[3][2]),
        ("accounts", move_to_the_root("log-archive")),
        ("imports", untag_account("dns")),
        ("trail", open_the_bucket),
    ],
)
def test_so_it_is_by_the_command_line(bootstrapped: Stage, phase: str, change: Callable[[Behind], Any]) -> None:
    change(Behind(bootstrapped))
    project: Project = bootstrapped.project
    planned = project.plan(phase)
    assert len(planned["steps"]) == 1
    assert project.phase(phase, planned["digest"])["ended"] == {"done": 1}
    assert project.plan(phase, code=0)["steps"] == []


def test_what_is_in_aws_and_not_in_the_file_is_told_and_left_alone(bootstrapped: Stage) -> None:
    it = Behind(bootstrapped)
    it.organizations.create_organizational_unit(ParentId=it.root, Name="Playground")
    planned = bootstrapped.project.plan("units", code=0)
    assert any("Playground" in output for output in planned["unmanaged"])
    assert "Playground" in bootstrapped.project.orgkit("plan", bootstrapped.project.file, "02").stdout


def test_what_orgkit_built_is_adopted_whole_and_nothing_is_changed(stage: Stage, project: Project) -> None:
    stage.begin(*PHASES_THAT_CHANGE)
    file = project.folder / "parameters" / "adopted.toml"
    answer = stage.project.json("adopt", "--output", file, "--json", code=0)
    (state_backend,) = answer["not_expressed"]
    assert state_backend["subject"].startswith("a bucket for the state of Terraform"), "which AWS marks nowhere"
    assert (answer["not_read"], answer["steps"]) == ([], 0)
    adopted, usual = load(file), load(project.file)
    assert adopted.units == usual.units
    assert replace(adopted.trail, left_out=()) == replace(usual.trail, left_out=())
    plain = [replace(spec, id=None) for spec in adopted.accounts]
    assert plain == [replace(spec, id=None) for spec in usual.accounts]
    assert [replace(spec, profile=None) for spec in usual.imports] == list(adopted.imports)
    assert stage.changes() == []
