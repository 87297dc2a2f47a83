"""Faults happening: around the answering of one call, before it, after it, or instead of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orgkit.sandbox import wire
from orgkit.sandbox.calls import Call
from orgkit.sandbox.faults import Choice, Incoming, spread
from orgkit.sandbox.world import world

Answer = tuple[int, dict[str, str], bytes]
LATE_BY = 3  # calls

# As each service says it: HTTP status and code; the newer services as under "".
REFUSALS = {
    "throttling": {
        "organizations": (400, "TooManyRequestsException"),
        "account": (429, "TooManyRequestsException"),
        "s3": (503, "SlowDown"),
        "iam": (400, "Throttling"),
        "sts": (400, "Throttling"),
        "": (400, "ThrottlingException"),
    },
    "server-error": {
        "organizations": (500, "ServiceException"),
        "s3": (500, "InternalError"),
        "iam": (500, "ServiceFailure"),
        "": (500, "InternalFailure"),
    },
    "expired-token": {
        "iam": (403, "ExpiredToken"),
        "sts": (403, "ExpiredToken"),
        "s3": (400, "ExpiredToken"),
        "": (400, "ExpiredTokenException"),
    },
    "concurrent-modification": {"": (400, "ConcurrentModificationException")},
}
MESSAGES = {
    "throttling": "You have sent too many requests in too short a period of time.",
    "server-error": "AWS can't complete your request because of an internal service error. Try again later.",
    "expired-token": "The security token included in the request is expired",
    "concurrent-modification": "The target of the operation is currently being modified by a different request.",
}


class Dropped(ConnectionError):
    """The connection ends here, without an answer."""


@dataclass
class Late:
    """A change whose answer is lost already, and that AWS makes after some more calls."""

    calls: int
    carry_out: Callable[[], Answer]


class Injection:
    """Chooses a fault for a call, and lets it happen; one for as long as a seed lasts."""

    def __init__(self, choose: Choice | None = None) -> None:
        seed = world().seed
        self.choose = choose or spread(seed.faults, seed.fault_seed)
        self.late_by = LATE_BY
        self._known: dict[object, tuple[int, Answer]] = {}
        self._changes = 0
        self._late: list[Late] = []

    def around(self, call: Call, asked: wire.Asked, same: object, carry_out: Callable[[], Answer]) -> Answer:
        """The answer to this call, or Dropped. `same` is equal for requests that ask the same thing."""
        self._make_late_changes()
        incoming = Incoming(call.sequence, call.service, call.operation, call.account, call.mutating)
        call.fault = self.choose(incoming)
        if call.fault == "stale-read" and not self._is_stale(same):
            call.fault = ""  # nothing has changed since: there is no older answer to give
        instead = self._instead(call, asked, same, carry_out)
        return instead or self._afterwards(call, asked, self._remembered(call, same, carry_out()))

    def _make_late_changes(self) -> None:
        for late in self._late:
            late.calls -= 1
        due = [late for late in self._late if late.calls <= 0]
        self._late = [late for late in self._late if late.calls > 0]
        for late in due:
            late.carry_out()
            self._changes += 1

    def _instead(self, call: Call, asked: wire.Asked, same: object, carry_out: Callable[[], Answer]) -> Answer | None:
        """What is answered without doing anything now; None when AWS gets to work."""
        if call.fault in REFUSALS:
            return refuse(call, asked, call.fault)
        if call.fault == "stale-read":
            return self._known[same][1]
        if call.fault == "late-commit":
            self._late.append(Late(self.late_by, carry_out))
        if call.fault in ("reset", "late-commit"):
            raise Dropped
        if call.fault == "creation-failure":
            world().things["creation_failure"] = "INTERNAL_FAILURE"
        return None

    def _afterwards(self, call: Call, asked: wire.Asked, answer: Answer) -> Answer:
        """What becomes of an answer on its way."""
        if call.fault == "lost-response":
            raise Dropped
        if call.fault == "server-error-after-commit":
            return refuse(call, asked, "server-error")
        if call.fault == "empty-answer" and answer[0] < 300:
            return 200, {name: value for name, value in answer[1].items() if name.lower() != "content-length"}, b""
        return answer

    def _remembered(self, call: Call, same: object, answer: Answer) -> Answer:
        if call.mutating:
            self._changes += 1
        else:
            self._known[same] = (self._changes, answer)
        return answer

    def _is_stale(self, same: object) -> bool:
        return same in self._known and self._known[same][0] < self._changes


def refuse(call: Call, asked: wire.Asked, why: str) -> Answer:
    """An error of one of the kinds, in the words of the service."""
    status, code = REFUSALS[why].get(asked.service, REFUSALS[why][""])
    if not call.status:  # else AWS did it, and only the answer says otherwise
        call.status, call.error = status, code
    told, headers, content = wire.error(asked, status, code, MESSAGES[why], call.request_id)
    return told, {**headers, "x-amzn-RequestId": call.request_id}, content


def same_request(account: str, environ: dict[str, Any], body: bytes) -> object:
    """What two requests that ask the same thing have in common."""
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "HTTP_X_AMZ_TARGET")
    return account, *(environ.get(name, "") for name in names), body
