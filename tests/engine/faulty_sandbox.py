"""A sandbox whose faults depend on the request, the account and how often it was sent, not on the order of calls."""

import random
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.delayed_sandbox import serve
from orgkit.sandbox.faults import KINDS, Incoming
from orgkit.sandbox.injection import Answer, Injection

PORT = re.compile(r"127\.0\.0\.1:\d+")  # another one in each run
SHARE = 20  # one call in so many meets a fault
READ_KINDS = sorted(kind.name for kind in KINDS.values() if kind.reads and kind.changes)
# After credentials seem to have ended, threads ask this as often as they come to it; and whether a session is made anew
# depends on who comes first, so that only the first AssumeRole of an account meets a fault.
SPARED = ("GetCallerIdentity",)


class SeededInjection(Injection):
    """Chooses by the seed, the operation, the account, the request, and how often it was sent."""

    def __init__(self, seed: int) -> None:
        super().__init__(self._choose)
        self.met: Counter[str] = Counter()
        self._seed, self._sent = seed, Counter[str]()
        self._current, self._lock = "", threading.Lock()

    def inject(self, call: Any, request: Any, request_key: object, carry_out: Callable[[], Answer]) -> Answer:
        with self._lock:  # the sandbox answers one call at a time
            self._current = PORT.sub("", f"{call.operation} {request_key}")
            self._sent[self._current] += 1
        return super().inject(call, request, request_key, carry_out)

    def _choose(self, incoming: Incoming) -> str:
        sent = self._sent[self._current]
        if not self._seed or incoming.operation in SPARED or (incoming.operation == "AssumeRole" and sent > 1):
            return ""
        chance = random.Random(f"{self._seed} {self._current} {sent}")
        if chance.randrange(SHARE):
            return ""
        kind = chance.choice(READ_KINDS)
        self.met[kind] += 1
        return kind


def _pages(application: Any) -> dict[str, Callable[[dict[str, Any]], Any]]:
    def begin(values: dict[str, Any]) -> dict[str, int]:
        met = getattr(application.injection, "met", Counter())
        application.injection = SeededInjection(int(values["seed"]))
        return dict(met)

    return {"/faults": begin}


if __name__ == "__main__":
    serve(sys.argv[1:], _pages)
