"""The faults that calls have met, from the sandbox's own log, and retries of reads that a fault has ended."""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from orgkit.errors import OrgkitError
from orgkit.sandbox.lifecycle import Sandbox

MAX_READ_ATTEMPTS = 40  # a read changes nothing and takes a fraction of a second: a person would repeat it as often

T = TypeVar("T")


class FaultLog:
    """Counts the faults that the sandbox's calls have met since the last reading; without faults it sends nothing."""

    def __init__(self, sandbox: Sandbox, *, calm: bool) -> None:
        self._sandbox = sandbox
        self.calm = calm
        self._seen = 0
        self._counts: Counter[str] = Counter()

    def has_grown(self) -> bool:
        """Whether a call has met a fault since the last check."""
        if self.calm:
            return False
        calls = self._sandbox.calls()[self._seen :]
        self._seen += len(calls)
        counts = Counter(str(call["fault"]) for call in calls if call["fault"])
        self._counts += counts
        return counts.total() > 0

    def take(self) -> Counter[str]:
        """Return the faults since the last call of this method, by kind."""
        self.has_grown()
        counts, self._counts = self._counts, Counter()
        return counts


def retry_reads(look: Callable[[], T], fault_log: FaultLog, on_again: Callable[[str], None] = lambda _: None) -> T:
    """Return the result of `look`; if it fails and its calls met a fault, call `on_again` with the reason and retry."""
    fault_log.has_grown()
    for _ in range(MAX_READ_ATTEMPTS):
        try:
            return look()
        except OrgkitError as error:
            if not fault_log.has_grown():
                raise
            on_again(error.reason)
    return look()


def describe_counts(counts: Counter[str]) -> str:
    """Return text such as `2 throttling, 1 reset`, the most frequent first."""
    return ", ".join(
        f"{number} {name}" for name, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
