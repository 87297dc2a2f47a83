"""Every check of phase 00: passing, failing and denied."""

from dataclasses import replace
from typing import Any

import pytest

from orgkit.management_account.checks import check
from orgkit.model.desired import Desired
from orgkit.model.management_account import (
    ATTESTABLE,
    AccountPlan,
    Facts,
    Finding,
    Findings,
    Keys,
    Look,
    Membership,
    OwnTrail,
    Phone,
    RootUser,
    credits_of,
)
from orgkit.model.observed import Unread
from orgkit.parameters import schema

from .conftest import ACCOUNT, ARN, IMPORTED, WELL, desired_with, target_of

DENIED = Unread("iam:GetAccountSummary: AccessDenied: not allowed")
OURS = Membership("o-abcdefghij", ACCOUNT, "aws-management@acme.dev", "ALL")
BILLS_ONLY = replace(OURS, feature_set="CONSOLIDATED_BILLING")
THEIRS = replace(OURS, management_account_id="602938475610")
KEYED = Keys(users=("ada",), looked_at=2, more=False)
Changes = dict[str, Any]


def found(
    item: str, changes: Changes, desired: Desired | None = None, kind: str = "aws", base: Facts = WELL
) -> Finding:
    findings = check(replace(base, **changes), desired or desired_with(), target_of(kind))
    return next(each for each in findings if each.item == item)


# item, what makes it fail, what that means for 01
FAILING: tuple[tuple[str, Changes, str], ...] = (
    ("who am I", {"caller_arn": ARN.replace("aws", "aws-cn", 1)}, "stops"),
    ("root user refused", {"caller_arn": f"arn:aws:iam::{ACCOUNT}:root"}, "stops"),
    ("account the file names", {"caller_account": "602938475610"}, "stops"),
    ("account the file names", {"organization": replace(OURS, email="other@acme.dev")}, "warns"),
    ("belongs here: organization", {"organization": THEIRS}, "stops"),
    ("all features", {"organization": BILLS_ONLY}, "stops"),
    ("no Control Tower", {"landing_zones": 1}, "stops"),
    ("no Control Tower", {"landing_zones": 1, "control_tower_role": DENIED}, "stops"),
    ("no Control Tower", {"control_tower_role": True}, "warns"),
    ("root access keys", {"root": RootUser(mfa=True, access_keys=True)}, "stops"),
    ("MFA on root", {"root": RootUser(mfa=False, access_keys=False)}, "stops"),
    ("sign-up complete", {"state": "PENDING_ACTIVATION"}, "stops"),
    ("sign-up complete", {"state": "SUSPENDED"}, "stops"),
    ("phone", {"phone": Phone(present=False, verification="")}, "warns"),
    ("phone", {"phone": Phone(present=True, verification="UNVERIFIED")}, "warns"),
    ("phone", {"phone": Phone(present=True, verification="PENDING")}, "warns"),
    ("account plan and credits", {"plan": AccountPlan("FREE", "140.25")}, "warns"),
    ("account plan and credits", {"plan": AccountPlan("FREE", "0.00")}, "warns"),
    ("account plan and credits", {"plan": AccountPlan("PAID", "140.25")}, "warns"),
    ("account quota", {"quota": 2}, "warns"),
    ("account quota", {"quota": 3, "invited": ("602938475610",)}, "warns"),
    ("security contact", {"security_contact": False}, "warns"),
    ("account alias", {"alias": None}, "warns"),
    ("belongs here: organization trail", {"trails": (OwnTrail("mine", organization=False),)}, "warns"),
    ("belongs here: Identity Center", {"identity_center": ()}, "warns"),
    ("belongs here: Identity Center", {"identity_center": ("CREATE_FAILED",)}, "warns"),
    ("belongs here: budgets", {"budgets": 0}, "warns"),
    ("IAM users with access keys", {"keys": KEYED}, "warns"),
    (
        "does not belong here: EC2 instances",
        {"workloads": (Look("EC2 instances", "us-east-1", ("i-1",)),)},
        "warns",
    ),
)

