"""The log of calls: the account, the operation and the response of each."""

import threading
from dataclasses import asdict, field
from typing import Any

from orgkit.dataclass import dataclass

READS = ("Get", "List", "Describe", "Head", "Lookup", "Simulate", "Validate", "Search", "BatchGet", "Select")
USES_OF_KEYS = ("Encrypt", "Decrypt", "GenerateDataKey", "Sign", "Verify")


def mutates(service: str, operation: str) -> bool:
    """Return whether an operation changes an account, by its name; making session tokens or data keys does not."""
    uses_key = service == "kms" and operation in USES_OF_KEYS
    return not (service == "sts" or uses_key or operation.startswith(READS))


@dataclass
class Call:
    """One call as the sandbox saw it; `status` 0 until it is answered."""

    sequence: int
    time: str
    service: str
    region: str
    operation: str
    account: str
    principal: str
    request_id: str
    mutating: bool
    parameters: dict[str, Any] = field(default_factory=dict)
    status: int = 0
    error: str | None = None
    fault: str = ""  # the kind that it met, see orgkit.sandbox.faults
    decisions: list[dict[str, Any]] = field(default_factory=list)  # see orgkit.sandbox.authorization.CheckedAction


class CallLog:
    """Append-only, and emptied only when asked."""

    def __init__(self) -> None:
        self.all: list[Call] = []
        self._lock = threading.Lock()
        self._sequence = 0

    def next(self) -> int:
        with self._lock:
            self._sequence += 1
            return self._sequence

    def add(self, call: Call) -> None:
        self.all.append(call)

    def clear(self) -> None:
        self.all.clear()

    def denials(self) -> list[dict[str, Any]]:
        """Return the calls that policies denied, with the decision that did."""
        return [
            {**asdict(call), "denial": call.decisions[-1]}
            for call in list(self.all)
            if call.decisions and not call.decisions[-1]["is_allowed"]
        ]

    def as_values(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in list(self.all)]
