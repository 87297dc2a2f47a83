"""Where each phase stands, by AWS itself: done, ready, waiting for someone, drifted, or not yet."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from orgkit.aws.session import Connection
from orgkit.dataclass import dataclass
from orgkit.engine.observe import observe
from orgkit.journal.events import read_events
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.plan import Plan
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import PHASES, phases_for
from orgkit.phases.registry import plan as plan_phase
from orgkit.records.files import label_of, read_json, run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.result import last_word


class State(StrEnum):
    """One word for each phase; the sign before it says the same."""

    DONE = "✓ done"
    READY = "▶ ready"
    WAITING = "… waiting for someone"
    DRIFTED = "≠ drifted"
    NOT_YET = "· not yet"
    UNKNOWN = "? unknown"


@dataclass(frozen=True)
class LastRun:
    """The last run of a phase that was begun: how it ended, and of which file."""

    folder: Path
    outcome: str
    succeeded: bool
    parameters_sha256: str

    @property
    def page(self) -> Path:
        """What a person opens: the record's page once it is sealed, else the notebook."""
        page = self.folder / f"{label_of(self.folder)}.html"
        return page if page.exists() else page.with_suffix(".ipynb")


@dataclass(frozen=True)
class PhaseStatus:
    """Where one phase stands, and why."""

    phase: Phase
    state: State
    reason: str
    last: LastRun | None
    step_count: int = 0  # of its plan; 0 too where only a person can go on

    @property
    def can_be_opened(self) -> bool:
        return self.state is not State.NOT_YET


def phase_statuses(aws: Connection, desired: Desired, base: Path) -> tuple[PhaseStatus, ...]:
    """Every phase, with AWS read once; raises what reading raises."""
    return observed_statuses(observe(aws, desired), desired, base)


def observed_statuses(observed: Observed, desired: Desired, base: Path) -> tuple[PhaseStatus, ...]:
    """Every phase, by a reading of AWS that covers all of them; raises what planning raises."""
    account = desired.organization.management_account_id
    statuses = []
    for phase in phases_for(desired):
        last, step_count = last_run(base, account, phase), 0
        if phase.changes:
            plan = plan_phase(phase.label, observed, desired)
            state, reason = judge(phase, plan, last, desired.sha256)
            step_count = len(plan.steps)
        elif phase.label == "management-account":
            state, reason = judge_account(_stops(observed), observed.organization is not None, last)
        else:
            state, reason = judge_reading(last, desired.sha256)
        statuses.append(PhaseStatus(phase, state, reason, last, step_count))
    return tuple(statuses)


def unknown_statuses(base: Path, account: str, reason: str) -> tuple[PhaseStatus, ...]:
    """What is left to say when AWS or the file could not be read."""
    return tuple(PhaseStatus(phase, State.UNKNOWN, reason, last_run(base, account, phase)) for phase in PHASES)


def judge(phase: Phase, plan: Plan, last: LastRun | None, parameters_sha256: str) -> tuple[State, str]:
    """By the plan; whether what is left is drift or work, also by the last run: it had done it all for this file."""
    if plan.stops:
        return State.NOT_YET, f"stopped by phase 00: {plan.stops[0].sentence}"
    if (plan.needs and not plan.empty) or plan.preview:
        return State.NOT_YET, plan.needs[0] if plan.needs else "the organization comes first"
    if plan.empty and plan.unrepaired_drift:
        return State.DRIFTED, plan.unrepaired_drift[0]
    if plan.empty and plan.waiting:
        return State.WAITING, f"{plan.waiting[0].what} ({plan.waiting[0].who})"
    if plan.empty:
        return State.DONE, "AWS is as the file asks"
    steps = f"{len(plan.steps)} step(s), first: {plan.steps[0].sentence}"
    was_done = last is not None and last.succeeded and last.parameters_sha256 == parameters_sha256
    if was_done or (phase.label != "organization" and all(step.symbol == "~" for step in plan.steps)):
        return State.DRIFTED, steps
    return State.READY, steps


def judge_account(stops: tuple[str, ...], has_organization: bool, last: LastRun | None) -> tuple[State, str]:
    """Phase 00 is somebody's work by hand: what it finds has to be fixed by them."""
    if stops:
        return State.WAITING, f"{len(stops)} finding(s) stop phases, first: {stops[0]}"
    if has_organization or (last is not None and last.succeeded):
        return State.DONE, "nothing was found that stops a phase"
    return State.READY, "nothing was found that stops a phase; running it makes every check"


def _stops(observed: Observed) -> tuple[str, ...]:
    return tuple(finding.sentence for finding in observed.findings if finding.verdict == "stops")


def judge_reading(last: LastRun | None, parameters_sha256: str) -> tuple[State, str]:
    """A phase that only reads is done when it was run for this file."""
    if last is not None and last.succeeded and last.parameters_sha256 == parameters_sha256:
        return State.DONE, "run for the file as it is"
    return State.READY, "it only reads"


def last_run(base: Path, account: str, phase: Phase) -> LastRun | None:
    """None while the phase was never begun; a prepared copy that nobody has run is no run."""
    return max(_runs(base, account, phase), key=lambda run: _has_begun(run.folder), default=None)


def _runs(base: Path, account: str, phase: Phase) -> Iterator[LastRun]:
    for folder in run_folders(base, account):
        if label_of(folder) != phase.run_label:
            continue
        events = [event for event in read_events(folder / "events.jsonl") if "event" in event]
        if not events:
            continue
        last_event, verified = last_word(events), any(e["event"] == "verified" and e.get("passed") for e in events)
        sealed = (folder / MANIFEST).exists()
        word_of_run = read_json(folder / "result.json").get("outcome", "") if sealed else last_event.get("summary", "")
        outcome = str(word_of_run or ("done, not sealed yet" if last_event.get("event") == "end" else "not ended"))
        succeeded = last_event.get("event") == "end" and verified
        sha256 = next((str(e["parameters_sha256"]) for e in events if "parameters_sha256" in e), "")
        yield LastRun(folder, outcome, succeeded, sha256)


def _has_begun(folder: Path) -> float:
    return (folder / "events.jsonl").stat().st_mtime
