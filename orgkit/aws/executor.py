"""How reads that do not depend on each other are carried out: one after the other, or by several threads at once.

Both return the same values in the same order, and raise the same error: that of the first item which has one.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from typing import Any, Protocol, TypeVar

THREADS = 24  # at 80 ms a call they enter 150 accounts a second; AWS allows 600 a second
THREADS_VARIABLE = "ORGKIT_THREADS"  # how many of them read; 1: one read after the other
REPORT_SECONDS = 0.1

T = TypeVar("T")
R = TypeVar("R")
Report = Callable[[int, int], None]  # how many items are done, of how many


def report_nothing(_done: int, _count: int) -> None:
    """Nobody watches."""


class EarlyReads(Protocol[T, R]):
    """Reads that may begin before it is known whether they are needed."""

    def begin(self, item: T) -> None:
        """Let this item be read as soon as a thread is free, unless it was begun before."""

    def take(self, items: Sequence[T], report: Report = report_nothing, /) -> dict[T, R]:
        """Return what was read of these items, without those that were never begun.

        Raises:
            Exception: That of the first of these items whose read raised one.
        """


class Executor(Protocol):
    """Carries out one read for each item."""

    threads: int

    def map(self, read: Callable[[T], R], items: Sequence[T], report: Report = report_nothing) -> list[R]:
        """Return what `read` returns for each item, in their order.

        Args:
            read: Reads one item; it may call `map` of the same executor.
            items: What is read.
            report: Called from the thread of the caller, again and again until all are read.

        Raises:
            Exception: That of the first item, by their order, whose read raised one.
        """

    def early_reads(self, read: Callable[[T], R], /) -> AbstractContextManager[EarlyReads[T, R]]:
        """Return a context in which items are read as they become known, next to whatever else is read."""


class SerialExecutor:
    """One read after the other; after an error, none."""

    threads = 1

    def map(self, read: Callable[[T], R], items: Sequence[T], report: Report = report_nothing) -> list[R]:
        """Return what `read` returns for each item, in their order."""
        results = []
        for number, item in enumerate(items):
            report(number, len(items))
            results.append(read(item))
        return results

    @contextmanager
    def early_reads(self, _read: Callable[[T], R], /) -> Iterator[EarlyReads[T, R]]:
        """Begin nothing: everything is read in its turn."""
        yield _NoEarlyReads()


class _NoEarlyReads:
    def begin(self, item: Any) -> None:
        """Leave the item to its turn."""

    def take(self, _items: Sequence[T], _report: Report = report_nothing, /) -> dict[T, Any]:
        """Return nothing."""
        return {}


class ThreadedExecutor:
    """Reads by several threads at once, however many lists of items are under way.

    The threads end when nothing is left to read. After Ctrl-C nobody waits for them: they end with the process, and
    what they read is thrown away.

    Args:
        threads: How many there are at most.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self.threads = threads
        self._changed = threading.Condition()
        self._rounds: list[_Round] = []
        self._workers = 0
        self._local = threading.local()  # the round that a thread works for

    def map(self, read: Callable[[T], R], items: Sequence[T], report: Report = report_nothing) -> list[R]:
        """Return what `read` returns for each item, in their order."""
        if min(self.threads, len(items)) < 2:
            return SerialExecutor().map(read, items, report)
        outer: _Round | None = getattr(self._local, "round", None)
        current = _Round(read, items, self._changed, outer)
        self._begin(current)
        try:
            while outer is not None and self._work_for(current):
                pass  # a thread that reads goes on reading; it waits for what the others have begun alone
            current.wait(report)
        finally:
            self._end(current)
        return current.results()

    @contextmanager
    def early_reads(self, read: Callable[[T], R], /) -> Iterator[EarlyReads[T, R]]:
        """Begin each item as soon as a thread has nothing else to read."""
        current = _Round(read, [], self._changed, None)
        self._begin(current)
        try:
            yield _StartedReads(self, current)
        except Exception:
            self._end(current)
            current.wait(report_nothing)  # what is read again after the error is read once at a time
            raise
        finally:
            self._end(current)

    def add(self, current: "_Round", item: Any) -> None:
        """Add an item to a round under way."""
        with self._changed:
            current.items.append(item)
            self._start_workers(1)
            self._changed.notify_all()

    def _begin(self, current: "_Round") -> None:
        with self._changed:
            self._rounds.append(current)
            self._changed.notify_all()
            self._start_workers(current.count)

    def _start_workers(self, count: int) -> None:
        for _ in range(min(self.threads - self._workers, count)):
            self._workers += 1
            threading.Thread(target=self._work, name="orgkit-read", daemon=True).start()

    def _end(self, current: "_Round") -> None:
        """After an error or Ctrl-C, nothing more is begun."""
        with self._changed:
            current.ended = True
            if current in self._rounds:
                self._rounds.remove(current)
            self._changed.notify_all()

    def _work(self) -> None:
        while (current := self._next_round()) is not None:
            self._work_for(current)

    def _next_round(self) -> "_Round | None":
        """Return a round with something to begin, the newest first: another waits for it. None: nothing is read."""
        with self._changed:
            while self._rounds:
                for current in reversed(self._rounds):
                    if current.has_more():
                        return current
                self._changed.wait()
            self._workers -= 1
            return None

    def _work_for(self, current: "_Round") -> bool:
        outer = getattr(self._local, "round", None)
        self._local.round = current
        try:
            return current.read_next()
        finally:
            self._local.round = outer


