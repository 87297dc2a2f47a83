"""A step that AWS carries out in its own time: begun with one call, watched among others, and settled when it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orgkit.aws.session import Connection
from orgkit.errors import StepFailed


@dataclass(frozen=True)
class Request:
    """One that AWS works on; one that was found instead of sent may ask for something else under the same name."""

    id: str
    sent: bool = True


@dataclass(frozen=True)
class Requests:
    """What AWS tells of requests, ours or not: whose names are taken, what it works on now, when each was sent."""

    by_name: Mapping[str, str]  # name of what is made → id: to be watched rather than sent again
    in_progress: frozenset[str]
    sent_at: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Later:
    """AWS has no room for it now: nothing was begun, and asking again makes sense after `pause` seconds."""

    why: str
    pause: float


@dataclass(frozen=True)
class Still:
    """It is not over; `in_flight` is whether it still takes one of AWS's slots."""

    request: Request
    in_flight: bool = True


@dataclass(frozen=True)
class Again:
    """It failed, and may be begun once more; `failure` is what a person is told when that was done already."""

    failure: StepFailed


class Begin(Protocol):
    """Send it unless it is under way; `doubt` after a lost answer or a failure: then look everywhere first."""

    def __call__(self, aws: Connection, step: Any, directory: Any, *, doubt: bool) -> Request | Later: ...


class Look(Protocol):
    """What AWS works on now, in one call; with `everything` also what it did lately."""

    def __call__(self, aws: Connection, *, everything: bool = False) -> Requests: ...


Settle = Callable[[Connection, Any, Any, Request], Still | Again | None]


@dataclass(frozen=True)
class Asynchronous:
    """At most `in_flight` at once; `burst` sent at once and then one `every` seconds, as AWS throttles; seconds."""

    begin: Begin
    look: Look
    settle: Settle  # None: it is done
    name: Callable[[Any], str]
    in_flight: int
    burst: int
    every: float
    poll: float = 4.0
    at_most: float = 1800.0  # for one of them, while it is in flight
    room_within: float = 4500.0  # without anything begun or ended: AWS's own word for a new organization is an hour
