"""CreateAccount on the wire: no idempotency token, an answer that comes minutes later, and every way to fail."""

from datetime import timedelta
from typing import Any

import pytest

from orgkit.aws.asynchronous import Pending, Request, Retry, Throttled
from orgkit.aws.constraint_reasons import CREATIONS
from orgkit.aws.rejections import OutcomeUnknown, Rejected
from orgkit.aws.session import Connection
from orgkit.errors import StepFailed
from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.matching import IdIndex
from orgkit.model.observed import CLOSED_STATES
from orgkit.phases.accounts.creation_aws import begin_create_account, list_requests, settle_create_account
from orgkit.phases.accounts.steps import CreateAccount
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.plans.loader import desired_of, observed_of

ID, OTHER, MANAGEMENT = "222222222222", "333333333333", "999999999999"
STEP = CreateAccount(
    key="log-archive", name="log-archive", email="log@acme.example", role_name=ACCESS_ROLE,
    iam_access_to_billing="DENY", tags=(),
)  # fmt: skip
OURS = Request("car-1")
FOUND = Request("car-1", sent=False)
SENT = Answer.json(CreateAccountStatus={"Id": "car-1", "State": "IN_PROGRESS"})
HOUR, DAY = 3600.0, 86400.0


def directory() -> IdIndex:
    return IdIndex(observed_of({"organization": {}}), desired_of())


def ago(seconds: float) -> float:
    """A moment as AWS writes it."""
    return (CountingClock().now() - timedelta(seconds=seconds)).timestamp()


def of(state: str, name: str = "log-archive", request: str = "car-1", **more: Any) -> dict[str, Any]:
    return {"Id": request, "AccountName": name, "State": state, **more}


def status(state: str, **more: Any) -> Answer:
    return Answer.json(CreateAccountStatus=of(state, **more))


def requests(*items: dict[str, Any]) -> Answer:
    return Answer.json(CreateAccountStatuses=list(items))


def accounts(*items: dict[str, Any]) -> Answer:
    return Answer.json(Accounts=list(items))


LISTED = accounts({"Id": ID, "Email": "LOG@acme.example"})


def refusal(reason: str) -> Answer:
    return Answer.error("ConstraintViolationException", Reason=reason)