class _Round:
    """One list of items under way. Items are begun in their order: what comes before one that failed is finished."""

    def __init__(
        self, read: Callable[[Any], Any], items: Sequence[Any], changed: threading.Condition, outer: "_Round | None"
    ) -> None:
        self.items = list(items)
        self.ended = False
        self._read, self._changed, self._outer = read, changed, outer
        self._context = copy_context()  # of the caller: what is counted for it, whichever thread reads
        self._next = self._under_way = 0
        self._results: dict[int, Any] = {}
        self._errors: dict[int, BaseException] = {}

    @property
    def count(self) -> int:
        """How many items there are so far."""
        return len(self.items)

    def has_more(self) -> bool:
        """Whether an item is left that may be begun."""
        return self._next < self.count and not self._errors and not self._is_ended

    @property
    def _is_ended(self) -> bool:
        return self.ended or (self._outer is not None and self._outer._is_ended)

    def read_next(self) -> bool:
        """Read the next item; False when none is left to be begun."""
        with self._changed:
            if not self.has_more():
                return False
            number = self._next
            self._next += 1
            self._under_way += 1
        try:
            self._results[number] = self._context.copy().run(self._read, self.items[number])
        except BaseException as error:  # raised again by `results`, where it belongs
            self._errors[number] = error
        with self._changed:
            self._under_way -= 1
            if not self._under_way and not self.has_more():
                self._changed.notify_all()
        return True

    def wait(self, report: Report) -> None:
        """Return when every item that was begun is read."""
        while True:
            with self._changed:
                if not self._under_way and not self.has_more():
                    return
                self._changed.wait(REPORT_SECONDS)  # a signal that another thread took is seen between two waits only
            report(len(self._results), self.count)

    def results(self) -> list[Any]:
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._results[number] for number in range(self.count)]

    def results_of(self, items: Sequence[Any]) -> dict[Any, Any]:
        """Return what was read of these items; the error of the first of them that has one is raised.

        After an error nothing more was begun: items before it may not have been read, and their error comes first.
        """
        numbers = {item: number for number, item in enumerate(self.items)}
        error = next((self._errors[numbers[item]] for item in items if numbers.get(item) in self._errors), None)
        if error is None:
            known = ((item, numbers[item]) for item in items if item in numbers)
            return {item: self._results[number] for item, number in known if number in self._results}
        for item in items:
            number = numbers.get(item)
            if number in self._errors:
                break
            if number not in self._results:
                self._read(item)
        raise error


class _StartedReads:
    """The reads that were started early; when one has an error, no other is begun."""

    def __init__(self, executor: ThreadedExecutor, current: _Round) -> None:
        self._executor, self._current = executor, current
        self._items: set[Any] = set()

    def begin(self, item: Any) -> None:
        """Let this item be read as soon as a thread is free, unless it was begun before."""
        if item not in self._items:
            self._items.add(item)
            self._executor.add(self._current, item)

    def take(self, items: Sequence[Any], report: Report = report_nothing, /) -> dict[Any, Any]:
        """Return what was read of these items, when all that were begun are read."""
        self._current.wait(report)
        return self._current.results_of(items)


def new_executor() -> Executor:
    """Return the executor of a command or a runbook: with 24 threads, or as many as the environment says."""
    text = os.environ.get(THREADS_VARIABLE, "")
    threads = int(text) if text.isdecimal() and text.isascii() and 0 < int(text) <= THREADS else THREADS
    return ThreadedExecutor(threads) if threads > 1 else SerialExecutor()
