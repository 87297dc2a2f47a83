"""Reads that several steps need at the same moment: while they are shared, each is made once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class SharedReads:
    """What reads answered last, by their names; outside `shared` every read is made."""

    def __init__(self) -> None:
        self._latest: dict[str, Any] = {}
        self._current: set[str] | None = None  # the names of those that are shared now; None outside

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Within it a read is made once, and nothing counts that was read before it began."""
        self._current = set()
        try:
            yield
        finally:
            self._current = None

    def read(self, name: str, read: Callable[[], T]) -> T:
        """Return what `read` answers, or has answered since the reads are shared."""
        if self._current is None or name not in self._current:
            self._latest[name] = read()
            if self._current is not None:
                self._current.add(name)
        answer: T = self._latest[name]
        return answer

    def latest(self, name: str) -> Any:
        """Return the last answer, however old: for what never changes. None when there is none."""
        return self._latest.get(name)
