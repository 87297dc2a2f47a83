"""What a person sees of the requests that AWS works on: who takes which slot, and how long it may still take."""

from collections.abc import Sequence
from typing import Any

from orgkit.aws.asynchronous import Asynchronous
from orgkit.dataclass import dataclass
from orgkit.model.outcome import Slot


@dataclass(frozen=True)
class WatchedRequest:
    """A request of ours."""

    name: str
    seconds: float  # since it was sent
    in_flight: bool  # whether it takes a slot


@dataclass(frozen=True)
class RequestView:
    """All requests at one time."""

    operation: Asynchronous[Any]
    watched: Sequence[WatchedRequest]
    used_slots: int  # by requests of ours and of others
    waiting: int  # how many are to begin
    pause_reason: str  # why none is begun at the moment; empty where there is no such reason

    def subject(self) -> str:
        """What is waited for, in one line."""
        if not self.used_slots and self.pause_reason:
            return f"{self.pause_reason} ({self.waiting} to begin)"
        names = ", ".join(f"{request.name} {request.seconds:.0f} s" for request in self.watched)
        subject = f"AWS: {self.used_slots} of {self.operation.in_flight} at once ({names or 'none of them ours'})"
        if not self.waiting:
            return subject
        reason = f", waiting for {self.pause_reason}" if self.pause_reason else ""
        return f"{subject}, {self.waiting} more to begin{reason}"

    def slots(self) -> list[Slot]:
        """Ours with their times, then those that somebody else takes, then the free ones."""
        operation = self.operation
        own_slots = [
            Slot(request.name, request.seconds, operation.timeout, operation.typical)
            for request in self.watched
            if request.in_flight
        ]
        foreign = [Slot("somebody else's")] * (self.used_slots - len(own_slots))
        free = [Slot()] * (operation.in_flight - len(own_slots) - len(foreign))
        return [*own_slots, *foreign, *free]

    def expected_seconds(self) -> float:
        """Until AWS has ended all of them, by what it usually takes; 0 where that is not known."""
        return expected_seconds(self.operation, [request.seconds for request in self.watched], self.waiting)


def expected_seconds(operation: Asynchronous[Any], elapsed: Sequence[float], waiting: int) -> float:
    """Until AWS has ended all of them, by what it usually takes for one; 0 where that is not known.

    Args:
        operation: What AWS does.
        elapsed: The seconds that each one under way has taken so far.
        waiting: How many are to begin.
    """
    if not operation.typical:
        return 0.0
    under_way = max((max(operation.typical - seconds, operation.poll_seconds) for seconds in elapsed), default=0.0)
    interval = max(operation.typical / operation.in_flight, operation.seconds_per_token)
    return max(under_way, interval * waiting + operation.typical) if waiting else under_way
