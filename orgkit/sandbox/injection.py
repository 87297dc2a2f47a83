"""Injection of faults: before, after, or instead of the response to a call."""

from collections.abc import Callable
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.sandbox import wire
from orgkit.sandbox.calls import Call
from orgkit.sandbox.faults import Choice, Incoming, spread
from orgkit.sandbox.world import world

Answer = tuple[int, dict[str, str], bytes]
LATE_BY_CALLS = 3  # calls

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


class DroppedAnswer(ConnectionError):
    """The connection ends here, without an answer."""


@dataclass
class LateChange:
    """A change whose response is lost, and that AWS makes after some more calls."""

    calls: int
    carry_out: Callable[[], Answer]


class Injection:
    """Chooses and injects the faults of calls; there is one object for each seed."""

    def __init__(self, choose: Choice | None = None) -> None:
        seed = world().seed
        self.choose = choose or spread(seed.faults, seed.fault_seed)
        self.late_by_calls = LATE_BY_CALLS
        self._known: dict[object, tuple[int, Answer]] = {}
        self._changes = 0
        self._late: list[LateChange] = []

    def inject(
        self, call: Call, request: wire.ParsedRequest, request_key: object, carry_out: Callable[[], Answer]
    ) -> Answer:
        """The answer to this call, or Dropped. `request_key` is equal for requests that ask the same thing."""
        self._make_late_changes()
        incoming = Incoming(call.sequence, call.service, call.operation, call.account, call.mutating)
        call.fault = self.choose(incoming)
        if call.fault == "stale-read" and not self._is_stale(request_key):
            call.fault = ""  # nothing has changed since: there is no older answer to give
        replacement = self._replacement(call, request, request_key, carry_out)
        return replacement or self._alter_answer(call, request, self._remember(call, request_key, carry_out()))

    def _make_late_changes(self) -> None:
        for late in self._late:
            late.calls -= 1
        due = [late for late in self._late if late.calls <= 0]
        self._late = [late for late in self._late if late.calls > 0]
        for late in due:
            late.carry_out()
            self._changes += 1

    def _replacement(
        self, call: Call, request: wire.ParsedRequest, request_key: object, carry_out: Callable[[], Answer]
    ) -> Answer | None:
        """Return the response of a fault that does nothing now; None if the call is carried out."""
        if call.fault in REFUSALS:
            return refuse(call, request, call.fault)
        if call.fault == "stale-read":
            return self._known[request_key][1]
        if call.fault == "late-commit":
            self._late.append(LateChange(self.late_by_calls, carry_out))
        if call.fault in ("reset", "late-commit"):
            raise DroppedAnswer
        if call.fault == "creation-failure":
            world().state["creation_failure"] = "INTERNAL_FAILURE"
        return None

    def _alter_answer(self, call: Call, request: wire.ParsedRequest, answer: Answer) -> Answer:
        """Return the response after a fault on its way back."""
        if call.fault == "lost-response":
            raise DroppedAnswer
        if call.fault == "server-error-after-commit":
            return refuse(call, request, "server-error")
        if call.fault == "empty-answer" and answer[0] < 300:
            return 200, {name: value for name, value in answer[1].items() if name.lower() != "content-length"}, b""
        return answer

    def _remember(self, call: Call, request_key: object, answer: Answer) -> Answer:
        if call.mutating:
            self._changes += 1
        else:
            self._known[request_key] = (self._changes, answer)
        return answer

    def _is_stale(self, request_key: object) -> bool:
        return request_key in self._known and self._known[request_key][0] < self._changes


def refuse(call: Call, request: wire.ParsedRequest, reason: str) -> Answer:
    """Return an error of one of the kinds, in the form of the service."""
    status, code = REFUSALS[reason].get(request.service, REFUSALS[reason][""])
    if not call.status:  # else AWS did it, and only the answer says otherwise
        call.status, call.error = status, code
    answer_status, headers, content = wire.error(request, status, code, MESSAGES[reason], call.request_id)
    return answer_status, {**headers, "x-amzn-RequestId": call.request_id}, content


def same_request(account: str, environ: dict[str, Any], body: bytes) -> object:
    """Return a key that is equal for two requests with the same content."""
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "HTTP_X_AMZ_TARGET")
    return account, *(environ.get(name, "") for name in names), body
