"""Every check of phase 00: passing, failing and denied."""

from dataclasses import replace
from typing import Any

import pytest

from orgkit.errors import REGION_NOT_ENABLED, SESSION_WITHOUT_MFA
from orgkit.model.desired import Desired
from orgkit.model.finding import Finding, format_phases
from orgkit.model.observed import Unread
from orgkit.phases.management_account.checks import check
from orgkit.phases.management_account.control_tower import ControlTower, LandingZone, Settings
from orgkit.phases.management_account.findings import (
    ATTESTABLE,
    BOOTSTRAP_PHASES,
    AccountPlan,
    Facts,
    Findings,
    HomeRegion,
    IdentityCenter,
    Keys,
    Membership,
    OwnTrail,
    Phone,
    RootUser,
    WorkloadSearch,
    credits_of,
)
from orgkit.phases.organization.section import Attestations
from orgkit.phases.registry import RUNBOOKS

from .conftest import ACCOUNT, ARN, IMPORTED, WELL, desired_with, target_of

DENIED = Unread("iam:GetAccountSummary: AccessDenied: not allowed")
OURS = Membership("o-abcdefghij", ACCOUNT, "aws-management@acme.dev", "ALL")
BILLS_ONLY = replace(OURS, feature_set="CONSOLIDATED_BILLING")
THEIRS = replace(OURS, management_account_id="602938475610")
KEYED = Keys(users=("ada",), looked_at=2, incomplete=False)
Changes = dict[str, Any]
THREE, FOUR = Settings("3.3", ("centralizedLogging",)), Settings("4.0", ())


def tower(zone: LandingZone | None = None, **changes: Any) -> ControlTower:
    assert WELL.control_tower is not None
    return replace(WELL.control_tower, zone=zone, **changes)


def zone(**changes: Any) -> LandingZone:
    parts = {"settings": THREE, "baselines": ("ou-1", "111122223333"), "controls": ("ou-1", "ou-1"), **changes}
    return LandingZone("eu-west-1", **parts)


def found(
    item: str, changes: Changes, desired: Desired | None = None, kind: str = "aws", base: Facts = WELL
) -> Finding:
    findings = check(replace(base, **changes), desired or desired_with(), target_of(kind))
    return next(each for each in findings if each.item == item)


# item, what makes it fail, what that means for 01
FAILING: tuple[tuple[str, Changes, str], ...] = (
    ("caller identity", {"caller_arn": ARN.replace("aws", "aws-cn", 1)}, "stops"),
    ("root user as caller", {"caller_arn": f"arn:aws:iam::{ACCOUNT}:root"}, "stops"),
    ("account the file names", {"caller_account": "602938475610"}, "stops"),
    ("account the file names", {"organization": replace(OURS, email="other@acme.dev")}, "warns"),
    ("belongs here: organization", {"organization": THEIRS}, "stops"),
    ("feature set", {"organization": BILLS_ONLY}, "stops"),
    ("Control Tower", {"control_tower": tower(zone())}, "stops"),
    ("Control Tower", {"control_tower": tower(zone(baselines=()))}, "stops"),
    ("Control Tower", {"control_tower": tower(zone(settings=FOUR))}, "stops"),
    ("Control Tower", {"control_tower": tower(zone(settings=FOUR, baselines=()))}, "warns"),
    ("Control Tower", {"control_tower": tower(zone(settings=DENIED))}, "stops"),
    ("Control Tower", {"control_tower": tower(role=True)}, "warns"),
    ("root access keys", {"root": RootUser(mfa=True, access_keys=True)}, "stops"),
    ("MFA on root", {"root": RootUser(mfa=False, access_keys=False)}, "stops"),
    ("sign-up", {"state": "PENDING_ACTIVATION"}, "stops"),
    ("sign-up", {"state": "SUSPENDED"}, "stops"),
    ("phone", {"phone": Phone(present=False, verification="")}, "warns"),
    ("phone", {"phone": Phone(present=True, verification="UNVERIFIED")}, "warns"),
    ("phone", {"phone": Phone(present=True, verification="PENDING")}, "warns"),
    ("account plan and credits", {"plan": AccountPlan("FREE", "140.25")}, "warns"),
    ("account plan and credits", {"plan": AccountPlan("FREE", "0.00")}, "warns"),
    ("account plan and credits", {"plan": AccountPlan("PAID", "140.25")}, "warns"),
    ("account quota", {"quota": 2}, "stops"),
    ("account quota", {"quota": 3, "invited": ("602938475610",)}, "stops"),
    ("security contact", {"security_contact": False}, "warns"),
    ("account alias", {"alias": None}, "warns"),
    ("belongs here: organization trail", {"trails": (OwnTrail("mine", organization=False),)}, "warns"),
    ("belongs here: Identity Center", {"identity_center": ()}, "warns"),
    (
        "belongs here: Identity Center",
        {"identity_center": (IdentityCenter(ACCOUNT, "CREATE_FAILED", is_older=False),)},
        "warns",
    ),
    (
        "belongs here: Identity Center",
        {"identity_center": (IdentityCenter(ACCOUNT, "ACTIVE", is_older=True),)},
        "warns",
    ),
    (
        "belongs here: Identity Center",
        {"identity_center": (IdentityCenter("602938475610", "ACTIVE", is_older=False),)},
        "warns",
    ),
    ("belongs here: budgets", {"budgets": 0}, "warns"),
    ("IAM users with access keys", {"keys": KEYED}, "warns"),
    (
        "does not belong here: EC2 instances",
        {"workloads": (WorkloadSearch("EC2 instances", "us-east-1", ("i-1",)),)},
        "warns",
    ),
)

