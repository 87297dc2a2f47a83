"""12-policies plans what is missing or differs, shows what it affects, and takes nothing away."""

import json
import time
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.desired import Desired
from orgkit.model.observed import Account, Observed, Organization, Unit
from orgkit.model.plan import Plan, Target
from orgkit.parameters import load
from orgkit.phases.policies.facts import ObservedPolicy, PolicyFacts
from orgkit.phases.policies.in_force import BY_ORGKIT, inherited
from orgkit.phases.policies.planner import plan
from orgkit.phases.policies.spec import PoliciesSpec, PolicySpec
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy
from orgkit.policy_evaluation.policy_types import SCP, policy_types
from tests.bootstrap.project import EXAMPLE

MANAGEMENT = "999999999999"
ORGANIZATION = Organization("o-a1b2c3d4e5", MANAGEMENT, "", "ALL", "r-root", ((SCP, "ENABLED"),), (), ())
UNITS = tuple(Unit((name,), f"ou-{name}", ()) for name in ("Infrastructure", "Production", "Security"))


def account(number: int, name: str, unit: str = "Production", state: str = "ACTIVE") -> Account:
    return Account(f"{number:012}", name, f"{name}@acme.dev", state, (unit,) if unit else (), "CREATED", ())


ACCOUNTS = (account(1, "web"), account(2, "shop"), account(3, "old", state="SUSPENDED"), account(4, "logs", "Security"))


def content(action: str = "organizations:LeaveOrganization", sid: str = "Deny") -> str:
    statement = {"Action": action, "Effect": "Deny", "Resource": "*", "Sid": sid}
    return json.dumps({"Statement": [statement], "Version": "2012-10-17"}, separators=(",", ":"))


def spec(name: str = "deny", kind: str = SCP, text: str = "", attach: Any = (("Production",),)) -> PolicySpec:
    return PolicySpec(name, kind, f"{name}.json", attach, text or content())


def observed(*policies: ObservedPolicy, **more: Any) -> Observed:
    values = {"organization": ORGANIZATION, "units": UNITS, "accounts": ACCOUNTS, **more}
    organization = values["organization"]
    target = Target(MANAGEMENT, organization.id if organization else None, "aws", "aws")
    return Observed(target, "arn", **values).with_facts(PolicyFacts(policies))


def existing(name: str = "deny", text: str = "", **more: Any) -> ObservedPolicy:
    return ObservedPolicy(SCP, name, f"p-{name}", content=text or content(), **more)


@pytest.fixture(scope="module")
def desired() -> Desired:
    return load(EXAMPLE)


def planned(desired: Desired, now: Observed, *policies: PolicySpec) -> Plan:
    return plan(now, desired.with_section(PoliciesSpec(policies or (spec(),))))


def test_a_missing_policy_is_made_and_then_attached(desired: Desired) -> None:
    create, attach = planned(desired, observed()).steps
    assert create == CreatePolicy(name="deny", type=SCP, content=content())
    assert attach == AttachPolicy(name="deny", type=SCP, unit=("Production",), accounts=("shop", "web"))
    assert attach.depends_on == ("deny", "deny: Production")
    assert create.details[:2] == ("+ {", '+   "Statement": [')


def test_nothing_is_planned_where_everything_is_there(desired: Desired) -> None:
    done = planned(desired, observed(existing(targets=("ou-Production",))))
    assert (done.steps, done.needs, done.waiting, done.warnings, done.unmanaged) == ((), (), (), (), ())


def test_another_document_is_changed_wherever_it_is_attached(desired: Desired) -> None:
    old = content("s3:PutObject", sid="Old")
    now = observed(existing(text=old, targets=("000000000004", "ou-Production", "r-root")))
    (change,) = planned(desired, now).steps
    assert isinstance(change, ChangePolicy)
    assert change.starts_from == old
    assert change.attached_to == ("Production", "account logs", "the organization root")
    assert change.accounts == ("logs", "shop", "web")
    assert change.losses == ("policy deny no longer has its statement Old as it was",)
    assert [line for line in change.details if line[0] in "+-"] == [
        '-       "Action": "s3:PutObject",',
        '+       "Action": "organizations:LeaveOrganization",',
        '-       "Sid": "Old"',
        '+       "Sid": "Deny"',
    ]


@pytest.mark.parametrize("old", ["", "not JSON \u202e", '{"Statement": 1}', "[]", '{"Statement": ["x"]}'])
def test_a_hostile_document_of_aws_is_replaced_and_shown_escaped(desired: Desired, old: str) -> None:
    (change, _) = planned(desired, observed(replace(existing(), content=old))).steps
    assert isinstance(change, ChangePolicy)
    assert change.sentence.startswith("change policy deny (SERVICE_CONTROL_POLICY): ")
    assert all(line.isprintable() for line in change.details)


