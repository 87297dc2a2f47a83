"""16-offboarding: who is never locked up or closed, the seven days by AWS's event history, and the typed id."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgkit.model.desired import Desired, HandoverSpec, RecordsSpec
from orgkit.model.observed import Account, Observed, Organization, Unit, Unread
from orgkit.model.offboarding import NAME, OffboardedAccount, OffboardingSpec
from orgkit.model.plan import Plan, Target
from orgkit.model.state_backend import StateBackendSpec
from orgkit.parameters import load
from orgkit.phases.accounts.moves import AttachedPolicy, MoveFacts
from orgkit.phases.offboarding.facts import UNKNOWN_OWNER, AccountFacts, Move, OffboardingFacts, TrailUse
from orgkit.phases.offboarding.planner import closable_accounts, plan
from orgkit.phases.offboarding.quarantine_policy import quarantine_policy
from orgkit.phases.offboarding.report import closable
from orgkit.phases.offboarding.resource_policy import delegates_to
from orgkit.phases.policies.facts import ObservedPolicy
from orgkit.phases.policies.spec import PoliciesSpec
from orgkit.policy_evaluation.evaluation import Level, Policies, Policy, evaluate
from orgkit.policy_evaluation.policy_types import SCP
from orgkit.policy_evaluation.requests import Account as Owner
from orgkit.policy_evaluation.requests import Principal, PrincipalKind, Request
from tests.bootstrap.project import EXAMPLE

MANAGEMENT, ID = "999999999999", "222222222222"
ORGANIZATION = Organization("o-a1b2c3d4e5", MANAGEMENT, "", "ALL", "r-root", ((SCP, "ENABLED"),), (), ())
UNITS = (Unit(("Production",), "ou-Production", ()), Unit(("Quarantine",), "ou-Quarantine", ()))
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ENTRY = OffboardedAccount("old-team", ID, "it was dissolved")
NO = Unread("AWS denied it.")


def account(unit: str = "Quarantine", number: str = ID, **more: Any) -> Account:
    return replace(Account(number, "old", "old@acme.dev", "ACTIVE", (unit,), "CREATED", ()), **more)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


OWN = AccountFacts(
    account=ID, tag=days_ago(8).isoformat(), move=Move(days_ago(8), "ou-Quarantine"), tagged_at=days_ago(8),
    services=(),
    buckets=("old-data",), roles=(), resources=(("eu-central-1", 3), ("us-east-1", 0)), costs=(("AmazonEC2", "7.50"),),
)  # fmt: skip


@pytest.fixture(scope="module")
def desired() -> Desired:
    return load(EXAMPLE)


def policy(desired: Desired, *targets: str) -> ObservedPolicy:
    wanted = desired.with_section(OffboardingSpec(accounts=(ENTRY,)))
    return ObservedPolicy(SCP, NAME, "p-quarantine", targets=targets, content=quarantine_policy(wanted))


def world(
    desired: Desired, own: AccountFacts = OWN, accounts: Iterable[Account] = (account(),), typed: str = "", **more: Any
) -> Observed:
    facts = OffboardingFacts(
        NOW, "2026-11", policy(desired, "ou-Quarantine"), days_ago(8), (), (own,), (("old-team", typed),)
    )
    target = Target(MANAGEMENT, ORGANIZATION.id, "aws", "aws")
    observed = Observed(target, "arn", ORGANIZATION, UNITS, tuple(accounts)).with_facts(MoveFacts())
    return observed.with_facts(replace(facts, **more))


def planned(desired: Desired, *values: Any, entry: OffboardedAccount = ENTRY, **more: Any) -> Plan:
    return plan(world(desired, *values, **more), desired.with_section(OffboardingSpec(accounts=(entry,))))


def ids(made: Plan) -> list[str]:
    return [step.id for step in made.steps]


def texts(made: Plan) -> str:
    return " ".join(waiting.what for waiting in made.waiting)


def test_an_account_in_quarantine_for_seven_days_is_closed_when_a_person_has_typed_its_id(desired: Desired) -> None:
    made = planned(desired, typed=ID)
    assert ids(made) == ["close-account:old-team"]
    assert "in quarantine since 2026-11-23, because: it was dissolved" in made.steps[0].sentence
    assert made.steps[0].losses == (f"account old ({ID}), with everything that is in it",)


@pytest.mark.parametrize("typed", ["", "222222222223", "old-team"])
def test_no_other_word_closes_it(desired: Desired, typed: str) -> None:
    made = planned(desired, typed=typed)
    assert made.steps == ()
    assert ("that was typed for it is another one" if typed else "closed now. Type its id") in texts(made)
    observed = world(desired, typed=typed)
    wanted = desired.with_section(OffboardingSpec(accounts=(ENTRY,)))
    assert [entry.key for entry, _ in closable_accounts(observed, wanted)] == ["old-team"]


@pytest.mark.parametrize(
    ("changes", "step", "text"),
    [
        ({"tagged_at": days_ago(6.99)}, False, "can be closed from 2026-12-01 13:14 UTC on"),
        ({"tagged_at": days_ago(6.99), "move": None}, False, "can be closed from 2026-12-01 13:14 UTC on"),
        ({"move": Move(days_ago(30), "ou-Production")}, False, "does not show yet that it was moved there"),
        ({"move": NO}, False, "could not be read: AWS denied it."),
        ({"tagged_at": NO}, False, "could not be read: AWS denied it."),
        ({"tagged_at": None, "tag": days_ago(0.01).isoformat()}, False, "does not show its quarantine yet"),
        ({"tagged_at": None}, True, ""),
        ({"tagged_at": None, "tag": ""}, True, ""),
        ({"tagged_at": None, "tag": days_ago(-1).isoformat()}, True, ""),
        ({"tagged_at": None, "tag": "2026-12-01T11:50:00"}, True, ""),
        ({"move": Move(days_ago(7.5), "ou-Quarantine")}, True, ""),
        ({"tagged_at": days_ago(9)}, True, ""),
    ],
)
def test_the_seven_days_are_counted_from_an_approved_tagging_under_the_policy_by_the_event_history(
    desired: Desired, changes: dict[str, Any], step: bool, text: str
) -> None:
    made = planned(desired, replace(OWN, **changes), typed=ID)
    assert ids(made) == (["tag-quarantined-account:old-team"] if step else [])
    assert text in texts(made)


def test_the_newest_hour_of_the_event_history_does_not_count_as_events_of_it_may_still_be_missing(
    desired: Desired,
) -> None:
    for minutes, step in ((0, []), (59, []), (60, ["close-account:old-team"])):
        tagged_at = days_ago(7) - timedelta(minutes=minutes)
        made = planned(desired, replace(OWN, tagged_at=tagged_at), typed=ID)
        assert ids(made) == step, minutes
        assert bool(step) or "events of the newest hour may still be missing in AWS's event history" in texts(made)


@pytest.mark.parametrize("attached_at", [None, days_ago(90)])
def test_a_move_and_an_attachment_of_more_than_90_days_ago_count_as_earlier_than_the_tagging(
    desired: Desired, attached_at: datetime | None
) -> None:
    own = replace(OWN, move=None, tagged_at=days_ago(7.1))
    assert ids(planned(desired, own, typed=ID, attached_at=attached_at)) == ["close-account:old-team"]


def test_an_account_that_somebody_parked_there_long_ago_is_not_closed_before_seven_days_under_the_policy(
    desired: Desired,
) -> None:
    """The policy was attached a minute ago: whatever happened before, nobody was locked out."""
    attached_at = days_ago(0.001)
    for tagged_at in (None, days_ago(30), days_ago(8)):
        own = replace(OWN, move=Move(days_ago(40), "ou-Quarantine"), tagged_at=tagged_at, tag="x")
        made = planned(desired, own, [account()], ID, attached_at=attached_at)
        assert ids(made) == ["tag-quarantined-account:old-team"]
    own = replace(OWN, tagged_at=days_ago(0.0005))
    assert planned(desired, own, typed=ID, attached_at=attached_at).steps == ()
    assert planned(desired, typed=ID, attached_at=NO).steps == ()


@pytest.mark.parametrize("state", ["", "UNKNOWN", "PENDING_ACTIVATION"])
def test_an_account_whose_state_is_not_active_is_not_closed(desired: Desired, state: str) -> None:
    made = planned(desired, accounts=[account(state=state)], typed=ID)
    assert (made.steps, [item.blocks for item in made.waiting]) == ((), ["old-team"])
    assert "AWS shows its state as" in texts(made)


@pytest.mark.parametrize("name", ["buckets", "roles", "resources", "costs"])
def test_what_could_not_be_read_in_an_account_lets_it_into_quarantine_and_is_a_reason_not_to_close_it(
    desired: Desired, name: str
) -> None:
    own = replace(OWN, **{name: NO})
    made = planned(desired, own, typed=ID)
    assert (made.steps, [item.blocks for item in made.waiting]) == ((), ["old-team"])
    assert "could not be read: AWS denied it." in texts(made)
    assert ids(planned(desired, own, [account("Production")]))[0] == "quarantine-account:old-team"


def delegation(principal: Any, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "organizations:List*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


@pytest.mark.parametrize(
    ("document", "delegates"),
    [
        ("", False),
        (delegation([ID, "333333333333"]), True),
        (delegation(f"arn:aws:iam::{ID}:role/path/admin"), True),
        (delegation("*", Condition={"StringEquals": {"aws:PrincipalAccount": [ID]}}), True),
        (delegation("*", Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ID}:role/*"}}), True),
        (delegation("*", Condition={"StringNotEquals": {"aws:PrincipalAccount": ID}}), False),
        (delegation("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}), False),
        (delegation("333333333333", Resource=f"arn:aws:organizations::{MANAGEMENT}:account/o-a1/{ID}"), False),
        (delegation(ID, Effect="Deny"), False),
        ("{", None),
        (json.dumps({"Statement": [{"Effect": "Perhaps", "Principal": "*"}]}), None),
    ],
)
def test_an_allow_of_the_organization_s_resource_policy_delegates_to_the_accounts_that_it_names(
    document: str, delegates: bool | None
) -> None:
    assert delegates_to(document, ID) is delegates


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"services": ("sso.amazonaws.com",)},
        {},
        "delegated administrator for sso.amazonaws.com, among them IAM Identity",
    ),
    ({"services": NO}, {}, "whether it is a delegated administrator could not be read"),
    ({}, {"resource_policy": NO}, "resource policy, which may delegate to it, could not be read: AWS denied it."),
    ({}, {"resource_policy": '{"Statement": [1]}'}, "which may delegate to it, could not be understood"),
    ({}, {"resource_policy": delegation(f"arn:aws:iam::{ID}:root")}, "resource policy delegates to it: take it out"),
    ({"roles": ("rescue",)}, {}, "break-glass role rescue"),
    ({}, {"trails": NO}, "the trails could not be read"),
    ({}, {"trails": (TrailUse("acme", "old-data", ""),)}, "trail acme writes to its bucket old-data"),
    ({}, {"trails": (TrailUse("acme", "other", ID),)}, "trail acme encrypts with a key of it"),
    ({}, {"trails": (TrailUse("acme", "other", UNKNOWN_OWNER),)}, "the account of the key of trail acme could not be"),
    ({}, {"accounts": ()}, "nothing was read about it"),
]


@pytest.mark.parametrize("unit", ["Production", "Quarantine"])
@pytest.mark.parametrize(("own", "facts", "text"), REFUSED, ids=[text for *_, text in REFUSED])
def test_an_account_that_the_organization_needs_is_neither_locked_up_nor_closed(
    desired: Desired, unit: str, own: dict[str, Any], facts: dict[str, Any], text: str
) -> None:
    observed = world(desired, replace(OWN, **own), [account(unit)], ID)
    read = observed.facts(OffboardingFacts)
    assert read is not None
    observed = observed.with_facts(replace(read, **facts))
    made = plan(observed, desired.with_section(OffboardingSpec(accounts=(ENTRY,))))
    assert (made.steps, {item.blocks for item in made.waiting}) == ((), {"old-team"})
    assert text in texts(made)


def key_of(account_id: str) -> str:
    return f"arn:aws:kms:eu-central-1:{account_id}:key/1"


@pytest.mark.parametrize("unit", ["Production", "Quarantine"])
@pytest.mark.parametrize(
    ("change", "bucket", "text"),
    [
        (lambda file: replace(file, records=RecordsSpec(archive="s3://evidence/acme")), "evidence", "records.archive"),
        (lambda file: replace(file, records=RecordsSpec(sign_with=key_of(ID))), "", "records.sign_with"),
        (lambda file: file, "records", "trail.records_bucket"),
        (lambda file: file, "logs", "trail.bucket"),
        (lambda file: file.with_section(StateBackendSpec("dns", "state")), "state", "state_backend"),
        (lambda file: file.with_section(StateBackendSpec("dns", "s", kms_key=key_of(ID))), "", "state_backend.kms_key"),
        (lambda file: file.with_section(HandoverSpec(("accounts",))), "", "[handover] says that Terraform owns"),
    ],
)
def test_what_the_file_itself_uses_in_an_account_is_a_reason_to_leave_it(
    desired: Desired, unit: str, change: Any, bucket: str, text: str
) -> None:
    desired = replace(desired, trail=replace(desired.trail, bucket="logs", records_bucket="records"))
    made = planned(change(desired), replace(OWN, buckets=(bucket,)), [account(unit)], ID)
    assert made.steps == ()
    assert text in texts(made)


def test_an_account_of_which_a_person_states_that_no_terraform_state_has_it_goes(desired: Desired) -> None:
    owned = desired.with_section(HandoverSpec(("accounts",)))
    stated = replace(ENTRY, removed_from_terraform=True)
    assert ids(planned(owned, entry=stated, typed=ID)) == ["close-account:old-team"]


@pytest.mark.parametrize("phase", ["accounts", "imports"])
@pytest.mark.parametrize("join_method", ["CREATED", "INVITED", ""])
def test_an_account_stays_while_terraform_owns_accounts_however_it_joined(
    desired: Desired, phase: str, join_method: str
) -> None:
    """A created account may be listed under [imports], and has lost its entry by then."""
    owned = desired.with_section(HandoverSpec((phase,)))
    made = planned(owned, accounts=[account(join_method=join_method)], typed=ID)
    assert made.steps == ()
    assert "[handover] says that Terraform owns the accounts" in texts(made)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"tags": (("orgkit:key", "log-archive"),)}, "accounts.log-archive, the log archive account"),
        ({"email": "AWS-Website-Prod@example.com"}, "accounts.website-prod"),
    ],
)
def test_an_account_that_the_file_still_wants_is_left_alone(desired: Desired, values: Any, text: str) -> None:
    made = planned(desired, accounts=[account(**values)], typed=ID)
    assert (made.steps, text in texts(made)) == ((), True)


def test_an_account_of_the_file_by_its_id_and_the_management_account_are_left_alone(desired: Desired) -> None:
    for number, text in (("111111111111", "imports.dns"), (MANAGEMENT, "is the management account")):
        entry = replace(ENTRY, account=number)
        made = planned(desired, replace(OWN, account=number), [account(number=number)], number, entry=entry)
        assert made.steps == ()
        assert text in texts(made)


def test_the_quarantine_is_made_first_and_its_steps_are_the_same_when_a_run_was_killed_on_the_way(
    desired: Desired,
) -> None:
    own = replace(OWN, tag="", move=None, tagged_at=None)
    wanted, observed = (
        desired.with_section(OffboardingSpec(accounts=(ENTRY,))),
        world(desired, own, [account("Production")]),
    )
    facts = observed.facts(OffboardingFacts)
    assert facts is not None
    bare = replace(observed, units=UNITS[:1]).with_facts(replace(facts, policy=None))
    whole = plan(bare, wanted)
    assert ids(whole) == [
        "create-unit:Quarantine", "create-policy:orgkit-quarantine", "attach-policy:orgkit-quarantine: Quarantine",
        "quarantine-account:old-team", "tag-quarantined-account:old-team",
    ]  # fmt: skip
    attached = (AttachedPolicy(SCP, NAME, "p-quarantine"),)
    observed = observed.with_facts(MoveFacts(policies=(("ou-Quarantine", attached),)))
    for state in (bare, replace(bare, units=UNITS), observed):
        rest = plan(state, wanted).steps
        assert [step.facts() for step in rest] == [step.facts() for step in whole.steps[-len(rest) :]]
    moved = plan(world(desired, own), wanted).steps
    assert [step.facts() for step in moved] == [whole.steps[-1].facts()]
    assert {"orgkit-quarantine", "orgkit-quarantine: Quarantine", "Quarantine"} <= set(whole.steps[3].depends_on)


def test_a_policy_that_is_not_in_force_is_repaired_before_anything_is_closed(desired: Desired) -> None:
    for broken in (policy(desired), replace(policy(desired, "ou-Quarantine"), content="{}")):
        made = planned(desired, typed=ID, policy=broken)
        assert [step.kind for step in made.steps] == ["change-policy" if broken.content == "{}" else "attach-policy"]
        assert "before the policy of the quarantine is in force again" in texts(made)


def test_a_unit_with_other_accounts_in_it_is_no_quarantine(desired: Desired) -> None:
    made = planned(desired, accounts=[account("Production"), account(number="333333333333", name="innocent")])
    assert made.steps == ()
    assert "would lock up: innocent" in texts(made)


def test_aws_closes_three_accounts_at_the_same_time(desired: Desired) -> None:
    closing = [account("Production", f"{number:012}", state="PENDING_CLOSURE") for number in (3, 4, 5)]
    assert ids(planned(desired, accounts=[account(), *closing[:2]], typed=ID)) == ["close-account:old-team"]
    made = planned(desired, accounts=[account(), *closing], typed=ID)
    assert (made.steps, "AWS closes 3 accounts" in texts(made)) == ((), True)


@pytest.mark.parametrize("state", ["PENDING_CLOSURE", "SUSPENDED", "CLOSED"])
def test_an_account_that_is_closed_or_being_closed_leaves_an_empty_plan(desired: Desired, state: str) -> None:
    made = planned(desired, accounts=[account(state=state)], typed=ID)
    assert (made.steps, made.waiting) == ((), ())
    assert made.warnings == (f"old-team: account {ID} (old) is {state}.",)
    assert "is not in the organization" in planned(desired, accounts=[], typed=ID).warnings[0]


def test_costs_resources_and_the_quota_are_shown_with_what_is_not_seen(desired: Desired) -> None:
    cost, resources, unseen, quota = planned(desired, typed=ID).warnings
    assert cost == f"old-team: account old ({ID}) cost in 2026-11: AmazonEC2 7.50 USD."
    assert resources.endswith("has tagged resources: 3 in eu-central-1; 2 region(s) were asked.")
    assert "never tagged is not counted" in unseen
    assert "closes 10 accounts of this organization in 30 days" in quota
    assert [closable(members) for members in (1, 250, 20_000)] == [10, 25, 1000]


def test_nothing_is_concluded_without_a_reading_an_organization_or_the_type_of_the_policy(desired: Desired) -> None:
    wanted, observed = desired.with_section(OffboardingSpec(accounts=(ENTRY,))), world(desired, typed=ID)
    without_type = replace(observed, organization=replace(ORGANIZATION, policy_types=()))
    for state in (replace(observed, phase_facts=()), replace(observed, organization=None), without_type):
        assert plan(state, wanted).steps == ()
    assert "run 01-organization" in plan(without_type, wanted).needs[0]


@pytest.mark.parametrize(
    ("kind", "name", "action", "is_allowed"),
    [
        (PrincipalKind.ROLE_SESSION, "OrganizationAccountAccessRole", "iam:DeleteRole", True),
        (PrincipalKind.ROLE_SESSION, "orgkit-read", "iam:GetRole", True),
        (PrincipalKind.ROLE_SESSION, "rescue", "ec2:StopInstances", True),
        (PrincipalKind.ROLE_SESSION, "developer", "ec2:RunInstances", False),
        (PrincipalKind.ROLE_SESSION, "not-rescue", "iam:CreateRole", False),
        (PrincipalKind.USER, "rescue", "iam:CreateRole", False),
        (PrincipalKind.ROOT, "root", "ec2:RunInstances", False),
        (PrincipalKind.ROOT, "root", "support:CreateCase", True),
    ],
)
def test_the_policy_locks_up_everybody_but_the_rescuers(
    desired: Desired, kind: PrincipalKind, name: str, action: str, is_allowed: bool
) -> None:
    wanted = desired.with_section(PoliciesSpec((), ("rescue",)))
    document = json.loads(quarantine_policy(wanted.with_section(OffboardingSpec(accounts=(ENTRY,)))))
    owner, role = Owner(ID, ORGANIZATION.id), f"arn:aws:iam::{ID}:role/{name}"
    arn = {
        PrincipalKind.ROLE_SESSION: f"arn:aws:sts::{ID}:assumed-role/{name}/x",
        PrincipalKind.USER: f"arn:aws:iam::{ID}:user/{name}",
        PrincipalKind.ROOT: f"arn:aws:iam::{ID}:root",
    }[kind]
    principal = Principal(kind, arn, owner, role=role if kind is PrincipalKind.ROLE_SESSION else "")
    all_of_it = Policy({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    policies = Policies(identity=(all_of_it,), scps=(Level("Quarantine", (all_of_it, Policy(document))),))
    request = Request(principal, action, "*", owner, {}, "us-east-1")
    assert evaluate(request, policies).is_allowed is is_allowed


def test_the_name_of_one_account_s_access_role_frees_no_role_of_another_account(desired: Desired) -> None:
    other = OffboardedAccount("other", "333333333333", "it is empty", "Admin")
    document = json.loads(quarantine_policy(desired.with_section(OffboardingSpec(accounts=(ENTRY, other)))))
    (statement,) = document["Statement"]
    assert statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [
        "arn:aws:iam::*:role/orgkit-read",
        f"arn:aws:iam::{ID}:role/OrganizationAccountAccessRole",
        "arn:aws:iam::333333333333:role/Admin",
    ]
