"""The outcome of a run, computed from its events and its executed notebook; reported statuses are not trusted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from orgkit import errors
from orgkit.journal.events import DONE_RESULTS, Event, step_of
from orgkit.model.outcome import StepStatus
from orgkit.records.apply_progress import NamedStep, how_far
from orgkit.records.notebook_result import NotebookStop, approved_plan_of, faults, stopped_by

NOTHING_TO_CHANGE = "nothing to change"
OUTCOMES = {
    errors.EXIT_DONE: "done",
    errors.EXIT_REFUSED: "refused",
    errors.EXIT_PARAMETERS: "parameters",
    errors.EXIT_APPROVAL_NEEDED: "awaiting approval",
    errors.EXIT_PLAN_CHANGED: "plan changed",
    errors.EXIT_FAILED: "failed",
    errors.EXIT_NOT_VERIFIED: "not verified",
    errors.EXIT_INTERRUPTED: "interrupted",
    errors.EXIT_WAITING: "waiting",
    errors.EXIT_RETRY_LATER: "not yet",
}
CONTINUING_EVENTS = (
    "phase",
    "approval",
    "apply",
    "intent",
    "answer",
    "step",
)  # after a stop, these say that a run went on
MISMATCH_CODES = (errors.ApprovalEnded.__name__, errors.ApprovalMismatch.__name__)  # of steps that were not taken


@dataclass(frozen=True)
class RunResult:
    """The end of a run in one word and one exit code, why it is that one, and what was done until then."""

    outcome: str
    exit_code: int
    reasons: tuple[str, ...] = ()  # summary, why, what to do: lines for a person
    phase: str = ""
    run: str = ""
    plan_sha256: str = ""  # the plan that was applied, else the one that was made
    digest: str = ""  # of that planning; "" in a record of an earlier version
    steps: int = 0  # in the plan
    ended: Mapping[str, int] = field(default_factory=dict)  # steps by how they ended: done, found done, failed, left
    how_far: Mapping[str, tuple[NamedStep, ...]] = field(default_factory=dict)  # this run's steps, by how each stood
    mutations: Mapping[str, int] = field(default_factory=dict)  # attempted, committed, refused, unsure
    request_ids: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()  # what somebody else has to do
    commands: tuple[str, ...] = ()  # with which they do it
    next_command: str = ""  # with which a run that ended early is taken up again
    found: tuple[str, ...] = ()  # lines about earlier runs, lost answers and others at work
    seconds: float = 0.0
    identity: Mapping[str, Any] = field(default_factory=dict)
    approval: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, int] = field(default_factory=dict)  # of phase 00: how many stop phases, how many warn
    findings: tuple[str, ...] = ()  # of phase 00, those that stop or warn, in sentences
    estimate: Mapping[str, str] = field(default_factory=dict)  # USD a month: low, expected, high
    record: Path = Path()  # the run's folder, where it is known; not part of the record itself

    @property
    def succeeded(self) -> bool:
        return self.exit_code in (errors.EXIT_DONE, errors.EXIT_WAITING)

    @property
    def progress(self) -> str:
        """How many steps of the plan are done; empty for a phase that plans none, or has nothing to do."""
        if not self.steps:
            return ""
        done = sum(self.ended.get(result, 0) for result in DONE_RESULTS)
        return f"{done} of {self.steps} step{'' if self.steps == 1 else 's'} done"

    def as_json(self) -> dict[str, Any]:
        """All but the place of the record, which a copy elsewhere would belie."""
        return {key: value for key, value in asdict(self).items() if key != "record"}


def compute(
    notebook: Mapping[str, Any] | None,
    events: Sequence[Event],
    *,
    interruption: str = "",
    stop: NotebookStop | None = None,
) -> RunResult:
    """Compute the result of a run.

    Args:
        notebook: The executed notebook, as far as it was written.
        events: Those of its journal.
        interruption: What ended the run from outside, as far as its runner knows: a clause, such as "a signal ended the
            run"; "" when nothing did.
        stop: The error that ended it, as far as its runner knows; it counts where neither of the two shows one, because
            the disk did not take it.
    """
    events = [event for event in events if "event" in event]
    mutations = _mutations(events)
    code, reasons = _end(notebook, events, interruption, mutations, stop)
    applied, planned = _last(events, "apply"), _last(events, "plan")
    outcome = (
        NOTHING_TO_CHANGE
        if code == errors.EXIT_DONE and planned and not (applied or planned.get("steps"))
        else OUTCOMES[code]
    )
    return RunResult(
        outcome,
        code,
        tuple(reason for reason in reasons if reason),
        phase=_last(events, "phase").get("phase", ""),
        run=_last(events, "phase").get("run", ""),
        plan_sha256=(applied or planned).get("plan_sha256", ""),
        digest=_digest(applied or _last(events, "rejection"), planned),
        steps=_count(planned.get("steps", 0)),
        ended=_ended_steps(events),
        how_far=how_far(events),
        mutations=mutations,
        request_ids=tuple(dict.fromkeys(_request_ids(events))),
        waiting=tuple(_last(events, "verified").get("waiting", ())),
        commands=tuple(_last(events, "verified").get("commands", ())),
        next_command=_next_command(code, events, approved_plan_of(notebook)),
        found=tuple(_last(events, "found").get("lines", ())),
        seconds=_seconds(events),
        identity=_values(_last(events, "identity"), "at"),
        approval=_values(_last(events, "approval")),
        checks=_values(_last(events, "checks"), "at", "lines"),
        findings=tuple(_last(events, "checks").get("lines", ())),
        estimate=_values(_last(events, "estimate"), "at"),
    )


def _digest(decision: Event, planned: Event) -> str:
    """What was applied or rejected, or what can be approved: nobody approves a plan that is empty or stopped."""
    if decision:
        return str(decision.get("digest", ""))
    return str(planned.get("digest", "")) if planned.get("steps") else ""


def _end(
    notebook: Mapping[str, Any] | None,
    events: Sequence[Event],
    interruption: str,
    mutations: Mapping[str, int],
    runner_stop: NotebookStop | None,
) -> tuple[int, tuple[str, ...]]:
    """Exit code and reasons: from the last stop or end, unless the run went on after it."""
    last = last_word(events)
    if last.get("event") == "stop":
        return _stop_result(
            NotebookStop(*(last.get(key, "") for key in ("exit_code", "summary", "why", "do"))), mutations
        )
    wrong = tuple(faults(notebook))
    if last.get("event") == "end":
        return _end_result(events, wrong)
    stop = stopped_by(notebook) or runner_stop
    if stop is not None and not interruption:
        return _stop_result(stop, mutations)
    reason = interruption or "the run stopped before its end"
    return errors.EXIT_INTERRUPTED, (
        errors.Interrupted.summary,
        f"{reason}{'' if mutations['attempted'] else errors.Interrupted.no_change_suffix}.",
        errors.Interrupted.remedy_to_continue,
    )


def _stop_result(stop: NotebookStop, mutations: Mapping[str, int]) -> tuple[int, tuple[str, ...]]:
    """`refused` promises that nothing was changed; after a mutation that may have worked, it is `failed`."""
    changed = mutations["attempted"] > mutations["refused"]
    code = errors.EXIT_FAILED if changed and stop.exit_code == errors.EXIT_REFUSED else stop.exit_code
    return (code if code in OUTCOMES and code else errors.EXIT_FAILED), (stop.summary, stop.reason, stop.remedy)


def _end_result(events: Sequence[Event], wrong: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """A run that came to its end: it has to be verified, and its notebook whole."""
    verified = _last(_since(events, "apply"), "verified")
    if not verified.get("passed"):
        return errors.EXIT_NOT_VERIFIED, (errors.NotVerified.summary, *map(str, verified.get("left", ())))
    if wrong:
        return errors.EXIT_FAILED, ("The events report success; the notebook does not.", *wrong)
    if verified.get("waiting"):
        return errors.EXIT_WAITING, tuple(map(str, verified["waiting"]))
    return errors.EXIT_DONE, ()


def _next_command(code: int, events: Sequence[Event], approved_plan: str) -> str:
    """For a run that the same command takes up again, under its approval or `approved_plan`, as long as that fits."""
    phase, approval = _last(events, "phase").get("phase", ""), _last(events, "approval")
    digest = approval.get("digest", "") or approved_plan
    fits_no_more = any(event.get("code") in MISMATCH_CODES for event in _since(events, "apply"))
    if phase and (code == errors.EXIT_PLAN_CHANGED or (code == errors.EXIT_FAILED and fits_no_more)):
        return f"orgkit plan FILE {phase}"
    if code not in (errors.EXIT_FAILED, errors.EXIT_INTERRUPTED, errors.EXIT_RETRY_LATER) or not phase:
        return ""
    if approval.get("signed_sha256"):
        return f"orgkit run FILE {phase} --approval APPROVAL"
    return f"orgkit run FILE {phase}{f' --approved-plan {digest}' if digest else ''}"


def last_word(events: Sequence[Event]) -> Event:
    """The stop or end that nothing came after; a run that went on after it has not had its last word."""
    for event in reversed(events):
        if event["event"] in ("stop", "end"):
            return event
        if event["event"] in CONTINUING_EVENTS:
            break
    return {}


def _last(events: Sequence[Event], name: str) -> Event:
    return next((event for event in reversed(events) if event["event"] == name), {})


def _since(events: Sequence[Event], name: str) -> Sequence[Event]:
    """The events from the last one of this name on; all of them when there is none."""
    places = [place for place, event in enumerate(events) if event["event"] == name]
    return events[places[-1] :] if places else events


def _values(event: Event, *excluded: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in ("event", *excluded)}


def _count(steps: Any) -> int:
    return steps if isinstance(steps, int) else len(steps)


def _ended_steps(events: Sequence[Event]) -> dict[str, int]:
    """Each step counted once, as it ended last."""
    last = {step_of(event): event.get("result") for event in events if event["event"] == "step"}
    return {str(result): count for result in _FINAL_STATUSES if (count := list(last.values()).count(result))}


def _mutations(events: Sequence[Event]) -> dict[str, int]:
    answers = [event.get("result") for event in events if event["event"] == "answer"]
    attempted = sum(event["event"] == "intent" for event in events)
    return {"attempted": attempted, **{result: answers.count(result) for result in ("committed", "refused", "unsure")}}


def _request_ids(events: Sequence[Event]) -> Iterator[str]:
    return (event["request_id"] for event in events if event["event"] == "answer" and event.get("request_id"))


def _seconds(events: Sequence[Event]) -> float:
    """From the first event to the last, by this machine's clock; an approval has the time of the approver's clock."""
    times = [datetime.fromisoformat(e["at"]) for e in events if "at" in e and e["event"] != "approval"]
    return round((max(times) - min(times)).total_seconds(), 3) if times else 0.0


_FINAL_STATUSES = (StepStatus.DONE, StepStatus.ALREADY_APPLIED, StepStatus.FAILED, StepStatus.SKIPPED)
