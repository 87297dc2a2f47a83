"""How the management account is read: each answer, and each refusal as Unread."""

import threading
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from orgkit.aws.executor import ThreadedExecutor
from orgkit.aws.rejections import Rejected
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed, Organization, Unread
from orgkit.model.plan import Target
from orgkit.phases.management_account.aws import read_blocking_facts, read_facts
from orgkit.phases.management_account.control_tower import ControlTower, LandingZone, Settings, check
from orgkit.phases.management_account.findings import (
    READS,
    AccountPlan,
    Facts,
    IdentityCenter,
    Keys,
    Membership,
    OwnTrail,
    Phone,
    RootUser,
    WorkloadSearch,
    reads_for,
)
from orgkit.phases.management_account.phase import PHASE
from orgkit.phases.permissions import reads_of

from .conftest import ACCOUNT, CALLER, CREATED, Call, FakeAws, desired_with, refused

JOINED = datetime(2026, 1, 2, tzinfo=UTC)  # since when there is the organization
QUOTA = {"QuotaName": "Default maximum number of accounts", "QuotaCode": "L-OTHER", "Value": 25.0}
HANDSHAKES = [
    {
        "Id": "h-1",
        "State": "OPEN",
        "Parties": [{"Id": "o-1", "Type": "ORGANIZATION"}, {"Id": CREATED, "Type": "ACCOUNT"}],
    },
    {"Id": "h-2", "State": "REQUESTED"},
    {"Id": "h-3", "State": "DECLINED", "Parties": [{"Id": "111122223333", "Type": "ACCOUNT"}]},
]
ANSWERS: dict[str, Any] = {
    "organizations:DescribeOrganization": {
        "Organization": {
            "Id": "o-1",
            "MasterAccountId": ACCOUNT,
            "MasterAccountEmail": "m@acme.dev",
            "FeatureSet": "ALL",
        }
    },
    "organizations:ListAccounts": {
        "Accounts": [
            {"Id": CREATED, "Email": "a@acme.dev"},
            {"Id": ACCOUNT, "Email": "m@acme.dev", "JoinedTimestamp": JOINED},
        ]
    },
    "organizations:ListHandshakesForOrganization": {"Handshakes": HANDSHAKES},
    "iam:GetAccountSummary": {"SummaryMap": {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0}},
    "iam:ListAccountAliases": {"AccountAliases": ["acme"]},
    "iam:GetRole": refused("NoSuchEntity"),
    "iam:ListUsers": {"Users": [{"UserName": "ada"}, {"UserName": "grace"}]},
    "iam:ListAccessKeys": lambda **requests: {"AccessKeyMetadata": [{}] if requests["UserName"] == "ada" else []},
    "freetier:GetAccountPlanState": {
        "accountPlanType": "FREE",
        "accountPlanRemainingCredits": {"amount": 140.1, "unit": "USD"},
    },
    "service-quotas:ListServiceQuotas": {
        "Quotas": [{"QuotaName": "Other", "QuotaCode": "L-29A0C5DF", "Value": 1}, QUOTA]
    },
    "account:GetAccountInformation": {"AccountState": "ACTIVE"},
    "account:GetContactInformation": {
        "ContactInformation": {"PhoneNumber": "+15555550100"},
        "VerificationStatus": "VERIFIED",
    },
    "account:GetAlternateContact": {"AlternateContact": {"EmailAddress": "s@acme.dev"}},
    "account:ListRegions": {"Regions": [{"RegionName": "us-east-1"}, {"RegionName": "eu-west-1"}]},
    "controltower:ListLandingZones": {"landingZones": []},
    "organizations:ListAWSServiceAccessForOrganization": {"EnabledServicePrincipals": []},
    "cloudtrail:DescribeTrails": {"trailList": [{"Name": "ours", "IsOrganizationTrail": True}, {"Name": "mine"}]},
    "sso-admin:ListInstances": {
        "Instances": [
            {"OwnerAccountId": ACCOUNT, "Status": "ACTIVE", "CreatedDate": JOINED - timedelta(days=1)},
            {"OwnerAccountId": CREATED, "Status": "ACTIVE", "CreatedDate": JOINED + timedelta(days=1)},
        ]
    },
    "budgets:DescribeBudgets": {"Budgets": [{}]},
    "ec2:DescribeInstances": {
        "Reservations": [
            {
                "Instances": [
                    {"InstanceId": "i-1", "State": {"Name": "stopped"}},
                    {"InstanceId": "i-2", "State": {"Name": "terminated"}},
                ]
            }
        ]
    },
    "rds:DescribeDBInstances": {"DBInstances": [{"DBInstanceIdentifier": "db"}]},
    "lambda:ListFunctions": {"Functions": [{"FunctionName": "f"}]},
    "ecs:ListClusters": {"clusterArns": ["arn:aws:ecs:eu-central-1:1:cluster/c"]},
    "dynamodb:ListTables": {"TableNames": ["t"]},
    "s3:ListBuckets": {"Buckets": [{"Name": "b"}]},
    "resourcegroupstaggingapi:GetResources": {
        "ResourceTagMappingList": [{"ResourceARN": "arn:aws:ec2:eu-west-1:1:instance/i-9"}]
    },
}
# The names that IAM gives to these operations, where they differ from the API's.
IAM_NAMES = {
    "service-quotas:ListServiceQuotas": "servicequotas:ListServiceQuotas",
    "sso-admin:ListInstances": "sso:ListInstances",
    "budgets:DescribeBudgets": "budgets:ViewBudget",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "resourcegroupstaggingapi:GetResources": "tag:GetResources",
}


