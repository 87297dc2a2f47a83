"""Waiting for AWS: the pauses after a refusal that passes by itself, within a budget of seconds."""

from collections import defaultdict
from collections.abc import Callable, Generator
from time import monotonic
from typing import TypeVar

from orgkit.aws.clock import Clock
from orgkit.aws.rejections import CONFLICT_CODES, FINALIZING_CODES, THROTTLING_CODES, UNSEEN_CODES, Rejected
from orgkit.dataclass import dataclass
from orgkit.errors import StepFailed

MAX_READ_SECONDS = 300.0  # seconds: six attempts of a read with all of their time-outs take no longer

T = TypeVar("T")
Progress = Callable[[str, float, float], None]  # what is waited for, seconds so far, seconds at most


@dataclass(frozen=True)
class Wait:
    """A pause within a step: what it waits for, seconds so far and at most, and when to go on."""

    subject: str
    so_far: float
    at_most: float
    pause: float


# What pauses on its way to a value. It is sent the seconds that each pause has taken.
Waits = Generator[Wait, float, T]


def report_nothing(subject: str, so_far: float, at_most: float) -> None:
    """Nobody watches."""


def wait_until(subject: str, look: Callable[[], T | None], *, every: float, at_most: float) -> Waits[T]:
    """Ask `look` until it answers, with pauses in between; StepFailed when the budget is spent.

    What counts are our own pauses and how long looking took: the time of day may be set while we wait.
    """
    spent = 0.0
    while True:
        value, seconds = _timed(look)
        if value is not None:
            return value
        spent += seconds
        if spent >= at_most:
            raise StepFailed(
                f"{subject} took longer than {at_most:.0f} s.", "run the phase again: it goes on from here."
            )
        spent += yield Wait(subject, spent, at_most, min(every, at_most - spent))


def sleep_through(clock: Clock, progress: Progress, waits: Waits[T]) -> T:
    """Return the value to which these pauses lead: sleep for as long as each of them says."""
    try:
        wait = next(waits)
        while True:
            progress(wait.subject, wait.so_far, wait.at_most)
            clock.sleep(wait.pause)
            wait = waits.send(wait.pause)
    except StopIteration as end:
        value: T = end.value
        return value


def wait_for(
    clock: Clock, progress: Progress, subject: str, look: Callable[[], T | None], *, every: float, at_most: float
) -> T:
    """Ask `look` until it answers, and sleep in between; StepFailed when the budget is spent."""
    return sleep_through(clock, progress, wait_until(subject, look, every=every, at_most=at_most))


def _timed(look: Callable[[], T | None]) -> tuple[T | None, float]:
    """A machine that was asleep meanwhile has not waited: one look counts for no more than a look can take."""
    started = monotonic()
    value = look()
    return value, min(monotonic() - started, MAX_READ_SECONDS)


@dataclass(frozen=True)
class Backoff:
    """How the same request is sent again: pauses grow by `factor` from `first` to `max_pause`; `max_seconds` in all.

    AWS's buckets are refilled once or twice a second. (That of CreateAccount, once in ten, has a pace of its own.)
    """

    codes: frozenset[str]
    first: float
    factor: float
    max_pause: float
    max_seconds: float


BACKOFFS = (
    Backoff(THROTTLING_CODES, first=1.0, factor=2.0, max_pause=60.0, max_seconds=600.0),
    Backoff(CONFLICT_CODES, first=2.0, factor=2.0, max_pause=30.0, max_seconds=600.0),
    Backoff(UNSEEN_CODES, first=2.0, factor=2.0, max_pause=30.0, max_seconds=180.0),
    Backoff(FINALIZING_CODES, first=60.0, factor=1.0, max_pause=60.0, max_seconds=4500.0),  # AWS says up to an hour
)


class Repeats:
    """The pauses of one request so far, by what AWS refused it for."""

    def __init__(self) -> None:
        self._slept: dict[Backoff, list[float]] = defaultdict(list)

    @property
    def seconds(self) -> float:
        """Waited in all."""
        return sum(map(sum, self._slept.values()))

    def pause(self, rejection: Rejected) -> float | None:
        """Seconds to wait before the same request may go out again; None when that is pointless, or was too long."""
        backoff = backoff_for(rejection)
        if backoff is None:
            return None
        slept = self._slept[backoff]
        remaining = backoff.max_seconds - sum(slept)
        if remaining <= 0:
            return None
        slept.append(min(backoff.first * backoff.factor ** len(slept), backoff.max_pause, remaining))
        return slept[-1]


def backoff_for(rejection: Rejected) -> Backoff | None:
    """None for what does not pass by itself."""
    return next((backoff for backoff in BACKOFFS if rejection.code in backoff.codes), None)