# item, what AWS did not let us see
DENIALS: tuple[tuple[str, Changes], ...] = (
    ("caller identity", {"caller_arn": ""}),
    ("root user as caller", {"caller_arn": ""}),
    ("account the file names", {"caller_account": ""}),
    ("belongs here: organization", {"organization": DENIED}),
    ("feature set", {"organization": DENIED}),
    ("Control Tower", {"control_tower": tower(unread=(("eu-west-1", DENIED),))}),
    ("Control Tower", {"control_tower": tower(trusted_access=DENIED)}),
    ("Control Tower", {"control_tower": tower(trusted_access=True)}),
    ("Control Tower", {"control_tower": tower(role=DENIED)}),
    ("Control Tower", {"control_tower": tower(zone(settings=DENIED, baselines=()))}),
    ("Control Tower", {"control_tower": tower(zone(settings=FOUR, baselines=DENIED))}),
    ("Control Tower", {"control_tower": tower(zone(settings=FOUR, baselines=(), controls=DENIED))}),
    ("root access keys", {"root": DENIED}),
    ("MFA on root", {"root": DENIED}),
    ("sign-up", {"state": DENIED}),
    ("sign-up", {"state": ""}),
    ("phone", {"phone": DENIED}),
    ("phone", {"phone": Phone(present=True, verification="NOT_SUPPORTED")}),
    ("account plan and credits", {"plan": DENIED}),
    ("account quota", {"quota": DENIED}),
    ("account quota", {"members": DENIED}),
    ("account quota", {"invited": DENIED}),
    ("security contact", {"security_contact": DENIED}),
    ("account alias", {"alias": DENIED}),
    ("belongs here: organization trail", {"trails": DENIED}),
    ("belongs here: Identity Center", {"identity_center": DENIED}),
    ("belongs here: budgets", {"budgets": DENIED}),
    ("IAM users with access keys", {"keys": DENIED}),
    ("IAM users with access keys", {"keys": Keys(users=(), looked_at=20, incomplete=True)}),
    ("does not belong here: EC2 instances", {"workloads": (WorkloadSearch("EC2 instances", "us-east-1", DENIED),)}),
)
STOP_UNREAD = ("belongs here: organization", "Control Tower", "root access keys", "MFA on root")
ATTESTED_ONLY = ("support plan", "payment method", "root email", "belongs here: Cost Explorer")
OF_THE_FILE = ("duplicate emails", "email convention", "reserved domains", "placeholder ids")