# item, what AWS did not let us see
DENIALS: tuple[tuple[str, Changes], ...] = (
    ("who am I", {"caller_arn": ""}),
    ("root user refused", {"caller_arn": ""}),
    ("account the file names", {"caller_account": ""}),
    ("belongs here: organization", {"organization": DENIED}),
    ("all features", {"organization": DENIED}),
    ("no Control Tower", {"landing_zones": DENIED}),
    ("no Control Tower", {"control_tower_role": DENIED}),
    ("no Control Tower", {"landing_zones": DENIED, "control_tower_role": True}),
    ("root access keys", {"root": DENIED}),
    ("MFA on root", {"root": DENIED}),
    ("sign-up complete", {"state": DENIED}),
    ("sign-up complete", {"state": ""}),
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
    ("IAM users with access keys", {"keys": Keys(users=(), looked_at=20, more=True)}),
    ("does not belong here: EC2 instances", {"workloads": (Look("EC2 instances", "us-east-1", DENIED),)}),
)
ATTESTED_ONLY = ("support plan", "payment method", "e-mail verified", "belongs here: Cost Explorer")
OF_THE_FILE = ("e-mails unique", "e-mail convention", "no reserved domain", "no placeholder id")


def file_with(**changes: Any) -> Desired:
    desired = desired_with()
    return replace(desired, **changes)


def renamed(email: str) -> Desired:
    desired = desired_with()
    return replace(desired, accounts=(replace(desired.accounts[0], email=email),))


IN_THE_FILE: tuple[tuple[str, Desired], ...] = (
    ("e-mails unique", renamed("DNS@acme.dev")),
    ("e-mail convention", renamed("logs@acme.dev")),
    ("no reserved domain", renamed("aws-log-archive@mail.Example.org")),
    ("no reserved domain", renamed("aws-log-archive@acme.test")),
    ("no reserved domain", renamed("aws-log-archive@acme.invalid")),
    ("no reserved domain", desired_with(email="aws@example.com")),
    ("no placeholder id", desired_with(management_account_id="123456789012")),
    ("no placeholder id", desired_with(management_account_id="999999999999")),
    ("no placeholder id", file_with(imports=(replace(desired_with().imports[0], id="111111111111"),))),
    ("no placeholder id", file_with(accounts=(replace(desired_with().accounts[0], id="111122223333"),))),
)


def test_a_well_kept_account_has_nothing_that_stops_or_warns(desired: Desired) -> None:
    findings = check(WELL, desired, target_of("aws"))
    assert [each for each in findings if each.verdict != "ok"] == []


@pytest.mark.parametrize(("item", "changes", "verdict"), FAILING)
def test_what_is_wrong_stops_or_warns_and_says_what_to_do(item: str, changes: Changes, verdict: str) -> None:
    finding = found(item, changes)
    assert (finding.verdict, finding.how) == (verdict, "checked")
    assert finding.do


@pytest.mark.parametrize(("item", "changes"), DENIALS)
def test_what_could_not_be_seen_is_unknown_and_never_ok(item: str, changes: Changes) -> None:
    finding = found(item, changes, desired_with(attested=()))
    assert finding.how == "unknown"
    assert finding.verdict == ("stops" if item == "belongs here: organization" else "warns")
    assert finding.do


@pytest.mark.parametrize("item", ATTESTED_ONLY)
def test_what_no_api_tells_is_attested_or_unknown(item: str) -> None:
    said, unsaid = found(item, {}), found(item, {}, desired_with(attested=()))
    assert (said.verdict, said.how) == ("ok", "attested")
    assert said.what.endswith("attested by Ada Lovelace on 2026-11-20.")
    assert (unsaid.verdict, unsaid.how) == ("warns", "unknown")


@pytest.mark.parametrize(
    ("item", "changes"),
    [
        ("phone", {"phone": DENIED}),
        ("MFA on root", {"root": DENIED}),
        ("security contact", {"security_contact": DENIED}),
    ],
)
def test_a_person_may_state_what_aws_would_not_show(item: str, changes: Changes) -> None:
    assert found(item, changes).how == "attested"


def test_a_person_s_word_does_not_outweigh_what_aws_says() -> None:
    assert found("MFA on root", {"root": RootUser(mfa=False, access_keys=False)}).verdict == "stops"
    assert found("phone", {"phone": Phone(present=True, verification="UNVERIFIED")}).verdict == "warns"


@pytest.mark.parametrize(("item", "desired"), IN_THE_FILE)
def test_placeholders_in_the_file_stop_on_aws_and_only_warn_on_an_emulator(item: str, desired: Desired) -> None:
    assert found(item, {}, desired, "aws").verdict == "stops"
    assert found(item, {}, desired, "emulator").verdict == "warns"


@pytest.mark.parametrize("item", OF_THE_FILE)
def test_what_stands_in_the_file_is_always_reported(item: str) -> None:
    assert found(item, {}).verdict == "ok"
    assert found(item, {}, kind="emulator").verdict == "ok"


