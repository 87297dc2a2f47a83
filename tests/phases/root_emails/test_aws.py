"""Root emails on the wire, and the codes that a person enters: where they come from, and where they never go."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from orgkit.aws import one_time_codes
from orgkit.aws.person_settings import CODES_VARIABLE
from orgkit.aws.rejections import OutcomeUnknown
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Unread
from orgkit.phases.root_emails.aws import accept_change, email_of_account, read, start_change
from orgkit.phases.root_emails.facts import EmailFacts
from orgkit.phases.root_emails.phase import PHASE
from orgkit.phases.root_emails.planner import plan
from orgkit.phases.root_emails.steps import AcceptEmailChange, StartEmailChange
from orgkit.runbook.code_entry import ask_for_codes
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.phases.root_emails.test_planner import ID, NEW, OLD, status, wanted, world

START = StartEmailChange(key="log-archive", name="log-archive", email=NEW, starts_from=OLD, is_repeated=False)
ACCEPT = AcceptEmailChange(key="log-archive", name="log-archive", email=NEW, starts_from=OLD)
CODE = "A1b2C3"
EMAIL = Answer.json(PrimaryEmail=OLD)


@pytest.fixture(autouse=True)
def codes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(CODES_VARIABLE, raising=False)
    yield
    one_time_codes.forget(["log-archive"])


def facts(aws: Connection) -> EmailFacts:
    found = read(aws, wanted(), world()).facts(EmailFacts)
    assert found is not None
    return found


def ids() -> IdIndex:
    return IdIndex(world(), wanted())


@pytest.mark.parametrize(
    ("reported", "hours", "known"),
    [("PENDING", 100, "PENDING"), ("ACCEPTED", 1, "ACCEPTED"), ("COMPLETED", 1, "ACCEPTED"), ("ACCEPTED", 5, ""),
     ("FAILED", 1, "")],
)  # fmt: skip
def test_the_status_of_an_old_change_says_nothing(
    aws: Connection, wire: Wire, clock: CountingClock, reported: str, hours: int, known: str
) -> None:
    updated = (clock.now() - timedelta(hours=hours)).timestamp()
    wire.says(EMAIL, Answer.json(Status=reported, UpdatedAt=updated))
    assert facts(aws).status("log-archive") == known


def test_an_account_without_a_change_has_no_status_and_a_denial_is_kept(aws: Connection, wire: Wire) -> None:
    wire.says(EMAIL, Answer.error("ResourceNotFoundException", 404))
    assert facts(aws).status("log-archive") == ""
    wire.says(Answer.error("AccessDeniedException", 403))
    assert isinstance(facts(aws).status("log-archive"), Unread)


def test_a_list_that_still_has_the_earlier_email_is_corrected(aws: Connection, wire: Wire) -> None:
    wire.says(Answer.json(PrimaryEmail=NEW), Answer.json(Status="ACCEPTED"))
    assert read(aws, wanted(), world()).account(ID).email == NEW


def test_only_accounts_whose_email_is_changed_are_asked(aws: Connection, wire: Wire) -> None:
    read(aws, wanted(), world(trusted_access=["iam.amazonaws.com"]))
    assert wire.asked == []
    wire.says(EMAIL, Answer.json(Status="ACCEPTED"))
    assert read(aws, wanted(), world(NEW)).account(ID).email == OLD, "the list may be behind, whatever it has"


def test_a_change_back_within_four_hours_is_sent_where_a_person_asks_for_it(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(EMAIL, Answer.json(Status="ACCEPTED", UpdatedAt=clock.now().timestamp()))
    observed = read(aws, wanted(), world())
    assert "within four hours" in plan(observed, wanted()).waiting[0].what
    one_time_codes.enter("log-archive", " NEW ")
    wire.says(EMAIL, Answer.json(Status="ACCEPTED", UpdatedAt=clock.now().timestamp()))
    assert [type(step) for step in plan(read(aws, wanted(), world()), wanted()).steps] == [StartEmailChange]


def test_a_change_whose_status_cannot_be_read_is_neither_shown_nor_denied(aws: Connection, wire: Wire) -> None:
    wire.says(EMAIL, Answer.error("AccessDeniedException", 403))
    assert PHASE.shows(ACCEPT, read(aws, wanted(), world()), wanted()) is None


def test_a_refusal_that_repeats_the_code_is_shown_without_it_and_the_code_can_be_entered_again(
    aws: Connection, wire: Wire
) -> None:
    for error in ("ValidationException", "ConflictException"):
        one_time_codes.enter("log-archive", CODE)
        wire.says(Answer.error(error, message=f"Value '{CODE}' at 'otp' is wrong"))
        with pytest.raises(StepFailed) as failed:
            accept_change(aws, ACCEPT, ids())
        assert CODE not in f"{failed.value} {failed.value.remedy}"
        assert "[the code]" in str(failed.value)


def test_a_lost_answer_to_a_request_for_a_code_asks_for_no_other_code(aws: Connection, wire: Wire) -> None:
    """AWS ends a code when it sends another one."""
    one_time_codes.enter("log-archive", one_time_codes.SEND_AGAIN)
    wire.says(Answer.error("ServiceException", 500))
    with pytest.raises(OutcomeUnknown):
        start_change(aws, START, ids())
    wire.says(EMAIL, Answer.json(Status="PENDING"))
    assert plan(read(aws, wanted(), world()), wanted()).steps == ()


def test_a_code_is_sent_with_the_change_and_never_written(
    aws: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CODES_VARIABLE, f"log-archive={CODE}")
    wire.says(EMAIL, Answer.json(Status="PENDING"), EMAIL, Answer.json(Status="ACCEPTED"))
    assert facts(aws).with_code == ("log-archive",)
    assert email_of_account(aws, ACCEPT, ids()) == OLD
    accept_change(aws, ACCEPT, ids())
    assert json.loads(wire.bodies[-1]) == {"AccountId": ID, "PrimaryEmail": NEW, "Otp": CODE}
    assert CODE not in wire.written[-1] + str(aws.journal.events)
    assert one_time_codes.code_of("log-archive") == "", "a code is for one use"


def test_a_code_from_before_a_new_one_was_sent_is_not_used(
    aws: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CODES_VARIABLE, f"log-archive={CODE}")
    wire.says(Answer.json(Status="PENDING"))
    start_change(aws, START, ids())
    assert json.loads(wire.bodies[-1]) == {"AccountId": ID, "PrimaryEmail": NEW}
    with pytest.raises(NeedsDecision, match="is not known in this process"):
        accept_change(aws, ACCEPT, ids())
    assert len(wire.asked) == 1


def test_a_wrong_code_is_not_sent_a_second_time(aws: Connection, wire: Wire) -> None:
    one_time_codes.enter("log-archive", CODE)
    wire.says(Answer.error("ValidationException"))
    with pytest.raises(StepFailed, match="AWS did not take the one-time code") as failed:
        accept_change(aws, ACCEPT, ids())
    assert "log-archive=new" in failed.value.remedy
    assert one_time_codes.code_of("log-archive") == ""


@pytest.mark.parametrize("text", ["12345", "1234567", "12 456", "", "again"])
def test_what_cannot_be_a_code_is_none(text: str) -> None:
    one_time_codes.enter("log-archive", text)
    assert one_time_codes.code_of("log-archive") == ""


def test_a_person_is_asked_where_a_code_was_sent_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []
    answers = iter(["", CODE])
    monkeypatch.setattr("orgkit.runbook.code_entry.getpass", lambda text: questions.append(text) or next(answers))
    assert ask_for_codes(wanted(), world(facts=status(""))) is False
    assert questions == []
    assert ask_for_codes(wanted(), world(facts=status("PENDING"))) is False
    assert ask_for_codes(wanted(), world(facts=status("PENDING"))) is True
    assert one_time_codes.code_of("log-archive") == CODE
    assert NEW in questions[0]
