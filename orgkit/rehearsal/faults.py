"""The faults that calls have met, from the sandbox's own log, and looking again when one of them ended a look."""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from orgkit.errors import OrgkitError
from orgkit.sandbox.lifecycle import Sandbox

MAX_READ_ATTEMPTS = 40  # a look changes nothing and takes a fraction of a second: a person would look as often

T = TypeVar("T")


class FaultLog:
    """Counts what the sandbox's calls have met since it was asked last; on a good day it asks for nothing."""

    def __init__(self, sandbox: Sandbox, *, calm: bool) -> None:
        self._sandbox = sandbox
        self.calm = calm
        self._seen = 0
        self._counts: Counter[str] = Counter()

    def has_grown(self) -> bool:
        """Whether a call has met a fault since the last time that this was asked."""
        if self.calm:
            return False
        calls = self._sandbox.calls()[self._seen :]
        self._seen += len(calls)
        counts = Counter(str(call["fault"]) for call in calls if call["fault"])
        self._counts += counts
        return counts.total() > 0

    def take(self) -> Counter[str]:
        """By kind, all since the last taking."""
        self.has_grown()
        counts, self._counts = self._counts, Counter()
        return counts


def retry_reads(look: Callable[[], T], fault_log: FaultLog, on_again: Callable[[str], None] = lambda _: None) -> T:
    """What `look` sees; when it fails and its calls met a fault, it looks again, and `on_again` is told why."""
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
    """`2 throttling, 1 reset`; the most frequent first."""
    return ", ".join(
        f"{number} {name}" for name, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
