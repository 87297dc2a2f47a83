"""What a person sees while a phase runs: one line a phase, and what is being done or waited for."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from orgkit.cli.faults import attempt_lines
from orgkit.phases import Phase
from orgkit.printable import flat
from orgkit.record.result import Result

if TYPE_CHECKING:
    from orgkit.recovery.runs import Attempt

WIDTH = 78
EVERY = 60  # seconds


def reading(what: str, _done: float, _at_most: float) -> None:
    """What is being read, on stderr: one living line on a terminal, a line each in a log."""
    said = flat(f"reading {what}")[:WIDTH]
    living = sys.stderr.isatty()
    click.echo(f"\r{said:<{WIDTH}}\r" if living else said, nl=not living, err=True)


class Progress:
    """Writes to stderr, so that stdout stays for results; a terminal gets one living line, a log gets few."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.living = sys.stderr.isatty()
        self.label = ""
        self.waited = ("", 0)  # what the last line of a log said of a wait, and its seconds

    def phase(self, phase: Phase, result: Result | None) -> None:
        """A phase begins, or has ended."""
        self.label = phase.label
        if result is None:
            self._now("starting")
        else:
            self._line(f"{phase.label:<22} {result.outcome:<18} {result.steps:>3} steps {result.seconds:>6.1f} s")

    def attempt(self, _phase: Phase, number: int, attempt: "Attempt") -> None:
        """A run under faults has ended; on a good day there is nothing to tell of it."""
        if attempt.faults or attempt.again or number > 1:
            for line in "\n".join(attempt_lines(number, attempt)).split("\n"):
                self._line(line)

    def event(self, event: Mapping[str, Any]) -> None:
        """One event of the run, as it is written."""
        kind = event.get("event")
        if kind == "wait":
            said = f"waiting for {event['what']}, {event['so_far']} of at most {event['at_most']} s"
            self._now(said)
            self._now_and_then(said, str(event["what"]), int(event["so_far"]))
        elif kind == "step":
            self._now(f"{event['result']}: {event['sentence']}")

    def _now_and_then(self, said: str, what: str, so_far: int) -> None:
        """In a log, a line when a wait begins and one a minute: silence looks like a hang."""
        subject = what.partition(":")[0]  # what follows may tell how far it is, and differs each time
        if self.living or (subject == self.waited[0] and 0 <= so_far - self.waited[1] < EVERY):
            return
        self.waited = (subject, so_far)
        self._line(f"{self.label}: {said}")

    def over(self) -> None:
        self._clear()

    def _now(self, text: str) -> None:
        if self.quiet or not self.living:
            return
        safe = flat(f"{self.label}: {text}")
        self._clear()
        click.echo(safe[:WIDTH], err=True, nl=False)

    def say(self, text: str) -> None:
        """A line of its own, if there is anything to say."""
        if text:
            self._line(text)

    def _line(self, text: str) -> None:
        if not self.quiet:
            self._clear()
            click.echo(flat(text), err=True)

    def _clear(self) -> None:
        if self.living and not self.quiet:
            click.echo("\r\033[K", err=True, nl=False)
