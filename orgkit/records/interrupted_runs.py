"""Runs that began to apply and never said how they ended: somebody killed them, or they are still open somewhere."""

from collections.abc import Iterator
from pathlib import Path

from orgkit.dataclass import dataclass
from orgkit.journal.events import read_events
from orgkit.model.outcome import StepStatus
from orgkit.phases.descriptor import Phase
from orgkit.records.files import label_of, run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.result import last_word


@dataclass(frozen=True)
class InterruptedRun:
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


def find_interrupted_runs(base: Path, account: str, phase: Phase, now: str) -> tuple[InterruptedRun, ...]:
    """Those of a phase that no run has named yet, oldest first; `now` is the run that asks."""
    runs = [run for run in run_folders(base, account) if label_of(run) == phase.run_label and run.name != now]
    events = {run: [event for event in read_events(run / "events.jsonl") if "event" in event] for run in runs}
    reported_runs = {
        event["run"] for run_events in events.values() for event in run_events if event["event"] == "cut-short"
    }
    return tuple(
        run_cut_short
        for run in runs
        if run.name not in reported_runs and not last_word(events[run])
        for run_cut_short in _interrupted(run, events[run])
    )


def _interrupted(run: Path, events: list[dict[str, object]]) -> Iterator[InterruptedRun]:
    """None of a run that had not begun to apply: it has changed nothing."""
    applied = [event for event in events if event["event"] == "apply"]
    if applied:
        steps = applied[-1]["steps"]
        done = [
            e for e in events if e["event"] == "step" and e["result"] in (StepStatus.DONE, StepStatus.ALREADY_APPLIED)
        ]
        assert isinstance(steps, list)
        yield InterruptedRun(run.name, len(done), len(steps), (run / MANIFEST).exists())
