"""What commands print: results and progress. An output that is closed, full or gone ends no command."""

import errno
import functools
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TextIO

import click

from orgkit.cli.layout import columns, wrap
from orgkit.errors import EXIT_DONE, OperatingSystemError, OrgkitError
from orgkit.sanitize.terminal import flat

P = ParamSpec("P")

if TYPE_CHECKING:
    from orgkit.phases.descriptor import Phase
    from orgkit.records.result import RunResult
    from orgkit.rehearsal.retries import Attempt

INTERVAL_SECONDS = 60  # seconds


class CheckedStream:
    """An output on which writing never fails; the first error is kept, and from then on nothing is written."""

    def __init__(self, stream: TextIO | None, name: str) -> None:
        """Wrap a stream, or what Python has in place of one that was closed: None."""
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal has no characters for
        self._name = name
        self._stream = stream or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  as long as the process
        self._closed_error = None if stream else OSError(errno.EBADF, os.strerror(errno.EBADF), name)
        self.error: OSError | None = None
        self.is_reported = False

    def write(self, text: str) -> int:
        if text:
            self.error = self.error or self._closed_error
        self._check(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._check(self._stream.flush)

    def _check(self, call: Callable[[], object]) -> None:
        try:
            call()
        except OSError as error:
            error.filename = self._name
            self.error = self.error or error
            self._discard()

    def _discard(self) -> None:
        """Let what Python still holds for this output go nowhere, so that the end of the process finds no fault."""
        with suppress(OSError, ValueError):  # a stream of a test has no descriptor
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def checked_streams() -> Iterator[None]:
    """Print through checked streams, for a whole command; every descriptor below 3 is open, so that no file gets it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest one that is free: this one
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = CheckedStream(sys.stdout, "standard output"), CheckedStream(sys.stderr, "standard error")
    try:
        yield
    finally:
        _report_lost_output()
        sys.stderr.flush()
        sys.stdout, sys.stderr = streams


def output_error() -> OSError | None:
    """Why something that was printed did not arrive; None too where its reader went away, as `head` does."""
    sys.stdout.flush()
    error = getattr(sys.stdout, "error", None)
    return error if isinstance(error, OSError) and not isinstance(error, BrokenPipeError) else None


def requires_output(command: Callable[P, int]) -> Callable[P, int]:
    """For a command that does nothing but print: without its output it is refused."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        code = command(*args, **kwargs)
        error = output_error()
        if error is not None and code == EXIT_DONE:
            _mark_reported()
            raise OperatingSystemError.from_os_error(error)
        return code

    return run


def _mark_reported() -> None:
    if isinstance(sys.stdout, CheckedStream):
        sys.stdout.is_reported = True


def _report_lost_output() -> None:
    """Say on stderr that not everything was printed: what the command did is done, and its exit code stands."""
    error = output_error()
    if error is not None and not getattr(sys.stdout, "is_reported", False):
        reason = OperatingSystemError.from_os_error(error).reason
        click.echo(f"Not everything could be printed: {reason} What was done stays done.", err=True)


@contextmanager
def after_outcome() -> Iterator[None]:
    """Around what shows a result: whatever fails there is reported, and changes neither the result nor its code."""
    try:
        yield
    except (OSError, OrgkitError) as error:
        stop = OperatingSystemError.from_os_error(error) if isinstance(error, OSError) else error
        click.echo(str(stop), err=True)
    except KeyboardInterrupt:
        return


def report_reading(subject: str, _done: float, _at_most: float) -> None:
    """What is being read, on stderr: one living line on a terminal, a line each in a log."""
    width = columns() - 2
    line = flat(f"reading {subject}")[:width]
    living = sys.stderr.isatty()
    click.echo(f"\r{line:<{width}}\r" if living else line, nl=not living, err=True)


class Progress:
    """Writes to stderr, so that stdout stays for results; a log gets few lines. `LiveProgress` is for a terminal."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.label = ""
        self.waits: dict[str, int] = {}  # what a log has a line of, and how many seconds the wait had taken then

    def phase(self, phase: "Phase", result: "RunResult | None") -> None:
        """A phase begins, or has ended."""
        self.label, self.waits = phase.run_label, {}
        if result is not None:
            self._line(f"{phase.run_label:<22} {result.outcome:<18} {result.seconds:>6.1f} s  {result.progress}")

    def attempt(self, _phase: "Phase", number: int, attempt: "Attempt") -> None:
        """A run under faults has ended; without faults there is nothing to report."""
        from orgkit.cli.faults import attempt_lines

        if attempt.faults or attempt.repeat_command or number > 1:
            for line in "\n".join(attempt_lines(number, attempt)).split("\n"):
                self._line(line)

    def event(self, event: Mapping[str, Any]) -> None:
        """One event of the run, as it is written."""
        if event.get("event") == "wait":
            line = f"waiting for {event['what']}, {event['so_far']} of at most {event['at_most']} s"
            self._report_sometimes(line, str(event["what"]), int(event["so_far"]))
        if event.get("event") == "reading":
            line = f"reading {event['what']}, {int(event['done']):,} of {int(event['count']):,}"
            self._report_sometimes(line, "reading", int(event["seconds"]))

    def say(self, text: str) -> None:
        """A line of its own, if there is anything to say."""
        if text:
            self._line(text)

    def finish(self) -> None:
        """Nothing is shown from here on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def _report_sometimes(self, line: str, waited_for: str, so_far: int) -> None:
        """In a log, a line when a wait begins and one a minute: silence looks like a hang."""
        subject = waited_for.partition(":")[0]  # what follows may be the progress, which differs each time
        shown_at = self.waits.get(subject)
        if shown_at is not None and 0 <= so_far - shown_at < INTERVAL_SECONDS:
            return
        self.waits[subject] = so_far  # several can be waited for at the same time, and are reported in turn
        self._line(f"{self.label}: {line}")

    def _line(self, text: str) -> None:
        if not self.quiet:
            click.echo(wrap(text, indent=""), err=True)
