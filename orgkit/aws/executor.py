"""How reads that do not depend on each other are carried out: one after the other, or by several threads at once.

Both return the same values in the same order, and raise the same error: that of the first item which has one.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

THREADS = 16

T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    """Carries out one read for each item."""

    threads: int

    def map(self, read: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Return what `read` returns for each item, in their order.

        Raises:
            Exception: That of the first item, by their order, whose read raised one.
        """


class SerialExecutor:
    """One read after the other; after an error, none."""

    threads = 1

    def map(self, read: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Return what `read` returns for each item, in their order."""
        return [read(item) for item in items]


class ThreadedExecutor:
    """Reads by several threads at once.

    The threads end with the process, so that Ctrl-C does not wait for an answer: they only read, and what they read
    is thrown away then.

    Args:
        threads: How many there are at most.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self.threads = threads

    def map(self, read: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Return what `read` returns for each item, in their order."""
        if min(self.threads, len(items)) < 2:
            return SerialExecutor().map(read, items)
        return _Round(read, items).run(min(self.threads, len(items)))


class _Round:
    """One list of items under way. Items are begun in their order: what comes before one that failed is finished."""

    def __init__(self, read: Callable[[T], R], items: Sequence[T]) -> None:
        self._read, self._items = read, items
        self._lock, self._next = threading.Lock(), 0
        self._results: dict[int, object] = {}
        self._errors: dict[int, BaseException] = {}

    def run(self, threads: int) -> list[R]:
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        try:
            for worker in workers:
                worker.start()
            for worker in workers:
                while worker.is_alive():
                    worker.join(0.1)  # a signal that another thread took is seen between two waits only
        finally:
            with self._lock:
                self._next = len(self._items)  # after Ctrl-C nothing more is begun
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._results[number] for number in range(len(self._items))]  # type: ignore[misc]

    def _work(self) -> None:
        while (number := self._take()) is not None:
            try:
                self._results[number] = self._read(self._items[number])
            except BaseException as error:  # raised again by `run`, where it belongs
                self._errors[number] = error

    def _take(self) -> int | None:
        with self._lock:
            if self._errors or self._next >= len(self._items):
                return None
            self._next += 1
            return self._next - 1
