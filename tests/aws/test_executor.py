"""Reads by several threads: the same values and the same error as one after the other, and an end when asked to end."""

import signal
import threading
import time
from contextvars import ContextVar
from pathlib import Path

import pytest

from orgkit.aws.call_log import DEBUG_VARIABLE, log_reading
from orgkit.aws.executor import THREADS, THREADS_VARIABLE, Executor, SerialExecutor, ThreadedExecutor, new_executor
from orgkit.aws.rate_limit import RATES, RateLimit
from orgkit.aws.session import Connection
from tests.aws.conftest import Answer, CountingClock, Wire

EXECUTORS = [SerialExecutor(), ThreadedExecutor(2), ThreadedExecutor(16)]


@pytest.mark.parametrize("executor", EXECUTORS, ids=lambda executor: str(executor.threads))
def test_values_come_in_the_order_of_the_items_whichever_is_read_first(executor: Executor) -> None:
    def read(number: int) -> int:
        time.sleep(0.002 * (number % 3 == 0))
        return number * number

    assert executor.map(read, range(50)) == [number * number for number in range(50)]
    assert executor.map(read, []) == []


@pytest.mark.parametrize("executor", EXECUTORS, ids=lambda executor: str(executor.threads))
def test_the_error_is_that_of_the_first_item_even_when_a_later_one_fails_sooner(executor: Executor) -> None:
    def read(number: int) -> int:
        if number in (3, 4, 9):
            time.sleep(0.02 if number == 3 else 0)
            raise ValueError(f"item {number}")
        return number

    with pytest.raises(ValueError, match="item 3"):
        executor.map(read, range(40))


def test_nothing_is_begun_after_an_error() -> None:
    begun = []

    def read(number: int) -> None:
        begun.append(number)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ThreadedExecutor(4).map(read, range(1000))
    assert len(begun) < 100


class CountedReads:
    """How many reads are under way at the same time: each waits until so many are, as long as that may take."""

    def __init__(self, expected: int) -> None:
        self.under_way = self.peak = 0
        self._expected = expected
        self._changed = threading.Condition()

    def read(self, _: int) -> None:
        with self._changed:
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.peak >= self._expected, timeout=20)
        time.sleep(0.001)  # one more thread would begin a read meanwhile
        with self._changed:
            self.under_way -= 1


def test_so_many_reads_are_under_way_at_once_and_no_more() -> None:
    reads = CountedReads(5)
    ThreadedExecutor(5).map(reads.read, range(30))
    assert reads.peak == 5


@pytest.mark.parametrize("executor", EXECUTORS, ids=lambda executor: str(executor.threads))
def test_a_read_may_read_several_things_itself_and_an_error_within_it_is_its_own(executor: Executor) -> None:
    def read_all(number: int) -> list[int]:
        return executor.map(lambda each: read(number, each), range(7))

    def read(number: int, each: int) -> int:
        time.sleep(0.001)
        if number == 5 and each > 3:
            raise ValueError(f"item {number}.{each}")
        return 10 * number + each

    assert executor.map(read_all, range(5)) == [[10 * number + each for each in range(7)] for number in range(5)]
    with pytest.raises(ValueError, match=r"item 5\.4"):
        executor.map(read_all, range(20))


def test_lists_within_lists_share_the_threads() -> None:
    executor, reads = ThreadedExecutor(4), CountedReads(4)
    executor.map(lambda _: executor.map(reads.read, range(6)), range(6))
    assert reads.peak == 4


def test_the_threads_end_when_nothing_is_left_to_read() -> None:
    executor = ThreadedExecutor(6)
    assert executor.map(lambda number: number, range(20)) == list(range(20))
    until = time.monotonic() + 10
    while "orgkit-read" in [thread.name for thread in threading.enumerate()] and time.monotonic() < until:
        time.sleep(0.01)
    assert "orgkit-read" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("executor", EXECUTORS, ids=lambda executor: str(executor.threads))
def test_what_is_done_is_reported_from_the_thread_that_waits(executor: Executor) -> None:
    reports: list[tuple[int, int, bool]] = []

    def report(done: int, count: int) -> None:
        reports.append((done, count, threading.current_thread() is threading.main_thread()))

    executor.map(lambda _: time.sleep(0.02), range(20), report)
    assert reports
    assert {(count, is_main) for _, count, is_main in reports} == {(20, True)}
    assert [done for done, _, _ in reports] == sorted(done for done, _, _ in reports)


@pytest.mark.parametrize("executor", EXECUTORS, ids=lambda executor: str(executor.threads))
def test_a_thread_reads_in_the_context_of_its_caller(executor: Executor) -> None:
    subject: ContextVar[str] = ContextVar("subject", default="nothing")
    token = subject.set("members")
    assert set(executor.map(lambda _: subject.get(), range(20))) == {"members"}
    subject.reset(token)


@pytest.mark.parametrize(
    ("text", "threads"),
    [("", THREADS), ("1", 1), ("4", 4), ("0", THREADS), ("99", THREADS), ("-1", THREADS), ("x", THREADS)],
)
def test_the_environment_says_how_many_threads_read(text: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, text)
    assert new_executor().threads == threads