def test_what_somebody_added_is_reported_and_stays(desired: Desired) -> None:
    others = (
        existing(targets=("ou-Production", "ou-Security", "000000000001", "123")),
        existing("other", targets=("ou-Production",)),
        replace(existing("FullAWSAccess", targets=("r-root",)), is_of_aws=True),
    )
    done = planned(desired, observed(*others))
    assert done.steps == ()
    assert done.unmanaged == (
        "attachment of policy deny to account web",
        "attachment of policy deny to 123",
        "attachment of policy deny to Security",
        "policy other (SERVICE_CONTROL_POLICY)",
    )


def test_a_policy_of_aws_with_the_same_name_is_not_the_one_of_the_file(desired: Desired) -> None:
    aws = replace(existing(targets=("ou-Production",)), is_of_aws=True)
    assert [step.kind for step in planned(desired, observed(aws)).steps] == ["create-policy", "attach-policy"]


def test_what_an_earlier_phase_has_to_make_comes_first(desired: Desired) -> None:
    without = planned(
        desired, observed(units=(), organization=replace(ORGANIZATION, policy_types=((SCP, "PENDING_ENABLE"),)))
    )
    assert without.needs == (
        "policy type SERVICE_CONTROL_POLICY is not enabled yet: run 01-organization",
        "organizational unit Production does not exist yet: run 02-units",
    )
    assert [step.kind for step in without.steps] == ["create-policy", "attach-policy"]
    nothing = planned(desired, observed(units=(), accounts=(), organization=None))
    assert nothing.needs == ("the organization does not exist yet: run 01-organization",)
    assert nothing.preview


def test_a_unit_that_is_full_waits_and_gets_none_too_many(desired: Desired) -> None:
    limit = policy_types()[SCP].max_per_target
    assert limit is not None
    there = [existing(f"p{number}", targets=("ou-Production",)) for number in range(limit - 1)]
    two = (spec("a", text=content(sid="A")), spec("b", text=content(sid="B")))
    done = planned(desired, observed(*there), *two)
    assert [step.id for step in done.steps if isinstance(step, AttachPolicy)] == ["attach-policy:a: Production"]
    (waiting,) = done.waiting
    assert (waiting.drift, waiting.blocks) == (True, "b")
    assert waiting.what.startswith("policy b: Production has as many policies of type SERVICE_CONTROL_POLICY as AWS")


def test_a_policy_that_is_not_applied_takes_no_place_of_another(desired: Desired) -> None:
    limit = policy_types()[SCP].max_per_target
    assert limit is not None
    there = [existing(f"p{number}", targets=("ou-Production",)) for number in range(limit - 1)]
    locked = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    done = planned(desired, observed(*there), spec("a", text=locked), spec("b"))
    assert [step.subject for step in done.steps] == ["b", "b: Production"]


def test_documents_of_any_length_are_compared_in_no_time() -> None:
    old, new = (content_of_lines(range(start, start + 3_000)) for start in (0, 1))
    step = ChangePolicy(name="a", type=SCP, content=new, starts_from=old, attached_to=(), accounts=())
    began = time.process_time()
    assert Counter(line[0] for line in step.details) == {"-": 3_004, "+": 3_004}
    assert "3004 line(s) removed, 3004 added" in step.sentence
    assert time.process_time() - began < 1


def test_a_difference_has_three_lines_around_each_change() -> None:
    old, new = (content_of_lines([*range(100), last]) for last in (100, 101))
    step = ChangePolicy(name="a", type=SCP, content=new, starts_from=old, attached_to=(), accounts=())
    assert [line.replace(" ", "") for line in step.details] == [
        "@@-100,6+100,6@@", '"a97",', '"a98",', '"a99",', '-"a100"', '+"a101"', "]", "}",
    ]  # fmt: skip


def content_of_lines(numbers: Iterable[int]) -> str:
    return json.dumps({"Statement": [f"a{number}" for number in numbers]})


def test_two_attachments_never_have_one_id(desired: Desired) -> None:
    steps = [
        AttachPolicy(name=name, type=SCP, unit=(unit,), accounts=())
        for name, unit in (("a to b", "c"), ("a", "b to c"), ("a", "b: c"))
    ]
    assert len({step.id for step in steps}) == len(steps)


