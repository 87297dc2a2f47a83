"""Waiting for AWS within a budget of seconds, which no clock on a wall can stretch or shorten."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from orgkit.aws.clock import Clock
from orgkit.errors import StepFailed

LONGEST_LOOK = 300.0  # seconds: six attempts of a read with all of their time-outs take no longer

T = TypeVar("T")
Progress = Callable[[str, float, float], None]  # what is waited for, seconds so far, seconds at most


def silent(what: str, so_far: float, at_most: float) -> None:
    """Nobody watches."""


def wait_for(
    clock: Clock, progress: Progress, what: str, look: Callable[[], T | None], *, every: float, at_most: float
) -> T:
    """Ask `look` until it answers; StepFailed when the budget is spent.

    What counts are our own pauses and how long looking took: the time of day may be set while we wait.
    """
    spent = 0.0
    while True:
        found, seconds = _timed(look)
        if found is not None:
            return found
        spent += seconds
        if spent >= at_most:
            raise StepFailed(f"{what} took longer than {at_most:.0f} s.", "run the phase again: it goes on from here.")
        progress(what, spent, at_most)
        pause = min(every, at_most - spent)
        clock.sleep(pause)
        spent += pause


def _timed(look: Callable[[], T | None]) -> tuple[T | None, float]:
    """A machine that was asleep meanwhile has not waited: one look counts for no more than a look can take."""
    started = monotonic()
    found = look()
    return found, min(monotonic() - started, LONGEST_LOOK)
