"""`--debug`: a line for each attempt of each call to AWS, without bodies, headers, addresses or credentials."""

import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orgkit.journal.file_writes import append_line
from orgkit.sanitize.terminal import flat

DEBUG_VARIABLE = "ORGKIT_DEBUG"  # the file that every process of a command appends to; unset: nothing is written
_ATTEMPT = re.compile(rb"attempt=(\d+)")


class CallLog:
    """Watches the calls of one client by botocore's events; never by botocore's logger, which prints credentials."""

    def __init__(self, file: Path, region: str, account: Callable[[], str]) -> None:
        self._file, self._region, self._account = file, region, account
        self._started = 0.0
        self._attempt = "1"

    def watch(self, events: Any) -> None:
        """Register with the events of a client."""
        events.register("before-send", self._before_send)
        events.register("response-received", self._after_response)

    def _before_send(self, request: Any, **_: Any) -> None:
        """None lets the request go out."""
        header = request.headers.get("amz-sdk-request", b"")
        match = _ATTEMPT.search(header if isinstance(header, bytes) else str(header).encode())
        self._attempt = match[1].decode() if match else "1"
        self._started = time.monotonic()

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
            "attempt": self._attempt, "ms": f"{1000 * (time.monotonic() - self._started):.0f}",
            "status": f"{status}{f' {code}' if code else ''}", "request-id": metadata.get("RequestId", "-"),
        }  # fmt: skip
        line = " ".join(f"{name}={flat(value)}" for name, value in fields.items())
        append_line(self._file, f"aws {line}\n".encode(errors="backslashreplace"))


def log_of_calls(region: str, account: Callable[[], str]) -> CallLog | None:
    """The log that the environment asks for; None without it."""
    file = os.environ.get(DEBUG_VARIABLE)
    return CallLog(Path(file), region, account) if file else None
