"""Closing an account on the wire, and what is read before: what AWS denies is never taken for "nothing there"."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from orgkit.aws import typed_account_ids
from orgkit.aws.person_settings import IDS_VARIABLE
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Unread
from orgkit.model.offboarding import OffboardingSpec
from orgkit.model.plan import ABSENT, ENABLED
from orgkit.parameters import load
from orgkit.phases.offboarding import account_aws
from orgkit.phases.offboarding.aws import close_account, state_before_closing
from orgkit.phases.offboarding.facts import UNKNOWN_OWNER, Move
from orgkit.phases.offboarding.phase import PHASE
from orgkit.phases.offboarding.planner import state_of
from orgkit.phases.offboarding.quarantine_policy import quarantine_policy
from orgkit.phases.offboarding.steps import CloseAccount
from orgkit.runbook.account_id_entry import ask_for_account_ids
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.phases.offboarding.test_planner import ENTRY, EXAMPLE, ID, delegation, world

STEP = CloseAccount(
    key="old-team", account=ID, name="old", email="old@acme.dev", since="2026-11-23", cause="it was dissolved",
    starts_from=state_of("ACTIVE", "ou-q", (), is_delegated=False, tag="2026-11-23", policy=ENABLED),
)  # fmt: skip
DESIRED = load(EXAMPLE).with_section(OffboardingSpec(accounts=(ENTRY,)))
IDS = IdIndex(world(DESIRED), DESIRED)
DENIED = Answer.error("AccessDeniedException", message="not authorized")


@pytest.fixture(autouse=True)
def ids(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(IDS_VARIABLE, raising=False)
    yield
    typed_account_ids.forget(["old-team"])


def event(name: str, at: float, error: str = "", source: str = "organizations", **parameters: Any) -> dict[str, str]:
    failed = {"errorCode": error} if error else {}
    values = {
        "eventSource": f"{source}.amazonaws.com", "eventName": name, "eventTime": f"2026-11-{at:02}T10:00:00Z",
        "requestParameters": parameters, **failed,
    }  # fmt: skip
    return {"CloudTrailEvent": json.dumps(values)}


def test_nothing_is_sent_where_nobody_has_typed_the_id_or_another_one(
    aws: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for typed in ("", "old-team=222222222223", "other=222222222222"):
        monkeypatch.setenv(IDS_VARIABLE, typed)
        with pytest.raises(NeedsDecision, match="nobody has typed the id"):
            close_account(aws, STEP, IDS)
    assert wire.asked == []


@pytest.mark.parametrize(("state", "is_done"), [("PENDING_CLOSURE", True), ("SUSPENDED", True), ("ACTIVE", False)])
def test_only_the_state_that_aws_shows_makes_a_refused_closing_a_done_one(
    aws: Connection, wire: Wire, state: str, is_done: bool
) -> None:
    typed_account_ids.enter("old-team", f" {ID} ")
    refused = Answer.error("AccountAlreadyClosedException")
    wire.says(refused, Answer.json(Account={"Id": ID, "State": state, "Status": "ACTIVE"}))
    if is_done:
        close_account(aws, STEP, IDS)
    else:
        with pytest.raises(Rejected):
            close_account(aws, STEP, IDS)
    assert wire.asked == ["CloseAccount", "DescribeAccount"]


@pytest.mark.parametrize("code", ["ConflictException", "TooManyRequestsException"])
def test_it_is_sent_once_and_a_refusal_to_do_it_now_is_a_failure(aws: Connection, wire: Wire, code: str) -> None:
    """What speaks against closing has to be read again before it is sent again."""
    typed_account_ids.enter("old-team", ID)
    wire.says(Answer.error(code), Answer.json(Account={"State": "ACTIVE"}))
    with pytest.raises(Rejected, match=code):
        close_account(aws, STEP, IDS)
    assert wire.asked.count("CloseAccount") == 1


def test_an_account_that_somebody_else_is_closing_counts_as_closed(aws: Connection, wire: Wire) -> None:
    typed_account_ids.enter("old-team", ID)
    wire.says(Answer.error("ConflictException"), Answer.json(Account={"State": "PENDING_CLOSURE"}))
    close_account(aws, STEP, IDS)
    assert wire.asked == ["CloseAccount", "DescribeAccount"]


def test_closing_starts_from_the_account_and_its_policy_and_from_nothing_where_it_is_closed(
    aws: Connection, wire: Wire
) -> None:
    active, parent = Answer.json(Account={"State": "ACTIVE"}), Answer.json(Parents=[{"Id": "ou-q"}])
    none = Answer.error("AccountNotRegisteredException")
    some = Answer.json(DelegatedServices=[{"ServicePrincipal": "guardduty.amazonaws.com"}])
    rules = Answer.error("ResourcePolicyNotFoundException")
    delegating = Answer.json(ResourcePolicy={"Content": delegation(ID)})
    tag = Answer.json(Tags=[{"Key": "orgkit:quarantined", "Value": "2026-11-23"}])
    policy = Answer.json(Policies=[{"Name": "orgkit-quarantine", "Id": "p-quarantine"}])
    text = Answer.json(Policy={"Content": json.dumps(json.loads(quarantine_policy(DESIRED)), indent=2)})
    wire.says(active, parent, none, rules, tag, policy, policy, text)
    assert state_before_closing(aws, STEP, IDS) == STEP.starts_from
    for answers in (
        (Answer.json(Account={}), parent, none, rules, tag, policy, policy, text),
        (active, Answer.json(Parents=[{"Id": "r-1"}]), none, rules, tag, policy, policy, text),
        (active, parent, some, rules, tag, policy, policy, text),
        (active, parent, none, delegating, tag, policy, policy, text),
        (active, parent, none, rules, Answer.json(Tags=[]), policy, policy, text),
        (active, parent, none, rules, tag, Answer.json(Policies=[]), policy, text),
        (active, parent, none, rules, tag, policy, Answer.json(Policies=[])),
        (active, parent, none, rules, tag, policy, policy, Answer.json(Policy={"Content": '{"Statement": []}'})),
    ):
        wire.says(*answers)
        assert state_before_closing(aws, STEP, IDS) != STEP.starts_from
    wire.says(Answer.json(Account={"State": "PENDING_CLOSURE"}))
    assert state_before_closing(aws, STEP, IDS) == ABSENT


def test_the_newest_move_that_succeeded_counts_and_so_does_the_newest_tagging(aws: Connection, wire: Wire) -> None:
    newest = [
        event("MoveAccount", 30, "AccessDenied", accountId=ID, destinationParentId="ou-x"),
        event("MoveAccount", 29, "", "elsewhere", accountId=ID, destinationParentId="ou-x"),
        event("MoveAccount", 28, accountId="333333333333", destinationParentId="ou-x"),
    ]
    older = [event("MoveAccount", day, accountId=ID, destinationParentId=f"ou-{day}") for day in (20, 10)]
    wire.says(Answer.json(Events=newest, NextToken="more"), Answer.json(Events=older), Answer.json(Events=[]))
    history = account_aws.read_history(aws, [ID])
    assert isinstance(history.moves, dict)
    assert history.moves[ID].destination == "ou-20"
    assert history.taggings == {}
    tags = [[{"key": "Name", "value": "x"}], [{"key": "orgkit:quarantined", "value": "x"}]]
    events = [event("TagResource", 20 - n, resourceId=ID, tags=each) for n, each in enumerate(tags)]
    wire.says(Answer.json(Events=[]), Answer.json(Events=events))
    history = account_aws.read_history(aws, [ID])
    assert isinstance(history.taggings, dict)
    assert (history.moves, history.taggings[ID].day) == ({}, 19)


def test_only_attachments_of_the_policy_to_the_unit_count(aws: Connection, wire: Wire) -> None:
    events = [
        event("AttachPolicy", 20, policyId="p-other", targetId="ou-q"),
        event("AttachPolicy", 19, policyId="p-quarantine", targetId="ou-x"),
        event("AttachPolicy", 18, policyId="p-quarantine", targetId="ou-q"),
        event("AttachPolicy", 17, policyId="p-quarantine", targetId="ou-q"),
    ]
    wire.says(Answer.json(Events=events))
    attached_at = account_aws.read_attachment(aws, "p-quarantine", "ou-q")
    assert isinstance(attached_at, datetime)
    assert attached_at.day == 18
    wire.says(Answer.json(Events=[]))
    assert account_aws.read_attachment(aws, "p-quarantine", "ou-q") is None
    wire.says(DENIED)
    assert isinstance(account_aws.read_attachment(aws, "p-quarantine", "ou-q"), Unread)


def test_what_aws_denies_is_not_read_and_any_other_error_ends_the_reading(aws: Connection, wire: Wire) -> None:
    wire.says(DENIED, DENIED)
    history = account_aws.read_history(aws, [ID])
    assert isinstance(history.moves, Unread)
    assert isinstance(history.taggings, Unread)
    wire.says(DENIED)
    assert isinstance(account_aws.read_trails(aws, DESIRED), Unread)
    month = account_aws.month_of(aws.clock.now())
    wire.says(DENIED)
    assert isinstance(account_aws.read_costs(aws, month, [ID]), Unread)
    wire.says(Answer.error("DataUnavailableException"))
    assert account_aws.read_costs(aws, month, [ID]) == {}
    wire.says(*[Answer.error("InternalFailure", 500)] * 10)
    with pytest.raises(Rejected):
        account_aws.read_trails(aws, DESIRED)


def test_costs_are_sorted_by_amount_and_nothing_is_left_out_but_zero(aws: Connection, wire: Wire) -> None:
    def group(service: str, amount: str) -> dict[str, Any]:
        return {"Keys": [ID, service], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}

    groups = [group("Tax", "0"), group("AmazonS3", "0.004"), group("AmazonEC2", "7.5")]
    wire.says(
        Answer.json(ResultsByTime=[{"Groups": groups}], NextPageToken="2"),
        Answer.json(ResultsByTime=[{"Groups": [group("AWS Support", "29")]}]),
    )
    costs = account_aws.read_costs(aws, account_aws.month_of(aws.clock.now()), [ID])
    assert costs == {ID: (("AWS Support", "29.00"), ("AmazonEC2", "7.50"), ("AmazonS3", "0.00"))}


def test_a_runbook_asks_for_the_id_until_it_is_right_or_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["old-team", ID])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    observed = world(DESIRED)
    assert ask_for_account_ids(DESIRED, observed)
    assert typed_account_ids.id_of("old-team") == ID
    assert not ask_for_account_ids(DESIRED, observed)
    typed_account_ids.forget(["old-team"])
    monkeypatch.setattr("builtins.input", lambda _: "")
    assert not ask_for_account_ids(DESIRED, observed)


def test_the_phase_says_that_it_takes_away_and_needs_a_person() -> None:
    assert (PHASE.takes_away, PHASE.needs_person, PHASE.runs_in_ci) == (True, True, False)


def test_evidence_of_a_closed_account_is_its_state(aws: Connection, clock: CountingClock) -> None:
    closed = world(DESIRED, accounts=[_account("SUSPENDED")])
    assert PHASE.shows(STEP, closed, DESIRED) is True
    assert PHASE.shows(STEP, world(DESIRED), DESIRED) is False
    assert PHASE.shows(STEP, world(DESIRED, accounts=[]), DESIRED) is None
    assert Move(clock.now() - timedelta(days=1), "ou").destination == "ou"


def _account(state: str) -> Any:
    from tests.phases.offboarding.test_planner import account

    return account(state=state)


def test_a_key_that_is_not_named_by_its_arn_has_an_unknown_owner_and_is_not_taken_for_none(
    aws: Connection, wire: Wire
) -> None:
    keys = ({}, {"KmsKeyId": f"arn:aws:kms:us-east-1:{ID}:key/1"}, {"KmsKeyId": "alias/trail"})
    wire.says(Answer.json(trailList=[{"Name": "acme", "S3BucketName": "logs", **key} for key in keys]))
    trails = account_aws.read_trails(aws, DESIRED)
    assert not isinstance(trails, Unread)
    assert [trail.key_account for trail in trails] == ["", ID, UNKNOWN_OWNER]