def test_ctrl_c_ends_at_once_though_an_answer_is_awaited() -> None:
    answer, begun = threading.Event(), []

    def read(number: int) -> None:
        begun.append(number)
        answer.wait(15)

    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores the signal
    try:
        timer.start()
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            ThreadedExecutor(4).map(read, range(12))
        assert time.monotonic() - started < 10
    finally:
        signal.signal(signal.SIGINT, handler)
    answer.set()
    time.sleep(0.2)
    assert sorted(begun) == [0, 1, 2, 3], "nothing is begun after Ctrl-C"


def test_a_burst_goes_out_at_once_and_then_requests_keep_the_rate() -> None:
    now = [0.0]
    limit, operation = RateLimit(lambda: now[0]), "organizations:DescribeOrganization"
    assert RATES[operation].burst == 2
    assert [limit.reserve(operation, "1") for _ in range(4)] == [0, 0, 1, 2]
    assert limit.reserve(operation, "2") == 0, "another account has a bucket of its own"
    now[0] = 3.0
    assert limit.reserve(operation, "1") == 0
    assert limit.reserve("iam:GetRole", "1") == 0, "AWS publishes no rate that orgkit knows"


def test_each_page_takes_a_token_when_threads_read(aws: Connection, wire: Wire, clock: CountingClock) -> None:
    rate = RATES["organizations:ListAccounts"]
    pages = [Answer.json(Accounts=[], NextToken=f"page {number}") for number in range(rate.burst)]
    for executor in (SerialExecutor(), ThreadedExecutor()):
        wire.says(*pages, Answer.json(Accounts=[]))
        aws.executor, aws._rate_limit = executor, RateLimit(lambda: 0.0)
        assert list(aws.pages("organizations", "ListAccounts", "Accounts")) == []
        assert bool(clock.slept) is (executor.threads > 1), "one more page than go out at once"
    assert clock.slept == [1 / rate.per_second]


def test_calls_are_counted_for_the_reading_that_makes_them_whichever_thread_does(
    aws: Connection, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "calls"
    monkeypatch.setenv(DEBUG_VARIABLE, str(file))
    wire.says(Answer.json(Organization={}))
    aws.executor, aws._rate_limit = ThreadedExecutor(4), RateLimit(lambda: 0.0)

    def describe(_: object) -> None:
        aws.read("organizations", "DescribeOrganization")

    def read_phase(_: object) -> None:
        with log_reading("05-trail", 4):
            aws.executor.map(describe, range(3))

    with log_reading("members", 4):
        aws.executor.map(lambda read: read(None), [read_phase, *[describe] * 5])
    aws.read("organizations", "DescribeOrganization")  # outside of a reading
    lines = file.read_text().splitlines()
    assert len([line for line in lines if "operation=DescribeOrganization" in line]) == 9
    readings = [line.partition(" seconds=")[0] for line in lines if line.startswith("aws read=")]
    assert readings == ["aws read=05-trail calls=3 throttled=0", "aws read=members calls=5 throttled=0"]


def test_what_is_begun_ahead_is_read_once_and_only_what_is_asked_for_is_returned() -> None:
    reads: list[int] = []
    executor = ThreadedExecutor(4)
    with executor.early_reads(lambda item: reads.append(item) or -item) as early_reads:
        for item in (*range(50), *range(50)):
            early_reads.begin(item)
        assert early_reads.take([3, 2, 99]) == {3: -3, 2: -2}
    assert sorted(reads) == list(range(50))
    with SerialExecutor().early_reads(reads.append) as early_reads:
        early_reads.begin(7)
        assert early_reads.take([7]) == {}


def test_an_error_ahead_counts_only_for_what_is_asked_for_and_what_was_not_begun_is_left_out() -> None:
    def read(item: int) -> int:
        if item < 2:
            raise ValueError(item)
        return item

    with ThreadedExecutor(2).early_reads(read) as early_reads:
        early_reads.begin(0)
        early_reads.take([])
        early_reads.begin(5)
        assert early_reads.take([5]) == {}
        with pytest.raises(ValueError, match="0"):
            early_reads.take([5, 0])


def test_the_error_of_early_reads_is_that_of_the_first_item_though_it_was_not_read_early() -> None:
    def read(item: str) -> str:
        if item in ("first", "last"):
            raise ValueError(item)
        return item

    with ThreadedExecutor(1).early_reads(read) as early_reads:
        early_reads.begin("last")
        early_reads.take([])
        early_reads.begin("first")  # not any more, after an error
        with pytest.raises(ValueError, match="last"):
            early_reads.take(["good", "last", "first"])
        with pytest.raises(ValueError, match="first"):
            early_reads.take(["good", "first", "last"])


def test_after_an_error_nothing_is_read_ahead_any_more_and_the_threads_end() -> None:
    executor, begun, go_on = ThreadedExecutor(2), threading.Event(), threading.Event()
    ended: list[int] = []

    def read(item: int) -> None:
        begun.set()
        go_on.wait(20)
        ended.append(item)

    def fail() -> None:
        with executor.early_reads(read) as early_reads:
            for item in range(9):
                early_reads.begin(item)
            begun.wait(20)
            threading.Timer(0.05, go_on.set).start()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert 1 <= len(ended) <= 2
    deadline = time.monotonic() + 20
    while executor._workers and time.monotonic() < deadline:
        time.sleep(0.001)
    assert (executor._workers, len(ended) <= 2) == (0, True)
