"""Runs that began to apply and never said how they ended: somebody killed them, or they are still open somewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orgkit.journal import read_events
from orgkit.outcome import Result as StepResult
from orgkit.phases import Phase
from orgkit.record.files import label_of, run_folders
from orgkit.record.manifest import MANIFEST
from orgkit.record.result import last_word


@dataclass(frozen=True)
class CutShort:
    """Such a run, and how far it had written down that it came."""

    run: str
    done: int
    steps: int
    sealed: bool

    @property
    def sentence(self) -> str:
        """The line that a person reads."""
        record = "" if self.sealed else ", and its record is not sealed"
        return (
            f"{self.run} did not come to its end: {self.done} of its {self.steps} step(s) stand there as done{record}"
        )


def cut_short(base: Path, account: str, phase: Phase, now: str) -> tuple[CutShort, ...]:
    """Those of a phase that no run has named yet, oldest first; `now` is the run that asks."""
    runs = [run for run in run_folders(base, account) if label_of(run) == phase.label and run.name != now]
    events = {run: [event for event in read_events(run / "events.jsonl") if "event" in event] for run in runs}
    named = {event["run"] for each in events.values() for event in each if event["event"] == "cut-short"}
    return tuple(
        found for run in runs if run.name not in named and not last_word(events[run]) for found in _of(run, events[run])
    )


def _of(run: Path, events: list[dict[str, object]]) -> Iterator[CutShort]:
    """None of a run that had not begun to apply: it has changed nothing."""
    applied = [event for event in events if event["event"] == "apply"]
    if applied:
        steps = applied[-1]["steps"]
        done = [e for e in events if e["event"] == "step" and e["result"] in (StepResult.DONE, StepResult.FOUND)]
        assert isinstance(steps, list)
        yield CutShort(run.name, len(done), len(steps), (run / MANIFEST).exists())
