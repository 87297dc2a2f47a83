"""Applying an approved plan: steps in order, accounts five at once, every doubt settled by looking again."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from orgkit.accounts import aws as accounts
from orgkit.aws.asynchronous import Asynchronous
from orgkit.aws.constraints import advice
from orgkit.aws.retry import EXPIRED, Refused, Unsure
from orgkit.aws.session import Connection
from orgkit.billing import aws as billing
from orgkit.errors import OrgkitError, StepFailed
from orgkit.imports import aws as imports
from orgkit.model.directory import Directory
from orgkit.organization import aws as organization
from orgkit.outcome import Outcome, Outcomes, Result, Slot
from orgkit.plan import Plan, Step
from orgkit.together import Together, groups
from orgkit.trail import aws as trail
from orgkit.units import aws as units

HANDLERS: dict[type[Step], Any] = {
    **organization.STEPS,
    **units.STEPS,
    **accounts.STEPS,
    **imports.STEPS,
    **trail.STEPS,
    **billing.STEPS,
}
# After a lost answer AWS may still be committing: look after these pauses, before anything is sent again.
LOOK_AFTER = (5.0, 30.0)
ATTEMPTS = 3

Look = Callable[[], tuple[Plan, Directory]]
Watch = Callable[[Outcomes], None]


@dataclass
class _Apply:
    """One apply under way: what it needs to know, and the outcomes so far."""

    aws: Connection
    directory: Directory
    look: Look
    watch: Watch
    steps: Sequence[Step]
    outcomes: list[Outcome]
    stop_after: str

    def tell(self, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        self.watch(Outcomes(tuple(self.outcomes)))

    def tell_slots(self, slots: Sequence[Slot]) -> None:
        self.watch(Outcomes(tuple(self.outcomes), slots=tuple(slots)))


def apply(aws: Connection, plan: Plan, directory: Directory, look: Look, watch: Watch = lambda _: None) -> Outcomes:
    """Carry out the steps; a failed one leaves the later steps about the same subject, and no others.

    `look` reads AWS again and plans again: it decides, after a lost answer, whether a step is done.
    """
    outcomes = [Outcome(step.sentence, step.sign, Result.PENDING) for step in plan.steps]
    doing = _Apply(aws, directory, look, watch, plan.steps, outcomes, os.environ.get("ORGKIT_STOP_AFTER", ""))
    for group in groups(plan.steps):
        if isinstance(HANDLERS[type(group[0][1])], Asynchronous):
            _together(doing, group)
        else:
            _one(doing, *group[0])
    return Outcomes(tuple(doing.outcomes))


def _one(doing: _Apply, index: int, step: Step) -> None:
    if _left(doing, index, step):
        return
    _attempt(doing, index, step, lambda: HANDLERS[type(step)](doing.aws, step, doing.directory))


def _together(doing: _Apply, group: list[tuple[int, Step]]) -> None:
    way: Asynchronous = HANDLERS[type(group[0][1])]
    Together(doing, way, group, attempt=partial(_attempt, doing), left=partial(_left, doing)).run()


def _attempt(doing: _Apply, index: int, step: Step, act: Callable[[], object], *, ends: bool = True) -> bool:
    """Run one piece of a step; True unless it failed. Its outcome is told, and journalled when the step ends."""
    started, before = time.monotonic(), len(doing.aws.journal.events)
    earlier = doing.outcomes[index]
    doing.aws.journal.step = step.sentence
    doing.tell(index, replace(earlier, result=Result.RUNNING))
    try:
        result = _until_sure(doing, step, act)
        outcome = replace(earlier, result=result)
    except (Refused, OrgkitError) as error:
        outcome = _failure(earlier, error)
    outcome = replace(
        outcome,
        seconds=round(earlier.seconds + time.monotonic() - started, 3),
        request_ids=(*earlier.request_ids, *_request_ids(doing.aws, before)),
    )
    failed = outcome.result is Result.FAILED
    over = ends or failed or outcome.result is Result.FOUND
    if over and not failed and doing.stop_after and doing.stop_after in (type(step).__name__, step.sentence):
        os.kill(os.getpid(), signal.SIGKILL)  # asked for by a test: the worst moment, done and not yet written down
    doing.tell(index, outcome if over else replace(outcome, result=Result.RUNNING))
    if over:
        _journal(doing.aws, outcome)
    return not failed


def _until_sure(doing: _Apply, step: Step, act: Callable[[], object]) -> Result:
    """Act; when the answer is lost, observe before acting again."""
    for _ in range(ATTEMPTS):
        try:
            act()
            return Result.DONE
        except Unsure as unsure:
            lost = unsure
            if _seen_done(doing, step):
                return Result.FOUND
    raise StepFailed(
        f"AWS's answer to {lost.operation} was lost {ATTEMPTS} times ({lost.cause}).",
        "check the network, then run the phase again under the same approval: it looks before it acts.",
    )


def _seen_done(doing: _Apply, step: Step) -> bool:
    for pause in LOOK_AFTER:
        doing.aws.progress("a look at whether AWS did it: its answer was lost", 0.0, pause)
        doing.aws.clock.sleep(pause)
        plan, directory = doing.look()
        doing.directory.learn(directory)
        if step.facts() not in [left.facts() for left in plan.steps]:
            return True
    return False


def _left(doing: _Apply, index: int, step: Step) -> bool:
    """A step whose subject has failed is left, and so is everything once the credentials have ended."""
    done = zip(doing.steps, doing.outcomes, strict=True)
    failed = {earlier.subject: outcome for earlier, outcome in done if outcome.result is Result.FAILED}
    if failed.keys() & set(step.leans_on) or any(outcome.code in EXPIRED for outcome in failed.values()):
        doing.tell(index, replace(doing.outcomes[index], result=Result.LEFT, why="an earlier step failed"))
        _journal(doing.aws, doing.outcomes[index])
        return True
    return False


def _failure(outcome: Outcome, error: Refused | OrgkitError) -> Outcome:
    if isinstance(error, Refused):
        return replace(
            outcome, result=Result.FAILED, why=str(error), do=advice(error.reason, error.code), code=error.code
        )
    code = error.code if isinstance(error, StepFailed) else ""
    return replace(outcome, result=Result.FAILED, why=error.why, do=error.do, code=code)


def _request_ids(aws: Connection, before: int) -> tuple[str, ...]:
    answers = (event for event in aws.journal.events[before:] if event["event"] == "answer")
    return tuple(event["request_id"] for event in answers if event["result"] == "committed" and event["request_id"])


def _journal(aws: Connection, outcome: Outcome) -> None:
    aws.journal.write(
        "step",
        sentence=outcome.sentence,
        result=str(outcome.result),
        seconds=outcome.seconds,
        request_ids=list(outcome.request_ids),
        why=outcome.why,
        do=outcome.do,
        code=outcome.code,
    )