def facts_of(desired: Desired, *, workloads: bool = False, **answers: Any) -> Facts:
    changed = {name.replace("__", ":").replace("_", "-"): answer for name, answer in answers.items()}
    aws = FakeAws({**ANSWERS, **changed})
    return read_facts(aws, desired, CALLER, workloads=workloads)  # type: ignore[arg-type]


class WaitingAws(FakeAws):
    """Answers some calls only when `count` of them are made at the same time."""

    def __init__(self, answers: dict[str, Any], waits: Callable[[Call], bool], count: int) -> None:
        super().__init__(answers)
        self.executor = ThreadedExecutor(24)
        self._waits, self._barrier = waits, threading.Barrier(count, timeout=20)

    def _answer(self, call: Call) -> dict[str, Any]:
        if self._waits(call):
            self._barrier.wait()
        return super()._answer(call)


IN_TWO_REGIONS = ("ec2:DescribeInstances", "rds:DescribeDBInstances", "lambda:ListFunctions")
ONCE = (
    "iam:GetAccountSummary", "freetier:GetAccountPlanState", "account:GetAccountInformation",
    "budgets:DescribeBudgets", "organizations:ListAWSServiceAccessForOrganization", "iam:GetRole", "s3:ListBuckets",
)  # fmt: skip


def test_what_does_not_depend_on_each_other_is_read_at_the_same_time_and_means_the_same(desired: Desired) -> None:
    aws = WaitingAws(ANSWERS, lambda call: call.name in (*ONCE, *IN_TWO_REGIONS), len(ONCE) + 2 * len(IN_TWO_REGIONS))
    together = read_facts(aws, desired, CALLER, workloads=True)  # type: ignore[arg-type]
    assert together == facts_of(desired, workloads=True)


def test_all_regions_but_the_home_region_are_asked_for_a_landing_zone_at_the_same_time(desired: Desired) -> None:
    home = desired.organization.home_region
    regions = {"Regions": [{"RegionName": name} for name in ("us-east-1", home, "eu-west-1", "ap-east-1")]}
    aws = WaitingAws(
        ANSWERS | {"account:ListRegions": regions},
        lambda call: call.name == "controltower:ListLandingZones" and call.region != home,
        3,
    )
    tower = read_facts(aws, desired, CALLER, workloads=True).control_tower  # type: ignore[arg-type]
    assert tower is not None
    assert tower.regions[0] == _landing_zone_regions(aws)[0] == home
    assert (
        sorted(tower.regions)
        == sorted(map(str, _landing_zone_regions(aws)))
        == sorted(("us-east-1", home, "eu-west-1", "ap-east-1"))
    )


def _landing_zone_regions(aws: FakeAws) -> list[str | None]:
    return [call.region for call in aws.calls if call.name == "controltower:ListLandingZones"]


