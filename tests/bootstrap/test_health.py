"""08-health on the sandbox: forty kinds of drift made by plain boto3, each with attribute, values and who made it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from orgkit.phases.registry import phase_of
from orgkit.sandbox.ids import one_time_code
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project
from tests.bootstrap.test_drift import ADMINISTRATOR, MANAGEMENT, Behind
from tests.bootstrap.test_permissions import actions, called

PHASES = (*PHASES_THAT_CHANGE, "policies", "billing", "state-backend")
CALLER = "arn:aws:iam::999999999999:user/orgkit-operator"
READ_ROLE, ACCESS_ROLE = "orgkit-read", "OrganizationAccountAccessRole"
ISSUER = "token.actions.githubusercontent.com"
UNITS = '\n[units.Staging]\n[units."Workloads/Apps"]\n[units.Spare]\n'
ACCOUNTS = """
[accounts.shop]
email = "aws-shop@example.com"
unit = "Staging"

[accounts.tools]
email = "aws-tools@example.com"
unit = "Infrastructure"

[accounts.former]
email = "aws-former@example.com"
unit = "Infrastructure"

[policies.deny-leaving]
file = "policies/deny-leaving.json"
type = "SERVICE_CONTROL_POLICY"
attach = ["Production", "Security"]

[policies.deny-root]
file = "policies/deny-root-user.json"
type = "SERVICE_CONTROL_POLICY"
attach = ["Security"]
"""
STATE = """
[state_backend]
account = "tools"
github = { owner = "acme", owner_id = "1234567", repository = "infra", repository_id = "7654321" }
"""


@dataclass(frozen=True)
class Drift:
    """One change that somebody makes, and the row that reports it."""

    kind: str
    name: str
    attribute: str
    values: tuple[str, str]  # parts of the values before and after
    change: Callable[[Behind], Any]
    is_seen: bool = True  # in the event history, which names it


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    project = new_project(tmp_path_factory.mktemp("health") / "project")
    text = project.file.read_text(encoding="utf-8")
    text = text.replace("\n[state_backend]\n", STATE).replace(
        "[billing]\n", '[billing]\nalerts = ["ada@example.com"]\n'
    )
    text = text.replace('log_archive_account = "log-archive"', 'log_archive_account = "log-archive"\nkms_key = true')
    project.file.write_text(text.replace("\n[accounts.website-prod]", f"{UNITS}\n[accounts.website-prod]") + ACCOUNTS)
    stage = Stage(project)
    with stage.sandbox:
        stage.begin(*PHASES)
        yield stage


def rename_unit(it: Behind) -> None:
    it.organizations.update_organizational_unit(OrganizationalUnitId=it.unit("Staging"), Name="Stage")


def move_unit(it: Behind) -> None:
    """AWS moves no unit: somebody deletes it, and makes it anew elsewhere with the same tags."""
    parent = it.unit("Workloads")
    (unit,) = it.organizations.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]
    tags = it.organizations.list_tags_for_resource(ResourceId=unit["Id"])["Tags"]
    it.organizations.delete_organizational_unit(OrganizationalUnitId=unit["Id"])
    it.organizations.create_organizational_unit(ParentId=it.root, Name="Apps", Tags=tags)


def move_account(it: Behind) -> None:
    account, source = it.account("website-prod"), it.unit("Production")
    it.organizations.move_account(AccountId=account, SourceParentId=source, DestinationParentId=it.root)


def change_email(it: Behind) -> None:
    account, email = it.account("website-prod"), "somebody@example.com"
    client = it.stage.client("account")
    client.start_primary_email_update(AccountId=account, PrimaryEmail=email)
    client.accept_primary_email_update(AccountId=account, PrimaryEmail=email, Otp=one_time_code(email))


def open_trust(account: str, role: str, principal: Any) -> Callable[[Behind], Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    own = {"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [own, statement]})
    return lambda it: it.within("iam", account).update_assume_role_policy(RoleName=role, PolicyDocument=document)


def policy_id(it: Behind, name: str) -> str:
    policies = it.organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    return next(str(policy["Id"]) for policy in policies if policy["Name"] == name)


def delete_policy(it: Behind) -> None:
    policy = policy_id(it, "deny-root")
    it.organizations.detach_policy(PolicyId=policy, TargetId=it.unit("Security"))
    it.organizations.delete_policy(PolicyId=policy)


def trail_arn(it: Behind) -> str:
    return str(it.trail.describe_trails()["trailList"][0]["TrailARN"])


def key_id(it: Behind) -> str:
    kms = it.within("kms")
    return next(
        str(alias["TargetKeyId"]) for alias in kms.list_aliases()["Aliases"] if "org-trail" in alias["AliasName"]
    )


def open_key(it: Behind) -> None:
    kms, key = it.within("kms"), key_id(it)
    document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    document["Statement"] = [each for each in document["Statement"] if "cloudtrail" not in json.dumps(each)]
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))


def allow_http(bucket: Callable[[Behind], str], account: str) -> Callable[[Behind], Any]:
    """Remove the statement that denies requests without TLS."""

    def change(it: Behind) -> None:
        s3, name = it.within("s3", account), bucket(it)
        policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
        policy["Statement"] = [each for each in policy["Statement"] if "SecureTransport" not in json.dumps(each)]
        if policy["Statement"]:
            s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        else:
            s3.delete_bucket_policy(Bucket=name)

    return change


def logs(it: Behind) -> str:
    return it.bucket


def records(it: Behind) -> str:
    return it.stage.desired.trail.records_bucket


def state(it: Behind) -> str:
    return next(str(item["Name"]) for item in it.within("s3", "tools").list_buckets()["Buckets"])


def budget(it: Behind) -> None:
    budgets, account = it.stage.client("budgets"), it.stage.desired.organization.management_account_id
    found = budgets.describe_budget(AccountId=account, BudgetName="orgkit-organization")["Budget"]
    new = {name: found[name] for name in ("BudgetName", "BudgetType", "TimeUnit", "CostTypes")}
    budgets.update_budget(AccountId=account, NewBudget={**new, "BudgetLimit": {"Amount": "9000", "Unit": "USD"}})


def delete_budget(it: Behind) -> None:
    account = it.stage.desired.organization.management_account_id
    it.stage.client("budgets").delete_budget(AccountId=account, BudgetName="orgkit-account-shop")


def costs(it: Behind) -> Any:
    return it.stage.client("ce", region_name="us-east-1")


def delete_monitor(it: Behind) -> None:
    (monitor,) = costs(it).get_anomaly_monitors()["AnomalyMonitors"]
    costs(it).delete_anomaly_monitor(MonitorArn=monitor["MonitorArn"])


def redirect_alert(it: Behind) -> None:
    (alert,) = costs(it).get_anomaly_subscriptions()["AnomalySubscriptions"]
    subscribers = [{"Type": "EMAIL", "Address": "eve@example.com"}]
    costs(it).update_anomaly_subscription(SubscriptionArn=alert["SubscriptionArn"], Subscribers=subscribers)


def widen_state_trust(it: Behind) -> None:
    iam = it.within("iam", "tools")
    document = iam.get_role(RoleName="orgkit-state-apply")["Role"]["AssumeRolePolicyDocument"]
    text = json.dumps(document).replace("environment:", "environment:any-")
    iam.update_assume_role_policy(RoleName="orgkit-state-apply", PolicyDocument=text)


def widen_state_policy(it: Behind) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    it.within("iam", "tools").put_role_policy(
        RoleName="orgkit-state-plan", PolicyName="orgkit-state", PolicyDocument=document
    )


def delete_provider(it: Behind) -> None:
    iam = it.within("iam", "tools")
    arn = f"arn:aws:iam::{it.account('tools')}:oidc-provider/{ISSUER}"
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def widen_read_role(it: Behind) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    it.within("iam", "shop").put_role_policy(
        RoleName=READ_ROLE, PolicyName=READ_ROLE, PolicyDocument=json.dumps(everything)
    )


def change_policy(it: Behind) -> None:
    statement = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
    content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    it.organizations.update_policy(PolicyId=policy_id(it, "deny-leaving"), Content=content)


CASES = (
    Drift("organizational unit", "Staging", "name", ("Staging", "Stage"), rename_unit),
    Drift("organizational unit", "Workloads/Apps", "parent", ("Workloads", "the organization root"), move_unit),
    Drift("organizational unit", "Spare", "presence", ("present", "absent"), lambda it: (
        it.organizations.delete_organizational_unit(OrganizationalUnitId=it.unit("Spare")))),
    Drift("organizational unit", "Security", "tag Purpose", ("logs and audit", "absent"), lambda it: (
        it.organizations.untag_resource(ResourceId=it.unit("Security"), TagKeys=["Purpose"]))),
    Drift("organizational unit", "Security", "tag Owner", ("absent", "eve"), lambda it: (
        it.organizations.tag_resource(ResourceId=it.unit("Security"), Tags=[{"Key": "Owner", "Value": "eve"}]))),
    Drift("account", "website-prod", "unit", ("Production", "the organization root"), move_account),
    Drift("account", "website-prod", "email", ("aws-website-prod@", "somebody@example.com"), change_email),
    Drift("account", "shop", "tag ManagedBy", ("orgkit", "eve"), lambda it: (
        it.organizations.tag_resource(ResourceId=it.account("shop"), Tags=[{"Key": "ManagedBy", "Value": "eve"}]))),
    Drift("account", "former", "state", ("ACTIVE", "SUSPENDED"), lambda it: (
        it.organizations.close_account(AccountId=it.account("former")))),
    Drift("trusted access", "config.amazonaws.com", "state", ("enabled", "disabled"), lambda it: (
        it.organizations.disable_aws_service_access(ServicePrincipal="config.amazonaws.com"))),
    Drift("policy type", "RESOURCE_CONTROL_POLICY", "state", ("enabled", "disabled"), lambda it: (
        it.organizations.disable_policy_type(RootId=it.root, PolicyType="RESOURCE_CONTROL_POLICY"))),
    Drift("organization", "", "centralized root access RootSessions", ("enabled", "disabled"), lambda it: (
        it.stage.client("iam").disable_organizations_root_sessions()), is_seen=True),
    Drift("trail", "org-trail", "logging", ("yes", "no"), lambda it: it.trail.stop_logging(Name="org-trail")),
    Drift("trail", "org-trail", "log file validation", ("yes", "no"), lambda it: (
        it.trail.update_trail(Name="org-trail", EnableLogFileValidation=False))),
    Drift("trail", "org-trail", "multi-region", ("yes", "no"), lambda it: (
        it.trail.update_trail(Name="org-trail", IsMultiRegionTrail=False))),
    Drift("trail", "org-trail", "event selectors", ("All", "WriteOnly"), lambda it: it.trail.put_event_selectors(
        TrailName="org-trail", EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}])),
    Drift("trail", "org-trail", "tag ManagedBy", ("orgkit", "absent"), lambda it: it.trail.remove_tags(
        ResourceId=trail_arn(it), TagsList=[{"Key": "ManagedBy"}])),
    Drift("bucket", "logs", "policy", ("SecureTransport", "cloudtrail"), allow_http(logs, "log-archive")),
    Drift("bucket", "logs", "public access block", ("BlockPublicAcls", "off"), lambda it: (
        it.within("s3").delete_public_access_block(Bucket=it.bucket))),
    Drift("bucket", "logs", "ownership", ("BucketOwnerEnforced", "off"), lambda it: (
        it.within("s3").delete_bucket_ownership_controls(Bucket=it.bucket))),
    Drift("bucket", "logs", "versioning", ("Enabled", "Suspended"), lambda it: it.within("s3").put_bucket_versioning(
        Bucket=it.bucket, VersioningConfiguration={"Status": "Suspended"})),
    Drift("bucket", "logs", "encryption", ("aws:kms", "AES256"), lambda it: it.within("s3").put_bucket_encryption(
        Bucket=it.bucket, ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})),
    Drift("bucket", "logs", "lifecycle rule orgkit", ("Transitions", "absent"), lambda it: (
        it.within("s3").delete_bucket_lifecycle(Bucket=it.bucket))),
    Drift("bucket", "logs", "tag ManagedBy", ("orgkit", "absent"), lambda it: (
        it.within("s3").delete_bucket_tagging(Bucket=it.bucket))),
    Drift("bucket", "records", "policy", ("SecureTransport", "absent"), allow_http(records, "log-archive")),
    Drift("KMS key", "alias/org-trail", "policy", ("cloudtrail", "kms:"), open_key),
    Drift("KMS key", "alias/org-trail", "rotation", ("yes", "no"), lambda it: (
        it.within("kms").disable_key_rotation(KeyId=key_id(it)))),
    Drift("KMS key", "alias/org-trail", "alias", ("alias/org-trail", "absent"), lambda it: (
        it.within("kms").delete_alias(AliasName="alias/org-trail"))),
    Drift("role", "orgkit-read in account tools", "trust policy", ("999999999999", '"Principal":"*"'),
        open_trust("tools", READ_ROLE, "*")),
    Drift("role", "orgkit-read in account shop", "inline policy orgkit-read", ("LookupEvents", '"Action":"*"'),
        widen_read_role),
    Drift("role", f"{ACCESS_ROLE} in account shop", "trust policy", ("999999999999", "222222222222"),
        open_trust("shop", ACCESS_ROLE, {"AWS": "arn:aws:iam::222222222222:root"})),
    Drift("role", f"{ACCESS_ROLE} in account dns", f"managed policy {ADMINISTRATOR}", ("yes", "absent"), lambda it: (
        it.within("iam", "dns").detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR))),
    Drift("policy", "deny-leaving", "document", ("LeaveOrganization", "DeleteBucket"), change_policy),
    Drift("policy", "deny-leaving", "attached to Production", ("yes", "absent"), lambda it: (
        it.organizations.detach_policy(PolicyId=policy_id(it, "deny-leaving"), TargetId=it.unit("Production")))),
    Drift("policy", "deny-root", "presence", ("present", "absent"), delete_policy),
    Drift("budget", "orgkit-organization", "limit", ("USD", "9000"), budget, is_seen=True),
    Drift("budget", "orgkit-account-shop", "presence", ("present", "absent"), delete_budget),
    Drift("anomaly monitor", "orgkit-services", "presence", ("present", "absent"), delete_monitor, is_seen=True),
    Drift("anomaly subscription", "orgkit-anomalies", "emails", ("ada@", "eve@"), redirect_alert, is_seen=True),
    Drift("cost allocation tag", "orgkit:key", "presence", ("present", "absent"), lambda it: (
        costs(it).update_cost_allocation_tags_status(
            CostAllocationTagsStatus=[{"TagKey": "orgkit:key", "Status": "Inactive"}]))),
    Drift("bucket", "state", "versioning", ("Enabled", "Suspended"), lambda it: (
        it.within("s3", "tools").put_bucket_versioning(
            Bucket=state(it), VersioningConfiguration={"Status": "Suspended"}))),
    Drift("role", "orgkit-state-apply", "trust policy", ("environment:", "environment:any-"), widen_state_trust),
    Drift("role", "orgkit-state-plan", "inline policy orgkit-state", ("ListState", '"s3:*"'), widen_state_policy),
    Drift("identity provider", ISSUER, "presence", ("present", "absent"), delete_provider),
    Drift("account", "website-prod", "name", ("website-prod", "somebody's"), lambda it: (
        it.stage.client("account").put_account_name(
            AccountId=it.account("website-prod"), AccountName="somebody's"))),
)  # fmt: skip


def add_what_nobody_manages(it: Behind) -> None:
    """One of each kind that the file could name, or cannot."""
    organizations = it.organizations
    organizations.create_organizational_unit(ParentId=it.root, Name="Playground")
    organizations.register_delegated_administrator(
        AccountId=it.account("shop"), ServicePrincipal="cloudtrail.amazonaws.com"
    )
    statement = {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}
    content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    organizations.create_policy(Name="by-hand", Type="SERVICE_CONTROL_POLICY", Content=content, Description="x")
    organizations.enable_aws_service_access(ServicePrincipal="backup.amazonaws.com")
    organizations.create_account(AccountName="by-hand", Email="by-hand@example.com")
    s3 = it.stage.client("s3")
    s3.create_bucket(Bucket="second-logs")
    allowed = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    resource = "arn:aws:s3:::second-logs"
    statements = [
        {**allowed, "Action": "s3:GetBucketAcl", "Resource": resource},
        {**allowed, "Action": "s3:PutObject", "Resource": f"{resource}/*"},
    ]
    s3.put_bucket_policy(Bucket="second-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    it.trail.create_trail(Name="second", S3BucketName="second-logs")


UNMANAGED = {
    ("organizational unit", "Playground"), ("policy", "by-hand (SERVICE_CONTROL_POLICY)"), ("trail", "second"),
    ("delegated administrator", "account shop for cloudtrail.amazonaws.com"), ("account", "by-hand"),
    ("trusted access", "backup.amazonaws.com"),
}  # fmt: skip


@pytest.fixture(scope="module")
def report(stage: Stage) -> dict[str, Any]:
    """One run of 08, then all of the drift, and one report of it."""
    project, it = stage.project, Behind(stage)
    done = project.phase("health")
    assert done["outcome"] == "done", done["reasons"]
    for case in CASES:
        case.change(it)
        stage.sandbox.sleep(2)  # AWS lists the root twice a second
    add_what_nobody_manages(it)
    stage.sandbox.forget_calls()
    stage.sandbox.sleep(6 * 60)  # until CloudTrail shows it
    answer = project.json("status", project.file, "--drift", code=6)
    assert stage.changes() == []
    return {**answer, "called": called(stage)}


def rows_of(report: dict[str, Any], case: Drift, stage: Stage) -> list[dict[str, Any]]:
    names = {"logs": stage.desired.trail.bucket, "records": stage.desired.trail.records_bucket}
    rows = [row for row in report["drift"] if (row["kind"], row["attribute"]) == (case.kind, case.attribute)]
    if case.name == "state":
        return [row for row in rows if row["name"].startswith("terraform-state-")]
    return [row for row in rows if row["name"].startswith(names.get(case.name, case.name))]


def test_there_are_forty_kinds() -> None:
    assert len({(case.kind, case.attribute) for case in CASES}) >= 40


@pytest.mark.parametrize("case", CASES, ids=[f"{case.kind} {case.name} {case.attribute}" for case in CASES])
def test_each_change_is_reported_with_attribute_values_and_who_made_it(
    report: dict[str, Any], stage: Stage, case: Drift
) -> None:
    (row,) = rows_of(report, case, stage)
    assert case.values[0] in row["before"]
    assert case.values[1] in row["after"]
    if case.is_seen:
        assert row["events"], row
        identity = row["events"][0]["identity"]
        assert identity == CALLER or identity.endswith("/another-client")


def test_what_the_file_does_not_name_is_listed(report: dict[str, Any]) -> None:
    assert {(item["kind"], item["name"]) for item in report["unmanaged"]} == UNMANAGED


def test_what_could_not_be_read_is_named_and_a_closed_account_is_announced(
    report: dict[str, Any], stage: Stage
) -> None:
    """Its email was changed: a person decides whether website-prod is the account of the file, so it is not entered."""
    account = Behind(stage).account("somebody's")
    unread = {item["what"] for item in report["not_read"] if not item["is_expected"]}
    assert unread == {f"role {account}/{READ_ROLE}", f"role {account}/{ACCESS_ROLE}"}
    (line,) = report["attention"]
    assert "(former) is SUSPENDED" in line
    quotas = {quota["name"]: (quota["used"], quota["limit"]) for quota in report["quotas"]}
    assert quotas["accounts"] == (8, 10)
    assert quotas["organizational units"][1] is None


def test_the_printed_policy_allows_every_call_that_it_makes(report: dict[str, Any]) -> None:
    assert report["called"] - actions(phase_of("08")) == set()
    assert "cloudtrail:LookupEvents" in report["called"]
