"""The faults that calls have met, from the sandbox's own log, and looking again when one of them ended a look."""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from orgkit.errors import OrgkitError
from orgkit.sandbox.lifecycle import Sandbox

LOOKS = 40  # a look changes nothing and takes a fraction of a second: a person would look as often

T = TypeVar("T")


class FaultLog:
    """Counts what the sandbox's calls have met since it was asked last; on a good day it asks for nothing."""

    def __init__(self, sandbox: Sandbox, *, calm: bool) -> None:
        self._sandbox = sandbox
        self.calm = calm
        self._seen = 0
        self._met: Counter[str] = Counter()

    def more(self) -> bool:
        """Whether a call has met a fault since the last time that this was asked."""
        if self.calm:
            return False
        calls = self._sandbox.calls()[self._seen :]
        self._seen += len(calls)
        met = Counter(str(call["fault"]) for call in calls if call["fault"])
        self._met += met
        return met.total() > 0

    def take(self) -> Counter[str]:
        """By kind, all since the last taking."""
        self.more()
        taken, self._met = self._met, Counter()
        return taken


def looked(look: Callable[[], T], met: FaultLog, on_again: Callable[[str], None] = lambda _: None) -> T:
    """What `look` sees; when it fails and its calls met a fault, it looks again, and `on_again` is told why."""
    met.more()
    for _ in range(LOOKS):
        try:
            return look()
        except OrgkitError as error:
            if not met.more():
                raise
            on_again(error.why)
    return look()


def in_words(met: Counter[str]) -> str:
    """`2 throttling, 1 reset`; the most frequent first."""
    return ", ".join(f"{number} {name}" for name, number in sorted(met.items(), key=lambda item: (-item[1], item[0])))