def test_a_policy_that_locks_orgkit_out_is_not_applied_and_the_others_are(desired: Desired) -> None:
    # The ids of new accounts are known only now: `orgkit check` could not see it.
    statement = {
        "Effect": "Deny", "Action": "iam:*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": "000000000007"}},
    }  # fmt: skip
    bad = spec("bad", text=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    email = next(member.email for member in desired.accounts if member.key == "website-prod")
    now = observed(accounts=(*ACCOUNTS, replace(account(7, "website-prod"), email=email)))
    done = planned(desired, now, bad, spec())
    assert {step.subject for step in done.steps} == {"deny", "deny: Production"}
    assert "policy bad is not applied: statement 1 locks out role orgkit-read" in done.waiting[0].what
    assert all((waiting.drift, waiting.blocks) == (True, "bad") for waiting in done.waiting)


def test_a_lock_out_that_is_not_certain_is_a_warning(desired: Desired) -> None:
    statement = {
        "Sid": "Net", "Effect": "Deny", "Action": "iam:GetRole", "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    }  # fmt: skip
    done = planned(desired, observed(), spec(text=json.dumps({"Version": "2012-10-17", "Statement": [statement]})))
    assert len(done.steps) == 2
    assert done.warnings[0].startswith("policy deny, statement Net may lock out role orgkit-read: it may deny iam:")


def test_misspelled_actions_are_warnings_of_the_plan(desired: Desired) -> None:
    done = planned(desired, observed(), spec(text=content("s3:PutObjct")))
    assert "policy deny, statement Deny: AWS has no action s3:PutObjct, as far as orgkit knows." in done.warnings


@pytest.mark.parametrize("kind", [kind for kind, known in policy_types().items() if known.paid_service])
def test_a_type_that_switches_on_a_paid_service_says_so_in_the_step(desired: Desired, kind: str) -> None:
    done = planned(desired, observed(), spec(kind=kind, text='{"any":{}}'))
    service, cost = policy_types()[kind].paid_service, policy_types()[kind].monthly_cost or "not known here"
    assert f"it can switch on {service}, whose monthly cost for each account and region is {cost}" in (
        done.steps[-1].sentence
    )


def test_a_price_of_a_paid_service_says_where_it_is_from() -> None:
    priced = {name: kind.monthly_cost for name, kind in policy_types().items() if kind.monthly_cost}
    assert set(priced) == {"GUARDDUTY_POLICY", "SECURITYHUB_CSPM_POLICY", "SECURITYHUB_POLICY"}
    for cost in priced.values():
        assert cost.startswith("by use: USD ")
        assert "quoted in 2026 from AWS's page, not read there" in cost
        assert "\n" not in cost


def test_the_management_account_is_bound_by_management_policies_alone(desired: Desired) -> None:
    management = replace(account(0, "management"), id=MANAGEMENT)
    now = observed(accounts=(*ACCOUNTS, management))
    for kind, names in ((SCP, ("shop", "web")), ("TAG_POLICY", ("management", "shop", "web"))):
        (_, attach) = planned(desired, now, spec(kind=kind, text='{"tags":{},"Version":"2012-10-17"}')).steps
        assert isinstance(attach, AttachPolicy)
        assert attach.accounts == names


def test_many_accounts_are_counted_in_the_sentence_and_listed_in_the_plan(desired: Desired) -> None:
    now = observed(accounts=tuple(account(number, f"account-{number:02}") for number in range(1, 13)))
    (_, attach) = planned(desired, now).steps
    assert attach.sentence.endswith("account-07, account-08 and 4 more")
    assert len(attach.facts()["accounts"]) == 12


def test_the_policies_in_force_are_those_on_the_way_from_the_root(desired: Desired) -> None:
    full = replace(existing("FullAWSAccess", targets=("r-root", "ou-Security", "000000000004")), is_of_aws=True)
    policies = (existing(targets=("ou-Production",)), full, existing("own", targets=("000000000004",)))
    management = replace(account(0, "management", ""), id=MANAGEMENT)
    rows = inherited(observed(accounts=(*ACCOUNTS, management)), policies)
    assert [(row.account, row.policy, row.origin, row.basis) for row in rows] == [
        ("logs", "FullAWSAccess", "the organization root", BY_ORGKIT),
        ("logs", "FullAWSAccess", "Security", BY_ORGKIT),
        ("logs", "FullAWSAccess", "the account itself", BY_ORGKIT),
        ("logs", "own", "the account itself", BY_ORGKIT),
        ("shop", "FullAWSAccess", "the organization root", BY_ORGKIT),
        ("shop", "deny", "Production", BY_ORGKIT),
        ("web", "FullAWSAccess", "the organization root", BY_ORGKIT),
        ("web", "deny", "Production", BY_ORGKIT),
    ]


def test_a_plan_prints_the_wave_of_each_policy_and_the_section_that_takes_it_back(desired: Desired) -> None:
    there = existing(targets=("ou-Production",))
    (attach,) = planned(desired, observed(there), spec(attach=(("Production",), ("Security",)))).steps
    assert attach.details == (
        "attached now: Production (2 account(s))",
        "this wave: Security, which affects 1 account(s): logs",
        "units without it then: Infrastructure",
        (
            'to roll back: write attach = ["Production"] in [policies.deny], add this section, and run '
            "`orgkit plan FILE 13`:"
        ),
        "  [policy_removal.deny]",
        '  type = "SERVICE_CONTROL_POLICY"',
        '  units = ["Security"]',
    )


def test_the_rollback_of_the_first_wave_deletes_the_policy_and_can_be_pasted(desired: Desired) -> None:
    _, first, second = planned(desired, observed(), spec("a b", attach=(("Production",), ("Security",)))).steps
    assert first.details[0] == "attached now: to nothing"
    assert second.details == ()
    pasted = tomllib.loads("\n".join(first.details[4:]))["policy_removal"]["a b"]
    assert pasted == {"type": SCP, "units": ["Production", "Security"], "delete": True}
    assert 'take [policies."a b"] out of the file' in first.details[3]
