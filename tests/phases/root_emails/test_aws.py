"""Root emails on the wire, and the codes that a person enters: where they come from, and where they never go."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from orgkit.aws import one_time_codes
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Unread
from orgkit.phases.root_emails.aws import accept_change, email_of_account, read, start_change
from orgkit.phases.root_emails.facts import EmailFacts
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
    monkeypatch.delenv(one_time_codes.CODES_VARIABLE, raising=False)
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
    read(aws, wanted(), world(NEW))
    read(aws, wanted(), world(trusted_access=["iam.amazonaws.com"]))
    assert wire.asked == []


def test_a_code_is_sent_with_the_change_and_never_written(
    aws: Connection, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(one_time_codes.CODES_VARIABLE, f"web=XXXXXX log-archive={CODE}")
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
    monkeypatch.setenv(one_time_codes.CODES_VARIABLE, f"log-archive={CODE}")
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
