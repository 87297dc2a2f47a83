"""A step that AWS carries out in its own time: begun with one call, watched among others, and settled when it ends."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from orgkit.aws.session import Connection
from orgkit.dataclass import dataclass
from orgkit.errors import StepFailed

S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)


@dataclass(frozen=True)
class Request:
    """One that AWS works on; one that was found instead of sent may ask for something else under the same name."""

    id: str
    sent: bool = True


@dataclass(frozen=True)
class Requests:
    """What AWS reports of asynchronous requests by any caller: names taken, requests in progress, times of sending."""

    by_name: Mapping[str, str]  # name of what is made → id: to be watched rather than sent again
    in_progress: frozenset[str]
    sent_at: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Throttled:
    """AWS has no room for it now: nothing was begun, and asking again makes sense after `pause` seconds."""

    reason: str
    pause: float


@dataclass(frozen=True)
class Pending:
    """It is not over; `in_flight` is whether it still takes one of AWS's slots."""

    request: Request
    in_flight: bool = True


@dataclass(frozen=True)
class Retry:
    """The request failed and may be sent once more; `failure` is the error shown when it fails again."""

    failure: StepFailed


class BeginRequest(Protocol[S_contra]):
    """Send it unless it is under way; `doubt` after a lost answer or a failure: then look everywhere first."""

    def __call__(self, aws: Connection, step: S_contra, id_index: Any, *, doubt: bool) -> Request | Throttled: ...


class ListRequests(Protocol):
    """What AWS works on now, in one call; with `include_ended` also what it did lately."""

    def __call__(self, aws: Connection, *, include_ended: bool = False) -> Requests: ...


@dataclass(frozen=True)
class Asynchronous(Generic[S]):
    """At most `in_flight` at once; `burst` sent at once and then one every `seconds_per_token`."""

    begin: BeginRequest[S]
    list_requests: ListRequests
    settle: Callable[[Connection, S, Any, Request], Pending | Retry | None]  # None: it is done
    name: Callable[[S], str]
    in_flight: int
    burst: int
    seconds_per_token: float
    poll_seconds: float = 4.0
    typical: float = 0.0  # seconds that AWS usually takes for one of them; 0 where that is not known
    timeout: float = 1800.0  # for one of them, while it is in flight
    capacity_timeout: float = (
        4500.0  # without anything begun or ended: AWS's own word for a new organization is an hour
    )