def test_a_file_without_a_convention_breaks_none() -> None:
    assert found("e-mail convention", {}, desired_with(email_convention=None)).verdict == "ok"


def test_a_convention_may_be_by_name_and_is_no_format_string() -> None:
    assert found("e-mail convention", {}, desired_with(email_convention="aws-{name}@acme.dev")).verdict == "ok"
    hostile = found("e-mail convention", {}, desired_with(email_convention="{key.__class__}@acme.dev"), "emulator")
    assert hostile.what.startswith("{key.__class__}@acme.dev is not followed")


def test_a_domain_that_only_ends_like_a_reserved_one_is_fine() -> None:
    assert found("no reserved domain", {}, renamed("aws-log-archive@myexample.com")).verdict == "ok"
    assert found("no reserved domain", {}, renamed("aws-log-archive@latest.dev")).verdict == "ok"


def test_every_item_has_a_passing_a_failing_and_a_denied_case(desired: Desired) -> None:
    items = {each.item for each in check(WELL, desired, target_of("aws"))}
    of_the_file = {item for item, _ in IN_THE_FILE}
    assert {item for item, _, _ in FAILING} | of_the_file | set(ATTESTED_ONLY) == items
    assert {item for item, _ in DENIALS} | of_the_file | set(ATTESTED_ONLY) == items


def test_the_credits_are_named_and_nothing_is_lost_once_the_organization_is_there() -> None:
    assert "USD 140.25" in found("account plan and credits", {"plan": AccountPlan("FREE", "140.25")}).what
    plan = {"plan": AccountPlan("PAID", "140.25"), "organization": OURS}
    assert found("account plan and credits", plan).verdict == "ok"
    assert found("account plan and credits", {"plan": None}).verdict == "ok"


def test_credits_are_told_for_a_free_plan_only() -> None:
    assert credits_of(replace(WELL, plan=AccountPlan("FREE", "140.25"))) == "140.25"
    assert credits_of(replace(WELL, plan=AccountPlan("PAID", "140.25"))) is None
    assert credits_of(replace(WELL, plan=None)) is None
    assert credits_of(replace(WELL, plan=DENIED)) == DENIED


def test_the_quota_says_how_many_fit() -> None:
    what = found("account quota", {"quota": 2}).what
    assert what == (
        "AWS allows 2 accounts: 1 there (closed ones count), 0 invited, 2 added by the file; 1 fit, 1 do not."
    )


def test_accounts_that_are_there_or_invited_are_not_added_again() -> None:
    there = {"organization": OURS, "members": ((ACCOUNT, "m@acme.dev"), ("602938475610", "AWS-log-archive@acme.dev"))}
    what = found("account quota", {**there, "invited": (IMPORTED,), "quota": 3}).what
    assert what.endswith("2 there (closed ones count), 1 invited, 0 added by the file; all fit.")


def test_an_organization_other_than_the_pinned_one_stops() -> None:
    pinned = desired_with(organization_id="o-zzzzzzzzzz")
    assert found("belongs here: organization", {"organization": OURS}, pinned).verdict == "stops"
    assert found("belongs here: organization", {"organization": OURS}).verdict == "ok"


def test_an_organization_trail_that_is_there_is_fine() -> None:
    trails = {"trails": (OwnTrail("ours", organization=True),)}
    assert found("belongs here: organization trail", trails).what == "ours is there."


def test_workloads_are_told_by_service_with_where_was_looked() -> None:
    looks = (
        Look("EC2 instances", "eu-central-1", tuple(f"i-{number}" for number in range(7))),
        Look("EC2 instances", "us-east-1", DENIED),
        Look("tagged resources", "eu-west-1", (), complete=False),
    )
    ec2 = found("does not belong here: EC2 instances", {"workloads": looks})
    assert ec2.what.endswith("i-4 (eu-central-1) and 2 more; looked in eu-central-1; not seen: us-east-1.")
    tagged = found("does not belong here: tagged resources", {"workloads": looks})
    assert tagged.what == "none found; looked in eu-west-1; what never had a tag is not seen there."


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
    assert list(frame.columns) == ["item", "for 01", "how", "what", "do"]
    assert list(frame["for 01"].head(4)) == ["stops 01", "stops 01", "warns", "ok"]
    assert len(frame) == len(findings)


def test_what_the_parameters_file_may_attest_has_a_meaning_here() -> None:
    assert set(schema.Attestations.model_fields) <= set(ATTESTABLE)