def file_with(**changes: Any) -> Desired:
    desired = desired_with()
    return replace(desired, **changes)


def renamed(email: str) -> Desired:
    desired = desired_with()
    return replace(desired, accounts=(replace(desired.accounts[0], email=email),))


IN_THE_FILE: tuple[tuple[str, Desired], ...] = (
    ("duplicate emails", renamed("DNS@acme.dev")),
    ("email convention", renamed("logs@acme.dev")),
    ("reserved domains", renamed("aws-log-archive@mail.Example.org")),
    ("reserved domains", renamed("aws-log-archive@acme.test")),
    ("reserved domains", renamed("aws-log-archive@acme.invalid")),
    ("reserved domains", desired_with(email="aws@example.com")),
    ("placeholder ids", desired_with(management_account_id="123456789012")),
    ("placeholder ids", desired_with(management_account_id="999999999999")),
    ("placeholder ids", file_with(imports=(replace(desired_with().imports[0], id="111111111111"),))),
    ("placeholder ids", file_with(accounts=(replace(desired_with().accounts[0], id="111122223333"),))),
)


def test_a_well_kept_account_has_nothing_that_stops_or_warns(desired: Desired) -> None:
    findings = check(WELL, desired, target_of("aws"))
    assert [each for each in findings if each.verdict != "ok"] == []


@pytest.mark.parametrize(("item", "changes", "verdict"), FAILING)
def test_what_is_wrong_stops_or_warns_and_says_what_to_do(item: str, changes: Changes, verdict: str) -> None:
    finding = found(item, changes)
    assert (finding.verdict, finding.source) == (verdict, "checked")
    assert finding.remedy


@pytest.mark.parametrize(("item", "changes"), DENIALS)
def test_what_could_not_be_seen_is_unknown_and_never_ok(item: str, changes: Changes) -> None:
    finding = found(item, changes, desired_with(attested=()))
    assert finding.source == "unknown"
    only_the_role = changes == {"control_tower": tower(role=DENIED)}
    assert finding.verdict == ("stops" if item in STOP_UNREAD and not only_the_role else "warns")
    assert finding.remedy


@pytest.mark.parametrize("item", ATTESTED_ONLY)
def test_what_no_api_tells_is_attested_or_unknown(item: str) -> None:
    message, unsaid = found(item, {}), found(item, {}, desired_with(attested=()))
    assert (message.verdict, message.source) == ("ok", "attested")
    assert message.message.endswith("attested by Ada Lovelace on 2026-11-20.")
    assert (unsaid.verdict, unsaid.source) == ("warns", "unknown")


@pytest.mark.parametrize(
    ("item", "changes"),
    [
        ("phone", {"phone": DENIED}),
        ("MFA on root", {"root": DENIED}),
        ("security contact", {"security_contact": DENIED}),
        ("root access keys", {"root": DENIED}),
        ("Control Tower", {"control_tower": tower(unread=(("eu-west-1", DENIED),))}),
        ("Control Tower", {"control_tower": tower(trusted_access=True)}),
        ("Control Tower", {"control_tower": tower(zone(settings=DENIED, baselines=()))}),
    ],
)
def test_a_person_may_state_what_aws_would_not_show(item: str, changes: Changes) -> None:
    assert found(item, changes).source == "attested"


def test_trusted_access_without_a_landing_zone_is_no_matter_of_permissions() -> None:
    nobody = desired_with(attested=())
    remedy = found("Control Tower", {"control_tower": tower(trusted_access=True)}, nobody).remedy
    assert "disable-aws-service-access --service-principal controltower.amazonaws.com" in remedy
    assert "orgkit permissions" not in remedy
    assert (
        "orgkit permissions" in found("Control Tower", {"control_tower": tower(trusted_access=DENIED)}, nobody).remedy
    )


