"""Faults by name: failures that a network, or AWS itself, can cause in a call."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from orgkit.dataclass import dataclass

SHARE = 8  # about one call in so many meets a fault
REST = 100  # calls after the first fault that ends a run until the next such; after each, twice as many as before


@dataclass(frozen=True)
class Kind:
    """One kind of failure of a call; its name is the one of the command line."""

    name: str
    sentence: str
    reads: bool = True
    changes: bool = True
    only: str = ""  # the one service, or service:operation, that it happens to
    ends_runs: bool = False  # neither waiting nor reading again helps: the phase has to be run again

    def happens_to(self, service: str, operation: str, mutating: bool) -> bool:
        """Whether it could happen to this call at all."""
        matches = not self.only or self.only in (service, f"{service}:{operation}")
        return matches and (self.changes if mutating else self.reads)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("throttling", "AWS has had too many requests and does nothing"),
        Kind("server-error", "AWS fails with HTTP 500 before it has done anything"),
        Kind("server-error-after-commit", "AWS does it, and then answers with HTTP 500", reads=False),
        Kind("reset", "the connection breaks before AWS has read the request"),
        Kind("lost-response", "AWS does it, and the answer is lost on the way"),
        Kind("empty-answer", "AWS does it, and the answer arrives without its body", ends_runs=True),
        Kind("late-commit", "the connection breaks, and AWS does it some calls later", reads=False),
        Kind("expired-token", "the credentials have ended", ends_runs=True),
        Kind("stale-read", "AWS answers as it was before the last change", changes=False),
        Kind(
            "concurrent-modification", "somebody else changes the organization just now", False, True, "organizations"
        ),
        Kind("creation-failure", "a new account fails inside AWS", False, True, "organizations:CreateAccount"),
    )
}


@dataclass(frozen=True)
class Incoming:
    """The facts about a call before its response that the choice of a fault needs."""

    number: int
    service: str
    operation: str
    account: str
    mutating: bool

    def may_meet(self, kind: str) -> bool:
        return KINDS[kind].happens_to(self.service, self.operation, self.mutating)


Choice = Callable[[Incoming], str]  # the name of a kind, or nothing


def no_faults(_: Incoming) -> str:
    """Choose no fault for any call."""
    return ""


def spread(names: Sequence[str], seed: int) -> Choice:
    """Spread these kinds over all calls, by the seed alone; a call that is sent again after its fault succeeds.

    Faults that end a run become rarer, so that repeated runs reach the end.
    """
    spared: set[tuple[str, str, str]] = set()
    endings: list[int] = []  # the calls that met what ends a run

    def may_come(name: str, call: Incoming) -> bool:
        rested = not endings or call.number >= endings[-1] + REST * 2 ** (len(endings) - 1)
        return call.may_meet(name) and (rested or not KINDS[name].ends_runs)

    def choose(call: Incoming) -> str:
        key, number = (call.account, call.service, call.operation), _number(seed, call.number)
        if key in spared:
            spared.discard(key)
            return ""
        possible = [name for name in names if may_come(name, call)]
        if not possible or number % SHARE:
            return ""
        spared.add(key)
        kind = possible[number // SHARE % len(possible)]
        if KINDS[kind].ends_runs:
            endings.append(call.number)
        return kind

    return choose if names else no_faults


def _number(seed: int, call: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{call}".encode()).digest()[:6], "big")
