"""When a run is killed, and which of its processes: drawn by a seed, and awaited while the run works."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bootstrap.fork_server import ForkedCommand
from tests.faults.processes import kernel_of, kill

VICTIMS = ("kernel", "runner", "both")
INTENT = b'"event": "intent"'
DELAY = 0.02  # seconds: some calls last less, so that the blow falls inside of one or between two
EVERY = 0.002  # seconds between two looks


@dataclass(frozen=True)
class Moment:
    """A blow: after so many changes were about to be sent and a little more, or at a part of the run's duration."""

    phase: str
    victim: str
    intent: int
    part: float
    delay: float
    runner_first: bool

    def __str__(self) -> str:
        when = f"change {self.intent} + {self.delay * 1000:2.0f} ms" if self.intent else f"{self.part:.0%} of its time"
        return f"{self.phase:12} {self.victim:6} {when:18}"


@dataclass(frozen=True)
class Blow:
    """Who was hit, or nobody when the run had ended before."""

    hit: bool
    kernel: int | None


def draw(chance: random.Random, phase: str, changes: int) -> Moment:
    """Draw a moment, two of three during a change; `changes` is how many the phase makes."""
    return Moment(
        phase,
        chance.choice(VICTIMS),
        chance.randint(1, changes) if chance.random() < 2 / 3 else 0,
        chance.random(),
        chance.uniform(0, DELAY),
        chance.random() < 0.5,
    )


def strike(moment: Moment, runner: ForkedCommand, journals: Path, seconds: float) -> Blow:
    """Wait for the moment while a run works that has just begun, and kill; a run takes so many seconds."""
    began = time.monotonic()

    def came() -> bool:
        if moment.intent:
            return sum(path.read_bytes().count(INTENT) for path in journals.glob("*/events.jsonl")) >= moment.intent
        return time.monotonic() - began >= moment.part * seconds

    _wait(came, runner)
    if moment.intent:
        time.sleep(moment.delay)
    if moment.victim == "kernel":
        _wait(lambda: kernel_of(runner.pid) is not None, runner)
    kernel = kernel_of(runner.pid)
    victims = [runner.pid] if moment.victim != "kernel" else []
    victims += [kernel] if kernel and moment.victim != "runner" else []
    if runner.poll() is not None or not victims:
        return Blow(False, kernel)
    kill(*(victims if moment.runner_first else reversed(victims)))
    return Blow(True, kernel)


def _wait(came: Callable[[], bool], runner: ForkedCommand) -> None:
    while runner.poll() is None and not came():
        time.sleep(EVERY)
