"""Reads by several threads: the same values and the same error as one after the other, and an end when asked to end."""

import signal
import threading
import time

import pytest

from orgkit.aws.executor import Executor, SerialExecutor, ThreadedExecutor
from orgkit.aws.rate_limit import RATES, RateLimit

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


def test_so_many_reads_are_under_way_at_once_and_no_more() -> None:
    lock, under_way, peak = threading.Lock(), 0, 0

    def read(_: int) -> None:
        nonlocal under_way, peak
        with lock:
            under_way += 1
            peak = max(peak, under_way)
        time.sleep(0.01)
        with lock:
            under_way -= 1

    ThreadedExecutor(5).map(read, range(30))
    assert peak == 5


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
    assert limit.reserve("organizations:ListAccounts", "1") == 0, "AWS publishes no rate that orgkit knows"
