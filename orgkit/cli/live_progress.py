"""Progress in a terminal: finished steps stay in the scrollback, and below them is what is under way."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from orgkit.cli.layout import COLORS, MAX_COLUMNS, MIN_COLUMNS, NO_BREAK, WORDS, wrap
from orgkit.cli.output import Progress
from orgkit.cli.progress_bar import BAR_LENGTH, bar, new_console
from orgkit.dataclass import dataclass
from orgkit.phases.descriptor import Phase
from orgkit.records.result import RunResult

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

SAFE_TO_STOP = "Ctrl-C is safe: run it again to go on."  # one line at 40 columns: it is drawn again and again
# What the run does after an event of this name, until the next one.
STATUS_AFTER = {
    "phase": "connecting", "identity": "reading AWS", "plan": "checking the approval", "approval": "applying",
    "apply": "applying", "verified": "writing the record", "stop": "stopping: the record is written",
    "end": "sealing the record",
}  # fmt: skip


@dataclass
class RunState:
    """What the events of a run have said so far."""

    label: str = ""
    status: str = "starting"
    steps: tuple[str, ...] = ()  # of the apply, by id
    ended: set[str] = field(default_factory=set)
    current: str = ""  # the sentence of the step for which a change was sent last
    wait: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)  # how far it is, where that takes long
    slots: tuple[tuple[str, int, int, int], ...] = ()  # name, seconds so far, at most, and usually
    expected: int = 0  # seconds until AWS has ended all of them, by what it usually takes; 0: not known

    def take(self, event: Mapping[str, Any]) -> str:
        """Take in one event; the line that it leaves in the scrollback, "" for none."""
        name = str(event.get("event", ""))
        self.status = STATUS_AFTER.get(name, self.status)
        if name == "wait":
            self.wait = f"waiting for {event['what']}, {event['so_far']} of at most {event['at_most']} s"
            self.slots = tuple(
                (str(name), int(so_far), int(at_most), int(usually))
                for name, so_far, at_most, usually in event.get("slots", ())
            )
            self.expected = int(event.get("expected", 0))
            return ""
        self.wait, self.expected = "", 0
        self.reading = event if name == "reading" else {}
        if name == "apply":
            self.steps = tuple(str(step["id"]) for step in event["steps"])
        if name == "intent":
            self.current = str(event.get("sentence", ""))
        if name == "step":
            self.ended.add(str(event["step"]))
            self.current, self.slots = "", ()  # until the next wait says who takes one now
            seconds = f" ({event['seconds']:.1f}{NO_BREAK}s)" if event.get("seconds") else ""
            reason = f": {event['why']}" if event.get("why") else ""
            return f"{event['result']}  {event['sentence']}{seconds}{reason}"
        return ""

    def lines(self, elapsed: float, width: int) -> Iterator[str]:
        """What is under way, each line as long as it is."""
        steps = f"  {len(self.ended)} of {len(self.steps)} steps" if self.steps else ""
        expected = f", about {self.expected} s more" if self.expected else ""
        yield f"{self.label}  {self.status}{steps}  {elapsed:.0f} s{expected}"
        if self.steps:
            yield bar(len(self.ended), len(self.steps), min(BAR_LENGTH, width - 2))
        if self.reading:
            done, count = int(self.reading["done"]), int(self.reading["count"])
            yield f"{bar(done, count, min(BAR_LENGTH, width - 2))} {self.reading['what']}, {done:,} of {count:,}"
        if self.current:
            yield f"now: {self.current}"
        if self.slots:
            yield "AWS creates at most five accounts at once:"
            for number, (name, so_far, at_most, usually) in enumerate(self.slots, 1):
                limit = f" of about {usually} s" if so_far <= usually else f", at most {at_most} s"
                times = f"  {so_far} s{limit}" if at_most else ""
                yield f"  {number}  {name or 'free'}{times}"
        elif self.wait:
            yield self.wait
        yield SAFE_TO_STOP


class LiveProgress(Progress):
    """Writes to stderr, so that stdout stays for results."""

    def __init__(self, console: "Console | None" = None) -> None:
        super().__init__()
        self._console = console or new_console()
        self._state = RunState()
        self._started = time.monotonic()
        self._live: Live | None = None

    def phase(self, phase: Phase, result: RunResult | None) -> None:
        """A phase begins, or has ended."""
        if result is None:
            self.finish()
            self._state, self._started = RunState(phase.run_label), time.monotonic()
            self._start()
        else:
            self.finish()
            super().phase(phase, result)

    def event(self, event: Mapping[str, Any]) -> None:
        """One event of the run, as it is written."""
        line = self._state.take(event)
        if line:
            self._print(line)

    def finish(self) -> None:
        """Take away what is under way; the lines above it stay."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _start(self) -> None:
        from rich.live import Live

        self._live = Live(
            get_renderable=self._render, console=self._console, refresh_per_second=4, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._live.start()

    def _render(self) -> "Text":
        from rich.text import Text

        width = max(MIN_COLUMNS, min(self._console.width, MAX_COLUMNS))
        lines = self._state.lines(time.monotonic() - self._started, width)
        return Text("\n".join(_fit_lines(list(lines), width)), style="dim")

    def _line(self, text: str) -> None:
        self._print(wrap(text, indent=""))

    def _print(self, line: str) -> None:
        from rich.text import Text

        label = next((word for word in WORDS if line.startswith(f"{word} ")), "")
        hanging_indent = " " * (len(label) + 2) if label else ""
        text = Text(line if "\n" in line else wrap(line, "", hanging_indent))
        if label:
            text.stylize(COLORS[label], 0, len(label))
        self._console.print(text, soft_wrap=True)


def _fit_lines(lines: Sequence[str], width: int) -> Iterator[str]:
    """As wide as the terminal: the place of what is updated is known by its lines."""
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        content = wrap(line.strip(), indent=indent)
        yield from (part[: width - 1] for part in content.splitlines())