def test_every_answer_becomes_a_fact(desired: Desired) -> None:
    assert facts_of(desired) == Facts(
        caller_account=ACCOUNT,
        caller_arn=CALLER.arn,
        organization=Membership("o-1", ACCOUNT, "m@acme.dev", "ALL"),
        members=((ACCOUNT, "m@acme.dev"), (CREATED, "a@acme.dev")),
        invited=(CREATED, "h-2"),
        root=RootUser(mfa=True, access_keys=False),
        plan=AccountPlan("FREE", "140.10"),
        quota=25,
        state="ACTIVE",
        phone=Phone(present=True, verification="VERIFIED"),
        security_contact=True,
        alias="acme",
        trails=(OwnTrail("ours", organization=True), OwnTrail("mine", organization=False)),
        identity_center=(
            IdentityCenter(ACCOUNT, "ACTIVE", is_older=True),
            IdentityCenter(CREATED, "ACTIVE", is_older=False),
        ),
        budgets=1,
        keys=None,
        workloads=None,
    )


def test_workloads_are_looked_for_when_asked_in_the_regions_that_are_named(desired: Desired) -> None:
    facts = facts_of(desired, workloads=True)
    assert facts.keys == Keys(users=("ada",), looked_at=2, incomplete=False)
    assert facts.workloads is not None
    assert [(each.service, each.region, each.names) for each in facts.workloads if each.region != "us-east-1"] == [
        ("EC2 instances", "eu-central-1", ("i-1",)),
        ("RDS databases", "eu-central-1", ("db",)),
        ("Lambda functions", "eu-central-1", ("f",)),
        ("ECS clusters", "eu-central-1", ("c",)),
        ("DynamoDB tables", "eu-central-1", ("t",)),
        ("S3 buckets", "all regions", ("b",)),
        ("tagged resources", "eu-west-1", ("arn:aws:ec2:eu-west-1:1:instance/i-9",)),
    ]
    assert [each.complete for each in facts.workloads if each.service == "tagged resources"] == [False]


def test_whatever_is_denied_is_unread_and_never_empty(desired: Desired) -> None:
    facts = read_facts(FakeAws({}), desired, CALLER, workloads=True)  # type: ignore[arg-type]
    values = {"caller_account", "caller_arn", "members", "invited", "workloads"}  # no organization seen: none is asked
    values |= {"control_tower", "home_regions", "known_keys"}
    assert [each.name for each in fields(facts) if not isinstance(getattr(facts, each.name), Unread)] == [
        each.name for each in fields(facts) if each.name in values
    ]
    assert facts.control_tower is not None
    assert [region for region, _ in facts.control_tower.unread] == ["the enabled regions", "eu-central-1", "us-east-1"]
    assert isinstance(facts.control_tower.role, Unread)
    assert facts.workloads
    assert all(isinstance(each.names, Unread) for each in facts.workloads)
    assert "AccessDeniedException" in str(facts.quota)


@pytest.mark.parametrize("operation", ["organizations__ListAccounts", "organizations__ListHandshakesForOrganization"])
def test_members_that_are_denied_in_our_own_organization_are_unread(desired: Desired, operation: str) -> None:
    facts = facts_of(desired, **{operation: refused("AccessDeniedException")})
    assert isinstance(facts.members if operation.endswith("Accounts") else facts.invited, Unread)


def test_without_an_organization_or_in_somebody_else_s_nothing_of_it_is_asked(desired: Desired) -> None:
    none = facts_of(desired, organizations__DescribeOrganization=refused("AWSOrganizationsNotInUseException"))
    assert (none.organization, none.members, none.invited) == (None, (), ())
    foreign = {"Organization": {"Id": "o-2", "MasterAccountId": CREATED, "FeatureSet": "CONSOLIDATED_BILLING"}}
    member = facts_of(desired, organizations__DescribeOrganization=foreign)
    assert member.organization == Membership("o-2", CREATED, "", "CONSOLIDATED_BILLING")
    assert (member.members, member.invited) == ((), ())