class TestBeginning:
    def test_a_request_that_is_under_way_under_that_name_is_not_sent_again(self, aws: Connection, wire: Wire) -> None:
        wire.says(requests(of("IN_PROGRESS", request="car-9")))
        assert begin_create_account(aws, STEP, directory()) == Request("car-9", sent=False)
        assert wire.asked == ["ListCreateAccountStatus"]
        assert "IN_PROGRESS" in wire.bodies[0]

    def test_one_that_has_been_under_way_for_days_is_stuck_and_none_of_ours(self, aws: Connection, wire: Wire) -> None:
        wire.says(requests(of("IN_PROGRESS", request="car-9", RequestedTimestamp=ago(3 * DAY))), SENT)
        assert begin_create_account(aws, STEP, directory()) == OURS
        wire.says(requests(of("IN_PROGRESS", request="car-9", RequestedTimestamp=ago(3 * DAY))))
        assert list_requests(aws).in_progress == frozenset()

    def test_after_a_lost_answer_one_that_has_just_succeeded_is_found_too(self, aws: Connection, wire: Wire) -> None:
        wire.says(requests(of("SUCCEEDED", request="car-9", AccountId=ID, CompletedTimestamp=ago(60))), accounts())
        assert begin_create_account(aws, STEP, directory(), doubt=True) == Request("car-9", sent=False)
        assert "IN_PROGRESS" not in wire.bodies[0]

    @pytest.mark.parametrize("state", CLOSED_STATES)
    def test_one_that_made_an_account_that_is_closed_by_now_is_not_taken_for_that_of_its_successor(
        self, aws: Connection, wire: Wire, state: str
    ) -> None:
        succeeded = requests(of("SUCCEEDED", request="car-9", AccountId=OTHER, CompletedTimestamp=ago(60)))
        wire.says(succeeded, accounts({"Id": OTHER, "Email": "old@acme.example", "State": state}), SENT)
        assert begin_create_account(aws, STEP, directory(), doubt=True) == OURS
        assert wire.asked == ["ListCreateAccountStatus", "ListAccounts", "CreateAccount"]

    def test_one_that_succeeded_long_ago_made_another_account(self, aws: Connection, wire: Wire) -> None:
        wire.says(requests(of("SUCCEEDED", CompletedTimestamp=ago(DAY)), of("FAILED", request="car-8")), SENT)
        assert begin_create_account(aws, STEP, directory(), doubt=True) == OURS
        assert wire.asked == ["ListCreateAccountStatus", "CreateAccount"]

    def test_of_two_for_one_account_the_older_is_the_one_to_watch(self, aws: Connection, wire: Wire) -> None:
        older = of("IN_PROGRESS", request="car-1", RequestedTimestamp=ago(60))
        younger = of("IN_PROGRESS", request="car-2", RequestedTimestamp=ago(30))
        wire.says(requests(younger, older))
        known = list_requests(aws, include_ended=True)
        assert (known.by_name, known.in_progress) == ({"log-archive": "car-1"}, {"car-1", "car-2"})
        assert len(known.sent_at) == 2

    def test_a_lost_answer_is_unsure_and_sent_once(self, aws: Connection, wire: Wire) -> None:
        wire.says(requests(), Answer(200, ""))
        with pytest.raises(OutcomeUnknown):
            begin_create_account(aws, STEP, directory())
        assert wire.asked.count("CreateAccount") == 1

    def test_while_five_others_are_created_there_is_no_room(self, aws: Connection, wire: Wire) -> None:
        wire.says(requests(), refusal("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"))
        assert begin_create_account(aws, STEP, directory()) == Throttled("one of the five account creations to end", 15)

    def test_a_throttle_that_does_not_end_is_no_failure_either(self, aws: Connection, wire: Wire) -> None:
        wire.says(requests(), Answer.error("TooManyRequestsException"))
        assert isinstance(begin_create_account(aws, STEP, directory()), Throttled)

    @pytest.mark.parametrize(("age", "waits"), [(HOUR / 2, True), (2 * HOUR, False), (None, False)], ids=str)
    def test_the_quota_is_waited_for_in_the_first_hour_of_an_organization(
        self, aws: Connection, wire: Wire, age: float | None, waits: bool
    ) -> None:
        since = {} if age is None else {"JoinedTimestamp": ago(age)}
        wire.says(requests(), refusal("ACCOUNT_NUMBER_LIMIT_EXCEEDED"), accounts({"Id": MANAGEMENT, **since}))
        if waits:
            assert isinstance(begin_create_account(aws, STEP, directory()), Throttled)
        else:
            with pytest.raises(Rejected, match="ACCOUNT_NUMBER_LIMIT_EXCEEDED"):
                begin_create_account(aws, STEP, directory())

    def test_any_other_refusal_is_told(self, aws: Connection, wire: Wire) -> None:
        wire.says(requests(), refusal("ACCOUNT_CREATION_NOT_COMPLETE"))
        with pytest.raises(Rejected):
            begin_create_account(aws, STEP, directory())


