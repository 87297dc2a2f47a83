"""Organizations as people build them, by plain boto3 calls: nothing here uses orgkit."""

import json
from collections.abc import Callable
from typing import Any

import boto3

ODD_DOCUMENT = (
    '{ "Version" : "2012-10-17",\n\n\t"Statement":[{"Sid":"A","Effect":"Deny",'
    '"Action":"organizations:LeaveOrganization","Resource":"*"}] }  \n'
)
NO_REGION = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}],
    }
)
ACCESS = "OrganizationAccountAccessRole"
HOSTILE_UNITS = (
    'Team "quoted" = [x]', "It's \\ back", "# no comment", "CI/CD", "line\nbreak\x1b[31m", "Prod", "Рrod", "{a = 1}",
    "'''", '"""', "a.b.c", " edge", "Zoë", "\u202egnp.exe", "AKIAIOSFODNN7EXAMPLE",
)  # fmt: skip


class Builder:
    """Clients of the management account, and shortcuts for what a console does with a click."""

    def __init__(self, endpoint: str, sleep: Callable[[float], None]) -> None:
        self.endpoint, self._sleep = endpoint, sleep
        self.organizations = self.client("organizations")
        self.organizations.create_organization()
        self.root = self.organizations.list_roots()["Roots"][0]["Id"]
        self.management = self.client("sts").get_caller_identity()["Account"]

    def client(self, service: str, **keys: Any) -> Any:
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", **keys)

    def unit(self, parent: str, name: str, **tags: str) -> str:
        unit = self.organizations.create_organizational_unit(ParentId=parent, Name=name, Tags=pairs(tags))
        return str(unit["OrganizationalUnit"]["Id"])

    def account(self, name: str, email: str, unit: str = "", **tags: str) -> str:
        made = self.organizations.create_account(AccountName=name, Email=email, Tags=pairs(tags))["CreateAccountStatus"]
        self._sleep(60)
        status = self.organizations.describe_create_account_status(CreateAccountRequestId=made["Id"])
        account = str(status["CreateAccountStatus"]["AccountId"])
        if unit:
            self.organizations.move_account(AccountId=account, SourceParentId=self.root, DestinationParentId=unit)
        return account

    def policy(self, name: str, content: str, *targets: str, kind: str = "SERVICE_CONTROL_POLICY", **more: Any) -> str:
        made = self.organizations.create_policy(
            Name=name, Type=kind, Content=content, **{"Description": "", **more}
        )  # fmt: skip
        policy = str(made["Policy"]["PolicySummary"]["Id"])
        for target in targets:
            self.organizations.attach_policy(PolicyId=policy, TargetId=target)
        return policy

    def in_account(self, account: str, service: str) -> Any:
        arn = f"arn:aws:iam::{account}:role/{ACCESS}"
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="person")["Credentials"]
        return self.client(
            service,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def trail(self, account: str, bucket: str, name: str) -> None:
        """An organization trail as the console makes one, with its bucket in another account."""
        organization = self.organizations.describe_organization()["Organization"]["Id"]
        s3 = self.in_account(account, "s3")
        s3.create_bucket(Bucket=bucket)
        arn = f"arn:aws:s3:::{bucket}"
        prefixes = [f"{arn}/AWSLogs/{prefix}/*" for prefix in (self.management, organization)]
        service = {"Service": "cloudtrail.amazonaws.com"}
        owned = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
        check = {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn}
        put = {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": prefixes}
        statements = [check, {**put, "Condition": owned}]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        s3.put_bucket_policy(Bucket=bucket, Policy=document)
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs({"Owner": "audit"})})
        cloudtrail = self.client("cloudtrail")
        cloudtrail.create_trail(
            Name=name, S3BucketName=bucket, IsOrganizationTrail=True, IsMultiRegionTrail=True,
            EnableLogFileValidation=True, TagsList=pairs({"Owner": "audit"}),
        )  # fmt: skip
        cloudtrail.start_logging(Name=name)

    def contact(self, kind: str, name: str, *accounts: str) -> None:
        """Set an alternate contact of members, or of the management account if none is named."""
        contact = {
            "AlternateContactType": kind, "Name": name, "Title": 'Head of "all"', "EmailAddress": "head@corp.test",
            "PhoneNumber": "+49 30 (555) 01-00",
        }  # fmt: skip
        for member in [{"AccountId": account} for account in accounts] or [{}]:
            self.client("account").put_alternate_contact(**contact, **member)


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def small(aws: Builder) -> None:
    """Clicked together: accounts in the root, one closed, one invited, a policy on the root, a trail, a budget."""
    organizations = aws.organizations
    for service in ("cloudtrail", "guardduty", "sso"):
        organizations.enable_aws_service_access(ServicePrincipal=f"{service}.amazonaws.com")
    organizations.enable_policy_type(RootId=aws.root, PolicyType="SERVICE_CONTROL_POLICY")
    security = aws.unit(aws.root, "Security", Owner="Zoë")
    logs = aws.account("Log Archive", "logs@corp.test", security)
    shop = aws.account("Shop", "aws-shop@corp.test", Team="shop")
    aws.account("Blog", "aws-blog@corp.test", password="hunter2hunter2A9x")
    aws.account("Shop", "second-shop@corp.test")
    old = aws.account("Old", "aws-old@corp.test", Team="gone")
    organizations.close_account(AccountId=old)
    policy = aws.policy("Deny leaving", ODD_DOCUMENT, security, aws.root, shop, Description="by hand")
    organizations.tag_resource(ResourceId=policy, Tags=pairs({"Level": "one"}))
    organizations.tag_resource(ResourceId=aws.root, Tags=pairs({"Top": "yes"}))
    organizations.tag_resource(ResourceId=aws.management, Tags=pairs({"Payer": "yes"}))
    organizations.register_delegated_administrator(AccountId=logs, ServicePrincipal="guardduty.amazonaws.com")
    organizations.put_resource_policy(Content='{"Version":"2012-10-17","Statement":[]}')
    organizations.invite_account_to_organization(Target={"Id": "111111111111", "Type": "ACCOUNT"})
    aws.trail(logs, "corp-logs", "main")
    selectors = [
        {
            "ReadWriteType": "All", "IncludeManagementEvents": True,
            "DataResources": [{"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]}],
        }
    ]  # fmt: skip
    aws.client("cloudtrail").put_event_selectors(TrailName="main", EventSelectors=selectors)
    for name, kind, unit in (("monthly", "COST", "USD"), ("traffic", "USAGE", "GB")):
        budget = {"BudgetName": name, "BudgetType": kind, "TimeUnit": "MONTHLY"}
        limit = {"BudgetLimit": {"Amount": "10", "Unit": unit}}
        aws.client("budgets").create_budget(AccountId=aws.management, Budget={**budget, **limit})
    monitor = {"MonitorName": "services", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    aws.client("ce").create_anomaly_monitor(AnomalyMonitor=monitor)
    aws.contact("SECURITY", "Ada")


def nested(aws: Builder) -> None:
    """Five levels, equal names under different parents, names that break TOML, terminals and readers."""
    organizations = aws.organizations
    organizations.enable_policy_type(RootId=aws.root, PolicyType="SERVICE_CONTROL_POLICY")
    organizations.enable_policy_type(RootId=aws.root, PolicyType="TAG_POLICY")
    parent = aws.root
    for name in ("Workloads", "Europe", "Prod", "Teams", "Shop"):
        parent = aws.unit(parent, name)
    deepest = parent
    other = aws.unit(aws.root, "Sandbox")
    twin = aws.unit(other, "Prod")
    hostile = [aws.unit(aws.root, name) for name in HOSTILE_UNITS]
    aws.unit(hostile[4], "below")
    deep = aws.account("Deep", "aws-deep@corp.test", deepest)
    accounts = [
        aws.account("Twin", "aws-twin@corp.test", twin),
        aws.account("Lost", "aws-lost@corp.test", hostile[4]),
        aws.account("Built", "aws-built@corp.test", hostile[3]),
    ]
    aws.policy('Odd "name"', NO_REGION, twin)
    aws.policy("break_glass_roles", ODD_DOCUMENT, deepest)
    aws.policy("Tags", '{"tags": {"Owner": {"tag_key": {"@@assign": "Owner"}}}}', hostile[3], kind="TAG_POLICY")
    aws.policy("No instances", NO_REGION.replace("RunInstances", "StartInstances"), twin, hostile[3])
    organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=twin)
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    accounts.append(aws.account("Audit", "aws-audit@corp.test", other))
    aws.trail(accounts[-1], "audit-logs", "half-hearted")
    organizations.enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    aws.contact("SECURITY", "Ada")
    aws.contact("SECURITY", "Ada", *accounts)
    aws.contact("SECURITY", 'Bob # "x"', deep)
    aws.contact("BILLING", "Cy")
    aws.contact("OPERATIONS", "Dee", accounts[1], accounts[2])
    cloudtrail = aws.client("cloudtrail")
    cloudtrail.put_event_selectors(TrailName="half-hearted", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    cloudtrail.stop_logging(Name="half-hearted")


def many(aws: Builder) -> None:
    """300 accounts in 12 units."""
    units = [aws.unit(aws.root, f"Unit {number}") for number in range(12)]
    for number in range(300):
        aws.account(f"App {number}", f"aws-app-{number}@corp.test", units[number % 12], Number=str(number))


ORGANIZATIONS: dict[str, Callable[[Builder], None]] = {"small": small, "nested": nested, "many": many}