def test_what_aws_calls_not_found_is_an_answer(desired: Desired) -> None:
    facts = facts_of(
        desired,
        account__GetAlternateContact=refused("ResourceNotFoundException"),
        freetier__GetAccountPlanState=refused("ResourceNotFoundException"),
        iam__ListAccountAliases={"AccountAliases": []},
        account__GetContactInformation={"ContactInformation": {}},
    )
    assert (facts.security_contact, facts.plan, facts.alias) == (False, None, None)
    assert facts.phone == Phone(present=False, verification="")


def a_credit(amount: str, currency: str = "USD", **more: Any) -> dict[str, Any]:
    return {"remainingAmount": {"currencyCode": currency, "currencyAmount": amount}, **more}


def test_credits_that_the_plan_does_not_name_are_those_that_billing_lists(desired: Desired) -> None:
    gone = datetime(2026, 11, 1, tzinfo=UTC)
    listed = [
        a_credit("100.00"), a_credit("40.50", endDate=datetime(2027, 1, 1, tzinfo=UTC)), a_credit("7.00", endDate=gone),
        a_credit("9.00", creditStatus="DISABLED"), a_credit("3.00", "EUR"),
    ]  # fmt: skip
    half = {"accountPlanType": "FREE"}
    facts = facts_of(desired, freetier__GetAccountPlanState=half, billing__GetCredits={"credits": listed})
    assert facts.plan == AccountPlan("FREE", "140.50")
    assert isinstance(facts_of(desired, freetier__GetAccountPlanState=half).plan, Unread)  # not allowed


def test_the_quota_is_found_by_its_name_then_by_its_code(desired: Desired) -> None:
    by_code = {"Quotas": [{"QuotaName": "Renamed", "QuotaCode": "L-29A0C5DF", "Value": 12.0}]}
    answers = {**ANSWERS, "service-quotas:ListServiceQuotas": by_code}
    assert read_facts(FakeAws(answers), desired, CALLER).quota == 12  # type: ignore[arg-type]
    answers["service-quotas:ListServiceQuotas"] = {"Quotas": []}
    assert isinstance(read_facts(FakeAws(answers), desired, CALLER).quota, Unread)  # type: ignore[arg-type]


def test_half_an_answer_is_unread(desired: Desired) -> None:
    facts = facts_of(desired, iam__GetAccountSummary={"SummaryMap": {}}, freetier__GetAccountPlanState={})
    assert isinstance(facts.root, Unread)
    assert isinstance(facts.plan, Unread)


def test_only_some_users_are_asked_for_their_keys(desired: Desired) -> None:
    many = {"Users": [{"UserName": f"user-{number}"} for number in range(30)]}
    facts = facts_of(desired, workloads=True, iam__ListUsers=many, iam__ListAccessKeys={"AccessKeyMetadata": []})
    assert facts.keys == Keys(users=(), looked_at=20, incomplete=True)


def test_the_home_region_is_not_asked_twice_when_it_is_us_east_1(desired: Desired) -> None:
    facts = facts_of(desired_with(home_region="us-east-1"), workloads=True)
    assert facts.workloads is not None
    assert len(facts.workloads) == 5 + 1 + 1
    assert all(isinstance(each, WorkloadSearch) for each in facts.workloads)


def test_the_permissions_are_those_of_the_calls_and_phase_01_needs_fewer(desired: Desired) -> None:
    def actions(*, workloads: bool) -> set[str]:
        without_amount = {"freetier:GetAccountPlanState": {"accountPlanType": "FREE"}}
        aws = FakeAws({**ANSWERS, **zone_in("us-east-1"), **without_amount})
        read_facts(aws, desired, CALLER, workloads=workloads)  # type: ignore[arg-type]
        return {IAM_NAMES.get(call.name, call.name) for call in aws.calls}

    assert actions(workloads=False) == set(READS)
    assert actions(workloads=True) <= set(reads_of(PHASE))
    assert set(PHASE.reads) <= actions(workloads=True)


def test_phase_01_reads_it_in_sixteen_calls_at_most(desired: Desired) -> None:
    aws = FakeAws(ANSWERS)
    read_facts(aws, desired, CALLER)  # type: ignore[arg-type]
    assert len(aws.calls) <= 16
    regions = {call.name: call.region for call in aws.calls}
    assert regions["service-quotas:ListServiceQuotas"] == "us-east-1"