class TestSettling:
    def test_it_is_done_when_it_succeeded_and_is_listed(self, aws: Connection, wire: Wire) -> None:
        known = directory()
        succeeded = status("SUCCEEDED", AccountId=ID, CompletedTimestamp=ago(5))
        wire.says(status("IN_PROGRESS"), succeeded, accounts(), succeeded, LISTED)
        assert settle_create_account(aws, STEP, known, OURS) == Pending(OURS)
        assert settle_create_account(aws, STEP, known, OURS) == Pending(OURS, in_flight=False)
        assert settle_create_account(aws, STEP, known, OURS) is None
        assert known.account("log-archive") == ID

    def test_one_that_is_never_listed_ends_in_a_failure(self, aws: Connection, wire: Wire) -> None:
        wire.says(status("SUCCEEDED", AccountId=ID, CompletedTimestamp=ago(HOUR)), accounts())
        with pytest.raises(StepFailed, match=f"made account log-archive \\({ID}\\) and does not list it"):
            settle_create_account(aws, STEP, directory(), OURS)

    def test_a_request_of_our_name_for_another_email_is_not_taken_for_ours(self, aws: Connection, wire: Wire) -> None:
        known = directory()
        wire.says(status("SUCCEEDED", AccountId=ID), accounts({"Id": ID, "Email": "typo@acme.example"}))
        with pytest.raises(StepFailed, match=r"made 222222222222 with email typo@acme\.example"):
            settle_create_account(aws, STEP, known, FOUND)
        assert "log-archive" not in known.accounts

    @pytest.mark.parametrize("reason", ["EMAIL_ALREADY_EXISTS", "CONCURRENT_ACCOUNT_MODIFICATION", "INTERNAL_FAILURE"])
    def test_after_these_an_account_that_is_there_is_ours(self, aws: Connection, wire: Wire, reason: str) -> None:
        known = directory()
        wire.says(status("FAILED", FailureReason=reason), LISTED)
        assert settle_create_account(aws, STEP, known, OURS) is None
        assert known.account("log-archive") == ID

    def test_what_another_request_makes_is_waited_for_and_not_sent_again(self, aws: Connection, wire: Wire) -> None:
        failed = status("FAILED", FailureReason="CONCURRENT_ACCOUNT_MODIFICATION")
        wire.says(failed, accounts(), requests(of("FAILED"), of("IN_PROGRESS", request="car-7")))
        assert settle_create_account(aws, STEP, directory(), OURS) == Pending(Request("car-7", sent=False), False)

    @pytest.mark.parametrize(
        ("reason", "soon", "late"),
        [("CONCURRENT_ACCOUNT_MODIFICATION", 200, 400), ("INTERNAL_FAILURE", 20, 40)],
    )
    def test_when_nobody_makes_it_for_some_time_it_may_be_sent_once_more(
        self, aws: Connection, wire: Wire, reason: str, soon: float, late: float
    ) -> None:
        for seconds in (soon, late):
            failed = status("FAILED", FailureReason=reason, CompletedTimestamp=ago(seconds))
            wire.says(failed, accounts(), requests())
            answer = settle_create_account(aws, STEP, directory(), OURS)
            assert answer == Pending(OURS, in_flight=False) if seconds == soon else isinstance(answer, Retry)

    def test_an_email_elsewhere_stops_after_a_minute_of_looking(self, aws: Connection, wire: Wire) -> None:
        wire.says(
            status("FAILED", FailureReason="EMAIL_ALREADY_EXISTS", CompletedTimestamp=ago(30)), accounts(), requests()
        )
        assert settle_create_account(aws, STEP, directory(), OURS) == Pending(OURS, in_flight=False)
        wire.says(
            status("FAILED", FailureReason="EMAIL_ALREADY_EXISTS", CompletedTimestamp=ago(90)), accounts(), requests()
        )
        with pytest.raises(StepFailed) as failed:
            settle_create_account(aws, STEP, directory(), OURS)
        assert "outside this organization" in failed.value.remedy

    @pytest.mark.parametrize("reason", ["EMAIL_ALREADY_EXISTS", "INVALID_EMAIL"])
    def test_what_a_found_request_says_of_its_email_says_nothing_of_ours(
        self, aws: Connection, wire: Wire, reason: str
    ) -> None:
        wire.says(status("FAILED", FailureReason=reason), accounts(), requests())
        assert isinstance(settle_create_account(aws, STEP, directory(), FOUND), Retry)

    @pytest.mark.parametrize(
        "reason", [*sorted(CREATIONS.keys() - {"CONCURRENT_ACCOUNT_MODIFICATION", "INTERNAL_FAILURE"}), "OF_NEXT_YEAR"]
    )
    def test_every_other_failure_is_told_with_what_to_do(self, aws: Connection, wire: Wire, reason: str) -> None:
        wire.says(status("FAILED", FailureReason=reason), accounts(), requests())
        with pytest.raises(StepFailed, match=f"could not create account log-archive: {reason}") as failed:
            settle_create_account(aws, STEP, directory(), OURS)
        assert failed.value.code == reason
        assert failed.value.remedy