def test_a_person_s_word_does_not_outweigh_what_aws_says() -> None:
    assert found("MFA on root", {"root": RootUser(mfa=False, access_keys=False)}).verdict == "stops"
    assert found("phone", {"phone": Phone(present=True, verification="UNVERIFIED")}).verdict == "warns"
    assert found("root access keys", {"root": RootUser(mfa=True, access_keys=True)}).verdict == "stops"
    assert found("Control Tower", {"control_tower": tower(zone(settings=DENIED))}).verdict == "stops"


@pytest.mark.parametrize(("item", "desired"), IN_THE_FILE)
def test_placeholders_in_the_file_stop_on_aws_and_only_warn_on_an_emulator(item: str, desired: Desired) -> None:
    assert found(item, {}, desired, "aws").verdict == "stops"
    assert found(item, {}, desired, "emulator").verdict == "warns"


@pytest.mark.parametrize("item", OF_THE_FILE)
def test_what_stands_in_the_file_is_always_reported(item: str) -> None:
    assert found(item, {}).verdict == "ok"
    assert found(item, {}, kind="emulator").verdict == "ok"


def test_a_file_without_a_convention_breaks_none() -> None:
    assert found("email convention", {}, desired_with(email_convention=None)).verdict == "ok"


def test_a_convention_may_be_by_name_and_is_no_format_string() -> None:
    assert found("email convention", {}, desired_with(email_convention="aws-{name}@acme.dev")).verdict == "ok"
    hostile = found("email convention", {}, desired_with(email_convention="{key.__class__}@acme.dev"), "emulator")
    assert hostile.message.startswith("{key.__class__}@acme.dev is not followed")


def test_a_domain_that_only_ends_like_a_reserved_one_is_fine() -> None:
    assert found("reserved domains", {}, renamed("aws-log-archive@myexample.com")).verdict == "ok"
    assert found("reserved domains", {}, renamed("aws-log-archive@latest.dev")).verdict == "ok"


def test_an_identity_center_from_before_the_organization_says_what_that_means(desired: Desired) -> None:
    older = (IdentityCenter(ACCOUNT, "ACTIVE", is_older=True),)
    finding = next(
        f for f in check(replace(WELL, identity_center=older), desired, target_of("aws")) if "Identity" in f.item
    )
    assert "AWS cannot turn it into the organization's instance" in finding.message
    assert "delete it by hand" in finding.remedy


def test_every_item_has_a_passing_a_failing_and_a_denied_case(desired: Desired) -> None:
    items = {each.item for each in check(WELL, desired, target_of("aws"))}
    of_the_file = {item for item, _ in IN_THE_FILE}
    assert {item for item, _, _ in FAILING} | of_the_file | set(ATTESTED_ONLY) == items
    assert {item for item, _ in DENIALS} | of_the_file | set(ATTESTED_ONLY) == items


def test_the_name_of_a_check_is_no_verdict(desired: Desired) -> None:
    """Next to "warning" a name such as "no reserved domain" would read as its opposite."""
    names = [finding.item for finding in check(WELL, desired, target_of("aws"))]
    verdicts = {"no", "all", "unique", "complete", "verified", "refused", "ok"}
    assert [name for name in names if set(name.lower().replace("-", " ").split()) & verdicts] == []


def test_the_credits_are_named_and_nothing_is_lost_once_the_organization_is_there() -> None:
    assert "USD 140.25" in found("account plan and credits", {"plan": AccountPlan("FREE", "140.25")}).message
    plan = {"plan": AccountPlan("PAID", "140.25"), "organization": OURS}
    assert found("account plan and credits", plan).verdict == "ok"
    assert found("account plan and credits", {"plan": None}).verdict == "ok"


def test_credits_are_told_for_a_free_plan_only() -> None:
    assert credits_of(replace(WELL, plan=AccountPlan("FREE", "140.25"))) == "140.25"
    assert credits_of(replace(WELL, plan=AccountPlan("PAID", "140.25"))) is None
    assert credits_of(replace(WELL, plan=None)) is None
    assert credits_of(replace(WELL, plan=DENIED)) == DENIED


