"""The event loop of steps that AWS works on at once, against an AWS whose requests take a given time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orgkit.aws.asynchronous import Asynchronous, Pending, Request, Requests, Retry, Throttled
from orgkit.aws.capacity import TokenBucket
from orgkit.aws.rejections import Rejected
from orgkit.aws.shared_reads import SharedReads
from orgkit.engine.apply import apply
from orgkit.engine.request_view import expected_seconds
from orgkit.errors import StepFailed
from orgkit.journal.events import Journal
from orgkit.model.matching import IdIndex
from orgkit.model.outcome import Outcome, StepStatus
from orgkit.model.plan import Plan, Step
from orgkit.phases.accounts.creation_aws import CREATE_ACCOUNT
from orgkit.phases.accounts.steps import CreateAccount
from tests.aws.conftest import CountingClock
from tests.engine.handlers import replace_handlers
from tests.engine.test_apply import LOST, NO, TARGET, account
from tests.plans.loader import desired_of, observed_of

ENDED = Rejected("organizations:ListCreateAccountStatus", "ExpiredTokenException", "", "expired", "r-2")
SILENT = Rejected("organizations:ListCreateAccountStatus", "NoAnswer", "", "ReadTimeout", "")


@dataclass
class Slow:
    """Stands for the connection and for AWS behind it: what ends when, and what was begun and settled when."""

    seconds: dict[str, float]
    clock: CountingClock = field(default_factory=CountingClock)
    journal: Journal = field(default_factory=Journal)
    shared_reads: SharedReads = field(default_factory=SharedReads)
    ends: dict[str, datetime] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    did: list[tuple[str, float]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    begins: dict[str, list[Any]] = field(default_factory=dict)  # what happens instead, once each
    settles: dict[str, list[Any]] = field(default_factory=dict)
    looks: list[Exception] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    looked: int = 0

    def __post_init__(self) -> None:
        self.start = self.clock.now()

    def progress(self, what: str, so_far: float, at_most: float) -> None:
        self.told.append(what)

    def note(self, what: str) -> None:
        self.did.append((what, round((self.clock.now() - self.start).total_seconds())))

    def send(self, name: str) -> None:
        self.names[f"car-{name}"] = name
        self.ends[f"car-{name}"] = self.clock.now() + timedelta(seconds=self.seconds.get(name, 30))

    def begin(self, step: CreateAccount, doubt: bool) -> Request | Throttled:
        self.note(f"begin {step.key}")
        self.doubts += [step.key] if doubt else []
        for instead in self.begins.get(step.key, [])[:1]:
            self.begins[step.key].pop(0)
            if isinstance(instead, BaseException):
                raise instead
            return instead  # type: ignore[no-any-return]
        self.send(step.key)
        return Request(f"car-{step.key}")

    def look(self) -> Requests:
        self.looked += 1
        if self.looks:
            raise self.looks.pop(0)
        working = {name: request for request, name in self.names.items() if self.ends[request] > self.clock.now()}
        return Requests(working, frozenset(working.values()))

    def settle(self, step: CreateAccount, request: Request) -> Pending | Retry | None:
        if self.ends[request.id] > self.clock.now():
            return Pending(request)
        self.note(f"settle {step.key}")
        for instead in self.settles.get(step.key, [])[:1]:
            self.settles[step.key].pop(0)
            if isinstance(instead, BaseException):
                raise instead
            return instead  # type: ignore[no-any-return]
        return None

    def of(self, word: str) -> list[str]:
        return [what.removeprefix(f"{word} ") for what, _ in self.did if what.startswith(word)]


Run = Callable[..., tuple[Outcome, ...]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    way = Asynchronous(
        begin=lambda aws, step, id_index, *, doubt: aws.begin(step, doubt),
        list_requests=lambda aws, *, include_ended=False: aws.look(),
        settle=lambda aws, step, id_index, request: aws.settle(step, request),
        name=lambda step: step.name,
        in_flight=5,
        burst=3,
        seconds_per_token=10.0,
    )
    replace_handlers(monkeypatch, CreateAccount=way)

    def applied(aws: Slow, keys: str, left: str = "", seconds: float | None = None) -> tuple[Outcome, ...]:
        plan = Plan("accounts", TARGET, tuple(account(key) for key in keys))
        id_index = IdIndex(observed_of({"organization": {}}), desired_of())
        steps: tuple[Step, ...] = tuple(account(key) for key in left)
        look = lambda: (Plan("accounts", TARGET, steps), id_index)  # noqa: E731
        ends = None if seconds is None else aws.clock.now() + timedelta(seconds=seconds)
        return apply(aws, plan, id_index, look, expires_at=ends).items  # type: ignore[arg-type]

    return applied


def results(outcomes: tuple[Outcome, ...]) -> list[StepStatus]:
    return [outcome.status for outcome in outcomes]


def test_what_ends_first_is_settled_first_and_gives_its_slot_to_the_next(run: Run) -> None:
    aws = Slow({"a": 300, "b": 20, "c": 300, "d": 300, "e": 300, "f": 300})
    assert set(results(run(aws, "abcdef"))) == {StepStatus.DONE}
    assert aws.of("settle")[0] == "b"
    begun = {what.split()[1]: when for what, when in aws.did if what.startswith("begin")}
    assert begun == {"a": 0, "b": 0, "c": 0, "d": 10, "e": 20, "f": 30}


def test_tokens_gather_while_the_slots_are_full(run: Run) -> None:
    aws = Slow(dict.fromkeys("abcde", 100) | {"d": 90, "e": 80})
    run(aws, "abcdefgh")
    begun = [when for what, when in aws.did if what.startswith("begin")]
    assert begun[:5] == [0, 0, 0, 10, 20]
    assert max(begun[5:]) <= 104, "three of them at once, as soon as there is room"


def test_what_is_under_way_when_it_starts_is_watched_and_not_begun(run: Run) -> None:
    aws = Slow({"c": 50})
    aws.send("c")
    assert results(run(aws, "abc")) == [StepStatus.DONE] * 3
    assert aws.of("begin") == ["a", "b"]


def test_the_requests_of_others_take_slots(run: Run) -> None:
    aws = Slow(dict.fromkeys(["w", "x", "y", "z", "v"], 100))
    for name in "wxyzv":
        aws.send(name)
    assert results(run(aws, "a")) == [StepStatus.DONE]
    assert aws.did[0][1] >= 100
    assert "5 of 5 at once (none of them ours), 1 more to begin" in aws.told[0]


def test_no_room_is_waited_for_and_the_others_keep_their_order(run: Run) -> None:
    aws = Slow({}, begins={"a": [Throttled("room", 15.0), Throttled("room", 15.0)]})
    assert results(run(aws, "ab")) == [StepStatus.DONE] * 2
    assert aws.of("begin") == ["a", "a", "a", "b"]
    assert aws.doubts == []


def test_room_that_never_comes_fails_what_is_left_after_its_budget(run: Run) -> None:
    aws = Slow({}, begins={"a": [Throttled("the others to end", 60.0)] * 1000})
    outcomes = run(aws, "ab")
    assert results(outcomes) == [StepStatus.FAILED, StepStatus.FAILED]
    assert "it waited for the others to end" in outcomes[0].reason
    assert 4500 <= (aws.clock.now() - aws.start).total_seconds() < 4700


def test_one_that_does_not_end_fails_after_its_own_budget_and_no_other_with_it(run: Run) -> None:
    aws = Slow({"a": 10**6})
    outcomes = run(aws, "abc")
    assert results(outcomes) == [StepStatus.FAILED, StepStatus.DONE, StepStatus.DONE]
    assert "not finished it after 180" in outcomes[0].reason
    assert (aws.clock.now() - aws.start).total_seconds() < 1820


def test_one_that_has_ended_and_is_not_to_be_seen_yet_gives_its_slot_away(run: Run) -> None:
    later = [Pending(Request("car-a"), in_flight=False)] * 20
    aws = Slow(dict.fromkeys("abcde", 60), settles={"a": list(later)})
    assert set(results(run(aws, "abcdef"))) == {StepStatus.DONE}
    begun = {what.split()[1]: when for what, when in aws.did if what.startswith("begin")}
    assert begun["f"] <= 64
    looks = [when for what, when in aws.did if what == "settle a"]
    assert looks[-1] - looks[0] >= 200, "nothing waits for it, so it is polled less often"


def test_another_request_that_makes_it_is_followed(run: Run) -> None:
    aws = Slow({"a": 10, "other": 100}, settles={"a": [Pending(Request("car-other", sent=False))]})
    aws.send("other")
    assert results(run(aws, "a")) == [StepStatus.DONE]
    assert aws.of("begin") == ["a"]
    assert aws.did[-1][1] >= 100


def test_what_failed_and_may_pass_is_begun_once_more_in_doubt_and_then_told(run: Run) -> None:
    failure = StepFailed("it failed", "do", code="INTERNAL_FAILURE")
    aws = Slow({}, settles={"a": [Retry(failure)], "b": [Retry(failure), Retry(failure)]})
    outcomes = run(aws, "abc")
    assert results(outcomes) == [StepStatus.DONE, StepStatus.FAILED, StepStatus.DONE]
    assert outcomes[1].code == "INTERNAL_FAILURE"
    assert sorted(aws.of("begin")) == ["a", "a", "b", "b", "c"]
    assert sorted(aws.doubts) == ["a", "b"]


def test_a_lost_answer_is_looked_for_before_it_is_sent_again(run: Run) -> None:
    aws = Slow({}, begins={"a": [LOST]})
    assert results(run(aws, "a", left="a")) == [StepStatus.DONE]
    assert (aws.of("begin"), aws.doubts) == (["a", "a"], ["a"])


def test_one_whose_answer_was_lost_and_that_is_there_is_found_and_not_settled(run: Run) -> None:
    aws = Slow({}, begins={"a": [LOST]})
    assert results(run(aws, "ab")) == [StepStatus.ALREADY_APPLIED, StepStatus.DONE]
    assert aws.of("settle") == ["b"]


def test_to_be_throttled_when_asking_how_it_went_fails_nothing(run: Run) -> None:
    throttled = Rejected("organizations:DescribeCreateAccountStatus", "TooManyRequestsException", "", "slow", "")
    aws = Slow({}, settles={"a": [throttled] * 5})
    assert results(run(aws, "ab")) == [StepStatus.DONE] * 2


def test_looks_that_fail_are_borne_for_a_while(run: Run) -> None:
    aws = Slow({}, looks=[SILENT, SILENT, SILENT])  # the first is the one before anything is begun
    assert results(run(aws, "ab")) == [StepStatus.DONE] * 2
    aws = Slow({}, looks=[SILENT] * 4)
    outcomes = run(aws, "ab")
    assert results(outcomes) == [StepStatus.FAILED] * 2
    assert aws.of("begin") == ["a", "b"], "the next run finds them under way"


def test_credentials_that_end_meanwhile_fail_what_is_under_way_and_leave_the_rest(run: Run) -> None:
    aws = Slow(dict.fromkeys("abcdefg", 300))
    aws.looks = []
    look, aws_look = aws.look, [0]

    def expiring() -> Requests:
        aws_look[0] += 1
        if aws_look[0] > 3:
            raise ENDED
        return look()

    aws.look = expiring  # type: ignore[method-assign]
    outcomes = run(aws, "abcdefg")
    under_way = [outcome for outcome in outcomes if outcome.code == "ExpiredTokenException"]
    assert len(under_way) == len(aws.of("begin"))
    assert results(outcomes)[len(under_way) :] == [StepStatus.SKIPPED] * (7 - len(under_way))


def test_a_failed_one_stops_no_other(run: Run) -> None:
    aws = Slow({}, begins={"a": [NO]}, settles={"c": [StepFailed("no", "do")]})
    assert results(run(aws, "abcd")) == [StepStatus.FAILED, StepStatus.DONE, StepStatus.FAILED, StepStatus.DONE]


def test_ctrl_c_goes_through_at_once_wherever_it_comes(run: Run) -> None:
    for aws in (
        Slow({}, begins={"b": [KeyboardInterrupt()]}),
        Slow({}, settles={"a": [KeyboardInterrupt()]}),
        Slow({}, looks=[SILENT, KeyboardInterrupt()]),  # type: ignore[list-item]
    ):
        with pytest.raises(KeyboardInterrupt):
            run(aws, "ab")
        assert not [event for event in aws.journal.events if event["event"] == "step"]


def test_each_step_has_one_end_in_the_journal_and_a_throttled_call_empties_the_bucket(run: Run) -> None:
    aws = Slow({})
    begin = aws.begin

    def throttled(step: CreateAccount, doubt: bool) -> Request | Throttled:
        if step.key == "a":
            aws.journal.write("answer", step=step.sentence, result="refused", code="TooManyRequestsException")
        return begin(step, doubt)

    aws.begin = throttled  # type: ignore[method-assign]
    run(aws, "abc")
    assert [when for what, when in aws.did if what.startswith("begin")] == [0, 10, 20]
    assert len([event for event in aws.journal.events if event["event"] == "step"]) == 3


def test_the_picture_of_the_bucket_begins_with_what_was_sent_before() -> None:
    now = datetime(2026, 11, 23, 12)
    sent = [now - timedelta(seconds=seconds) for seconds in (2000, 6, 5, 4)]
    bucket = TokenBucket(3, 10.0, now, sent)
    assert bucket.seconds_to_next(now) == pytest.approx(4, abs=0.5)
    assert TokenBucket(3, 10.0, now, sent[:2]).seconds_to_next(now) == 0
    bucket.empty(now)
    assert bucket.seconds_to_next(now - timedelta(hours=1)) == 10, "the time of day was set back"
    assert bucket.seconds_to_next(now - timedelta(hours=1) + timedelta(seconds=4)) == 6


def test_what_is_under_way_when_the_approval_ends_is_settled_and_nothing_else_is_begun(run: Run) -> None:
    aws = Slow(dict.fromkeys("abcdefgh", 300))
    outcomes = run(aws, "abcdefgh", seconds=60)
    assert aws.of("begin") == list("abcde")
    assert sorted(aws.of("settle")) == list("abcde")
    assert results(outcomes) == [StepStatus.DONE] * 5 + [StepStatus.SKIPPED] * 3


def test_what_failed_and_would_be_begun_again_is_left_when_the_approval_has_ended(run: Run) -> None:
    aws = Slow({"a": 100})
    aws.settles["a"] = [Retry(StepFailed("INTERNAL_FAILURE", "again"))]
    assert results(run(aws, "a", seconds=60)) == [StepStatus.SKIPPED]
    assert aws.of("begin") == ["a"]


@pytest.mark.parametrize(
    ("elapsed", "waiting", "expected"),
    [
        ((0.0, 20.0), 0, 60.0),  # the one that began last
        ((58.0, 90.0), 0, 4.0),  # what takes longer than usual is looked at again soon
        ((0.0,) * 5, 3, 96.0),  # a slot becomes free each 12 seconds
        ((), 0, 0.0),
    ],
)
def test_the_time_that_is_left_follows_from_what_aws_usually_takes(
    elapsed: tuple[float, ...], waiting: int, expected: float
) -> None:
    operation = replace(CREATE_ACCOUNT, typical=60.0)
    assert expected_seconds(operation, elapsed, waiting) == expected
    assert expected_seconds(replace(operation, typical=0.0), elapsed, waiting) == 0.0


def test_accounts_are_created_one_each_ten_seconds_at_most_however_many_slots_there_are() -> None:
    assert expected_seconds(replace(CREATE_ACCOUNT, in_flight=50), (), 6) == 60.0 + CREATE_ACCOUNT.typical
