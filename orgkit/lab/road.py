"""Where each phase stands, by AWS itself: done, ready, waiting for someone, drifted, or not yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orgkit.aws.session import Connection
from orgkit.journal import read_events
from orgkit.model.desired import Desired
from orgkit.phases import PHASES, Phase
from orgkit.plan import Plan
from orgkit.planning import plan_phase
from orgkit.read import read_organization
from orgkit.record.files import label_of, read_json, run_folders
from orgkit.record.manifest import MANIFEST
from orgkit.record.result import last_word


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
class Stand:
    """Where one phase stands, and why."""

    phase: Phase
    state: State
    why: str
    last: LastRun | None

    @property
    def can_be_opened(self) -> bool:
        return self.state is not State.NOT_YET


def stands(aws: Connection, desired: Desired, base: Path) -> tuple[Stand, ...]:
    """Every phase, with AWS read once; raises what reading raises."""
    observed = read_organization(aws, desired)
    account = desired.organization.management_account_id
    found = []
    for phase in PHASES:
        last = last_run(base, account, phase)
        if phase.changes:
            state, why = judge(phase, plan_phase(phase.name, observed, desired), last, desired.sha256)
        elif phase.name == "management_account":
            state, why = judge_account(observed.stops, observed.organization is not None, last)
        else:
            state, why = judge_reading(last, desired.sha256)
        found.append(Stand(phase, state, why, last))
    return tuple(found)


def unknown(base: Path, account: str, why: str) -> tuple[Stand, ...]:
    """What is left to say when AWS or the file could not be read."""
    return tuple(Stand(phase, State.UNKNOWN, why, last_run(base, account, phase)) for phase in PHASES)


def judge(phase: Phase, plan: Plan, last: LastRun | None, parameters_sha256: str) -> tuple[State, str]:
    """By the plan; whether what is left is drift or work, also by the last run: it had done it all for this file."""
    if plan.stops:
        return State.NOT_YET, f"phase 00 stops here: {plan.stops[0]}"
    if (plan.needs and not plan.empty) or plan.preview:
        return State.NOT_YET, plan.needs[0] if plan.needs else "the organization comes first"
    if plan.empty and plan.waiting:
        return State.WAITING, f"{plan.waiting[0].what} ({plan.waiting[0].who})"
    if plan.empty:
        return State.DONE, "AWS is as the file asks"
    steps = f"{len(plan.steps)} step(s), first: {plan.steps[0].sentence}"
    was_done = last is not None and last.succeeded and last.parameters_sha256 == parameters_sha256
    if was_done or (phase.name != "organization" and all(step.sign == "~" for step in plan.steps)):
        return State.DRIFTED, steps
    return State.READY, steps


def judge_account(stops: tuple[str, ...], has_organization: bool, last: LastRun | None) -> tuple[State, str]:
    """Phase 00 is somebody's work by hand: what it finds has to be mended by them."""
    if stops:
        return State.WAITING, f"{len(stops)} finding(s) stop phase 01, first: {stops[0]}"
    if has_organization or (last is not None and last.succeeded):
        return State.DONE, "nothing that was found stops phase 01"
    return State.READY, "nothing stops phase 01 as far as seen; the runbook makes every check"


def judge_reading(last: LastRun | None, parameters_sha256: str) -> tuple[State, str]:
    """A phase that only reads is done when it was run for this file."""
    if last is not None and last.succeeded and last.parameters_sha256 == parameters_sha256:
        return State.DONE, "run for the file as it is"
    return State.READY, "it only reads"


def last_run(base: Path, account: str, phase: Phase) -> LastRun | None:
    """None while the phase was never begun; a prepared copy that nobody has run is no run."""
    return max(_runs(base, account, phase), key=lambda run: _begun(run.folder), default=None)


def _runs(base: Path, account: str, phase: Phase) -> Iterator[LastRun]:
    for folder in run_folders(base, account):
        if label_of(folder) != phase.label:
            continue
        events = [event for event in read_events(folder / "events.jsonl") if "event" in event]
        if not events:
            continue
        word, verified = last_word(events), any(e["event"] == "verified" and e.get("passed") for e in events)
        sealed = (folder / MANIFEST).exists()
        told = read_json(folder / "result.json").get("outcome", "") if sealed else word.get("summary", "")
        outcome = str(told or ("done, not sealed yet" if word.get("event") == "end" else "not ended"))
        succeeded = word.get("event") == "end" and verified
        sha256 = next((str(e["parameters_sha256"]) for e in events if "parameters_sha256" in e), "")
        yield LastRun(folder, outcome, succeeded, sha256)


def _begun(folder: Path) -> float:
    return (folder / "events.jsonl").stat().st_mtime