def test_the_quota_says_how_many_fit() -> None:
    what = found("account quota", {"quota": 2}).message
    assert what == (
        "AWS allows 2 accounts: 1 there (closed ones count), 0 invited, 2 added by the file; 1 fit, 1 do not."
    )


def test_accounts_that_are_there_or_invited_are_not_added_again() -> None:
    there = {"organization": OURS, "members": ((ACCOUNT, "m@acme.dev"), ("602938475610", "AWS-log-archive@acme.dev"))}
    what = found("account quota", {**there, "invited": (IMPORTED,), "quota": 3}).message
    assert what.endswith("2 there (closed ones count), 1 invited, 0 added by the file; all fit.")


def test_an_organization_other_than_the_pinned_one_stops() -> None:
    pinned = desired_with(organization_id="o-zzzzzzzzzz")
    assert found("belongs here: organization", {"organization": OURS}, pinned).verdict == "stops"
    assert found("belongs here: organization", {"organization": OURS}).verdict == "ok"


def test_an_organization_trail_that_is_there_is_fine() -> None:
    trails = {"trails": (OwnTrail("ours", organization=True),)}
    assert found("belongs here: organization trail", trails).message == "ours is there."


def test_workloads_are_told_by_service_with_where_was_looked() -> None:
    looks = (
        WorkloadSearch("EC2 instances", "eu-central-1", tuple(f"i-{number}" for number in range(7))),
        WorkloadSearch("EC2 instances", "us-east-1", DENIED),
        WorkloadSearch("tagged resources", "eu-west-1", (), complete=False),
    )
    ec2 = found("does not belong here: EC2 instances", {"workloads": looks})
    assert ec2.message.endswith("i-4 (eu-central-1) and 2 more; looked in eu-central-1; not seen: us-east-1.")
    tagged = found("does not belong here: tagged resources", {"workloads": looks})
    assert tagged.message == "none found; looked in eu-west-1; what never had a tag is not seen there."


def test_phase_01_reads_no_workloads_and_gets_no_finding_about_them(desired: Desired) -> None:
    facts = replace(WELL, keys=None, workloads=None)
    items = [each.item for each in check(facts, desired, target_of("aws"))]
    assert not [item for item in items if item.startswith(("does not belong", "IAM users"))]


def test_findings_come_with_what_stops_first_and_as_a_table(desired: Desired) -> None:
    changes = {"root": RootUser(mfa=False, access_keys=True), "budgets": 0}
    findings: Findings = check(replace(WELL, **changes), desired, target_of("aws"))
    assert [each.item for each in findings.stops] == ["root access keys", "MFA on root"]
    assert [each.item for each in findings.warns] == ["belongs here: budgets"]
    frame = findings.to_frame()
    assert list(frame.columns) == ["item", "effect", "how", "what", "do"]
    assert list(frame["effect"].head(4)) == ["stops 01 to 04", "stops 01 to 04", "warning", "ok"]
    assert len(frame) == len(findings)


def test_what_the_parameters_file_may_attest_has_a_meaning_here() -> None:
    assert set(Attestations.model_fields) <= set(ATTESTABLE)


@pytest.mark.parametrize(
    ("item", "changes", "phases", "partial_phases"),
    [
        ("root access keys", {"root": RootUser(mfa=True, access_keys=True)}, BOOTSTRAP_PHASES, ()),
        ("root access keys", {"root": DENIED}, BOOTSTRAP_PHASES, ()),
        ("MFA on root", {"root": RootUser(mfa=False, access_keys=False)}, BOOTSTRAP_PHASES, ()),
        ("account quota", {"quota": 2}, ("03", "04"), ()),
        ("Control Tower", {"control_tower": tower(zone())}, ("02", "03", "04", "16"), ("05",)),
        ("Control Tower", {"control_tower": tower(trusted_access=True)}, ("02", "03", "04", "16"), ("05",)),
    ],
)
@pytest.mark.parametrize("organization", [None, OURS])
def test_a_finding_names_the_phases_that_it_stops_with_and_without_an_organization(
    item: str,
    changes: Changes,
    phases: tuple[str, ...],
    partial_phases: tuple[str, ...],
    organization: Membership | None,
) -> None:
    finding = found(item, {**changes, "organization": organization}, desired_with(attested=()))
    assert (finding.verdict, finding.phases, finding.partial_phases) == ("stops", phases, partial_phases)