def zone_in(region: str, **answers: Any) -> dict[str, Any]:
    """A landing zone in one region, with a baseline and two controls."""
    target = "arn:aws:organizations::1:ou/o-1/ou-1"
    answer = {"landingZones": [{"arn": f"arn:aws:controltower:{region}:{ACCOUNT}:landingzone/Z"}]}
    zone = {"version": "3.3", "manifest": {"centralizedLogging": {"enabled": True}, "backup": {"enabled": False}}}

    def landing_zones(region: str | None) -> dict[str, Any]:
        return answer if region == home else {"landingZones": []}

    home = region
    return {
        "controltower:ListLandingZones": landing_zones,
        "controltower:GetLandingZone": {"landingZone": zone},
        "controltower:ListEnabledBaselines": {"enabledBaselines": [{"targetIdentifier": target}]},
        "controltower:ListEnabledControls": {"enabledControls": [{"targetIdentifier": target}] * 2},
        **answers,
    }


def tower_of(desired: Desired, **answers: Any) -> ControlTower:
    changed = {name.replace("__", ":").replace("_", "-"): answer for name, answer in answers.items()}
    aws = FakeAws({**ANSWERS, **zone_in("eu-west-1"), **changed})
    tower = read_facts(aws, desired, CALLER, workloads=True).control_tower  # type: ignore[arg-type]
    assert tower is not None
    return tower


def test_a_landing_zone_is_found_in_any_enabled_region_with_what_it_owns(desired: Desired) -> None:
    settings = Settings("3.3", ("centralizedLogging",))
    assert tower_of(desired).zone == LandingZone("eu-west-1", settings, ("ou-1",), ("ou-1", "ou-1"))


def test_only_regions_that_are_enabled_and_have_the_service_are_asked(desired: Desired) -> None:
    names = ("us-east-1", "eu-west-1", "xx-new-1")
    aws = FakeAws({**ANSWERS, "account:ListRegions": {"Regions": [{"RegionName": name} for name in names]}})
    read_facts(aws, desired, CALLER, workloads=True)  # type: ignore[arg-type]
    assert [call.region for call in aws.calls if call.name.endswith(":ListLandingZones")] == [
        "eu-central-1", "us-east-1", "eu-west-1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "zone",
    [
        {},
        {"version": "newest", "manifest": {}},
        {"version": "4.0"},
        *({"version": "4.0", "manifest": manifest} for manifest in (None, "", [], 0, False, "text", [{}])),
        *({"version": "4.0", "manifest": {"centralizedLogging": section}} for section in (None, "on", True, 1)),
        *({"version": "4.0", "manifest": {"config": {"enabled": value}}} for value in (None, "true", 1)),
        {"version": "4.0", "manifest": {}, "status": "PROCESSING"},
    ],
)
def test_a_landing_zone_that_is_not_understood_or_not_ready_is_unread(desired: Desired, zone: dict[str, Any]) -> None:
    found = tower_of(desired, controltower__GetLandingZone={"landingZone": zone}).zone
    assert found is not None
    assert isinstance(found.settings, Unread)
    nobody_attests = replace(desired, organization=replace(desired.organization, attestations=()))
    assert check(ControlTower(True, (), replace(found, baselines=())), nobody_attests).verdict == "stops"


@pytest.mark.parametrize("answer", [{}, {"landingZone": None}, {"landingZone": []}])
def test_an_answer_without_a_landing_zone_is_unread(desired: Desired, answer: dict[str, Any]) -> None:
    found = tower_of(desired, controltower__GetLandingZone=answer).zone
    assert found is not None
    assert isinstance(found.settings, Unread)


@pytest.mark.parametrize(
    "manifest", [{}, {"governedRegions": ["eu-west-1"]}, {"backup": {"enabled": False}}, {"securityRoles": {}}]
)
def test_a_manifest_that_switches_nothing_on_is_that_of_controls_alone(desired: Desired, manifest: Any) -> None:
    zone = {"version": "4.0", "manifest": manifest}
    found = tower_of(
        desired,
        controltower__GetLandingZone={"landingZone": zone},
        controltower__ListEnabledBaselines={"enabledBaselines": []},
    )
    assert found.zone is not None
    assert found.zone.settings == Settings("4.0", ())
    assert check(found, desired).verdict == "warns"


