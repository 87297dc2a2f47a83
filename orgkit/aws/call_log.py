"""`--debug`: a line for each attempt of each call to AWS, without bodies, headers, addresses or credentials."""

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from orgkit.aws.rejections import THROTTLING_CODES
from orgkit.journal.file_writes import append_line
from orgkit.sanitize.terminal import flat

DEBUG_VARIABLE = "ORGKIT_DEBUG"  # the file that every process of a command appends to; unset: nothing is written
_ATTEMPT = re.compile(rb"attempt=(\d+)")
_COUNTING = threading.Lock()
# The attempts of the reading that is under way, and those that were throttled.
_counts: ContextVar[Counter[str]] = ContextVar("counts")


class CallLog:
    """Watches the calls of one client by botocore's events; never by botocore's logger, which prints credentials."""

    def __init__(self, file: Path, region: str, account: Callable[[], str]) -> None:
        self._file, self._region, self._account = file, region, account
        self._request = _Request()

    def watch(self, events: Any) -> None:
        """Register with the events of a client."""
        events.register("before-send", self._before_send)
        events.register("response-received", self._after_response)

    def _before_send(self, request: Any, **_: Any) -> None:
        """None lets the request go out."""
        header = request.headers.get("amz-sdk-request", b"")
        match = _ATTEMPT.search(header if isinstance(header, bytes) else str(header).encode())
        self._request.attempt = match[1].decode() if match else "1"
        self._request.started = time.monotonic()

    def _after_response(
        self,
        *,
        response_dict: Mapping[str, Any] | None,
        parsed_response: Mapping[str, Any] | None,
        exception: Exception | None,
        event_name: str,
        **_: Any,
    ) -> None:
        service, operation = (*event_name.split(".")[1:], "", "")[:2]
        metadata = (parsed_response or {}).get("ResponseMetadata", {})
        status = str((response_dict or {}).get("status_code", "")) or type(exception).__name__
        code = str((parsed_response or {}).get("Error", {}).get("Code", ""))
        fields = {
            "service": service, "operation": operation, "account": self._account() or "-", "region": self._region,
            "attempt": self._request.attempt, "ms": f"{1000 * (time.monotonic() - self._request.started):.0f}",
            "status": f"{status}{f' {code}' if code else ''}", "request-id": metadata.get("RequestId", "-"),
        }  # fmt: skip
        with _COUNTING, suppress(LookupError):  # outside of a reading
            _counts.get().update(calls=1, throttled=code in THROTTLING_CODES)
        _append(self._file, fields)


class _Request(threading.local):
    """The request that a thread has under way: a client may have one in each."""

    attempt = "1"
    started = 0.0


def _append(file: Path, fields: Mapping[str, object]) -> None:
    line = " ".join(f"{name}={flat(value)}" for name, value in fields.items())
    append_line(file, f"aws {line}\n".encode(errors="backslashreplace"))


@contextmanager
def log_reading(subject: str, threads: int) -> Iterator[None]:
    """Log one line more at the end: what was read, its calls, seconds and throttled calls, and by how many threads."""
    file = os.environ.get(DEBUG_VARIABLE)
    if not file:
        yield
        return
    counts, started = Counter[str](), time.monotonic()
    token = _counts.set(counts)
    try:
        yield
    finally:
        _counts.reset(token)
        seconds = f"{time.monotonic() - started:.2f}"
        numbers = {name: counts[name] for name in ("calls", "throttled")}
        _append(Path(file), {"read": subject, **numbers, "seconds": seconds, "threads": threads})


def log_of_calls(region: str, account: Callable[[], str]) -> CallLog | None:
    """The log that the environment asks for; None without it."""
    file = os.environ.get(DEBUG_VARIABLE)
    return CallLog(Path(file), region, account) if file else None