def test_every_stop_names_phases_that_exist_and_none_stops_logging_or_alerts_as_a_whole() -> None:
    changing = {phase.number for phase in RUNBOOKS if phase.changes}
    for item, changes in [(item, changes) for item, changes, verdict in FAILING if verdict == "stops"]:
        finding = found(item, changes)
        assert finding.phases, item
        assert {*finding.phases, *finding.partial_phases} <= changing
        assert not {"05", "10"} & set(finding.phases), item


def test_what_control_tower_owns_is_named_and_controls_alone_warn() -> None:
    owned = found("Control Tower", {"control_tower": tower(zone())})
    assert "eu-west-1 owns what its manifest of version 3.3 names (centralizedLogging)" in owned.message
    assert "111122223333 (1 baseline), ou-1 (1 baseline and 2 controls)" in owned.message
    alone = found("Control Tower", {"control_tower": tower(zone(settings=FOUR, baselines=()))})
    assert (alone.verdict, alone.effect) == ("warns", "warning")
    assert "has controls only: ou-1 (2 controls)" in alone.message
    assert alone.concerns("02")


def test_mistakes_in_the_file_stop_the_phases_that_would_use_them_and_not_for_accounts_that_are_there() -> None:
    desired = renamed("logs@acme.dev")
    new = found("email convention", {"organization": OURS}, desired)
    assert (new.verdict, new.phases) == ("stops", ("03",))
    there = {"organization": OURS, "members": ((ACCOUNT, "m@acme.dev"), ("602938475610", "logs@acme.dev"))}
    assert found("email convention", there, desired).verdict == "warns"
    assert found("email convention", {"organization": OURS, "known_keys": {"log-archive"}}, desired).verdict == "warns"


def test_phases_are_written_as_people_say_them() -> None:
    assert [format_phases(phases) for phases in (("01",), ("03", "04"), ("01", "02", "03"), ("01", "03", "04"))] == [
        "01", "03 and 04", "01 to 03", "01, 03, 04",
    ]  # fmt: skip


def test_a_session_without_mfa_stops_the_bootstrap_although_everything_is_attested() -> None:
    """What IAM refuses to a session, no attestation makes up for."""
    refusal = Unread("iam:GetAccountSummary: SessionWithoutMFA", "`aws login`", SESSION_WITHOUT_MFA)
    finding = found("session with MFA", {"root": refusal})
    assert (finding.verdict, finding.phases, finding.remedy) == ("stops", BOOTSTRAP_PHASES, "`aws login`")
    assert "without MFA" in finding.message


def test_a_session_that_iam_answers_is_no_finding() -> None:
    for root in (WELL.root, DENIED):
        items = [each.item for each in check(replace(WELL, root=root), desired_with(), target_of("aws"))]
        assert "session with MFA" not in items


def test_a_home_region_that_is_off_stops_the_trail_and_names_account_and_command() -> None:
    off = Unread("s3:HeadBucket: RegionNotEnabled", "`aws account enable-region`", REGION_NOT_ENABLED)
    regions = (HomeRegion("me-central-1", ACCOUNT, None), HomeRegion("me-central-1", IMPORTED, off))
    findings = check(replace(WELL, home_regions=regions), desired_with(), target_of("aws"))
    stop, ok = [each for each in findings if each.item == "home region enabled"]
    assert (stop.verdict, stop.phases, stop.remedy) == ("stops", ("05",), "`aws account enable-region`")
    assert f"me-central-1 is not enabled in account {IMPORTED}" in stop.message
    assert (ok.verdict, ok.message) == ("ok", f"me-central-1 answers in account {ACCOUNT}.")