def test_botocore_requires_the_manifest_of_a_landing_zone_that_is_read() -> None:
    model = botocore.session.get_session().get_service_model("controltower")
    assert "manifest" in model.shape_for("LandingZoneDetail").required_members
    assert "manifest" not in model.shape_for("CreateLandingZoneInput").required_members


def test_trusted_access_is_a_sign_of_its_own_and_each_refusal_is_unread(desired: Desired) -> None:
    principals = {"EnabledServicePrincipals": [{"ServicePrincipal": "controltower.amazonaws.com"}]}
    none = {"landingZones": []}
    trusted = tower_of(
        desired,
        organizations__ListAWSServiceAccessForOrganization=principals,
        controltower__ListLandingZones=none,
    )
    assert (trusted.trusted_access, trusted.zone, trusted.unread) == (True, None, ())
    denied = refused("AccessDeniedException")
    tower = tower_of(
        desired, controltower__ListEnabledBaselines=denied, organizations__ListAWSServiceAccessForOrganization=denied
    )
    assert isinstance(tower.trusted_access, Unread)
    assert tower.zone is not None
    assert isinstance(tower.zone.baselines, Unread)


@pytest.mark.parametrize(
    ("phases", "names"),
    [
        (("01",), {"iam:GetAccountSummary", "account:GetAccountInformation"}),
        (("05",), {"account:ListRegions", "controltower:ListLandingZones"}),
        (("10",), set()),
    ],
)
def test_before_a_phase_only_what_may_stop_it_is_asked_again(
    desired: Desired, phases: tuple[str, ...], names: set[str]
) -> None:
    aws = FakeAws(ANSWERS)
    read_blocking_facts(aws, desired, observed(), phases)  # type: ignore[arg-type]
    assert {call.name for call in aws.calls} == names
    assert {IAM_NAMES.get(name, name) for name in names} <= {action for each in phases for action in reads_for(each)}


def test_credentials_that_have_ended_are_no_finding(desired: Desired) -> None:
    aws = FakeAws({**ANSWERS, "iam:GetAccountSummary": refused("ExpiredToken")})
    with pytest.raises(Rejected):
        read_blocking_facts(aws, desired, observed(), ("02",))  # type: ignore[arg-type]


def observed() -> Observed:
    organization = Organization("o-1", ACCOUNT, "m@acme.dev", "ALL", "r-1", (), (), ())
    return Observed(Target(ACCOUNT, "o-1", "aws", "aws"), CALLER.arn, organization)


def test_every_call_is_one_that_botocore_knows_with_these_parameters(desired: Desired) -> None:
    aws, session = FakeAws({**ANSWERS, **zone_in("eu-west-1")}), botocore.session.get_session()
    read_facts(aws, desired, CALLER, workloads=True)  # type: ignore[arg-type]
    for call in aws.calls:
        service, _, operation = call.name.partition(":")
        model = session.get_service_model(service).operation_model(operation)
        if call.parameters:
            assert not ParamValidator().validate(call.parameters, model.input_shape).has_errors(), call
        assert call.member is None or call.member in model.output_shape.members, call
        if call.member:
            assert session.get_paginator_model(service).get_paginator(operation), call


@pytest.mark.parametrize(("days", "is_older"), [(-1, True), (1, False)])
def test_an_instance_of_identity_center_is_the_organizations_only_if_it_is_younger(
    desired: Desired, days: int, is_older: bool
) -> None:
    instance = {"OwnerAccountId": ACCOUNT, "Status": "ACTIVE", "CreatedDate": JOINED + timedelta(days=days)}
    facts = facts_of(desired, sso_admin__ListInstances={"Instances": [instance]})
    assert facts.identity_center == (IdentityCenter(ACCOUNT, "ACTIVE", is_older=is_older),)


def test_without_an_organization_every_instance_of_identity_center_is_the_accounts_own(desired: Desired) -> None:
    alone = facts_of(desired, organizations__DescribeOrganization=refused("AWSOrganizationsNotInUseException"))
    assert not isinstance(alone.identity_center, Unread)
    assert all(instance.is_older for instance in alone.identity_center)
