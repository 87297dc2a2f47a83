"""Applying an approved plan: steps in order, accounts five at once, every doubt settled by looking again."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from orgkit.aws.advice import remedy_for
from orgkit.aws.asynchronous import Asynchronous
from orgkit.aws.rejections import EXPIRED_CODES, OutcomeUnknown, Rejected
from orgkit.aws.session import Connection
from orgkit.engine.concurrent import ConcurrentExecutor, groups
from orgkit.errors import ApprovalEnded, NeedsDecision, OrgkitError, StepFailed
from orgkit.model.approval import changed_since_approval
from orgkit.model.matching import IdIndex
from orgkit.model.outcome import Outcome, Outcomes, Slot, StepStatus
from orgkit.model.plan import ENABLED, Plan, Step, Waiting, identity
from orgkit.phases.handler import Handlers
from orgkit.phases.registry import load, phase_of

# After a lost answer AWS may still be committing: look after these pauses, before anything is sent again.
LOOK_AFTER_SECONDS = (5.0, 30.0)
ATTEMPTS = 3

Replan = Callable[[], tuple[Plan, IdIndex]]
OutcomesCallback = Callable[[Outcomes], None]


@dataclass
class _ApplyContext:
    """One apply under way: what it needs to know, and the outcomes so far."""

    aws: Connection
    id_index: IdIndex
    look: Replan
    watch: OutcomesCallback
    steps: Sequence[Step]
    handlers: Handlers
    outcomes: list[Outcome]
    blocked: tuple[Waiting, ...] = ()  # what the plan that is applied left out until a person decides
    expires_at: datetime | None = None  # of the approval: nothing is begun after it

    def report(self, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        self.watch(Outcomes(tuple(self.outcomes)))

    def is_to_do(self, step: Step) -> bool:
        """Read again what the step replaces; ApprovalMismatch when that is not what was approved."""
        value = self.handlers[type(step)].starting_value(self.aws, step, self.id_index)
        if value != step.starts_from and not (step.is_switch and value == ENABLED):
            raise changed_since_approval(step, value)
        return value == step.starts_from

    def report_slots(self, slots: Sequence[Slot], expected: float) -> None:
        self.watch(Outcomes(tuple(self.outcomes), slots=tuple(slots), expected=expected))


def apply(
    aws: Connection,
    plan: Plan,
    id_index: IdIndex,
    look: Replan,
    watch: OutcomesCallback = lambda _: None,
    *,
    expires_at: datetime | None = None,
) -> Outcomes:
    """Carry out the steps; a failed one leaves the later steps about the same subject, and no others.

    Args:
        aws: A connection as the management account.
        plan: What is left to do, as it was planned right before.
        id_index: The ids that go with the names of the plan.
        look: Reads AWS again and plans again: it decides, after a lost answer, whether a step is done.
        watch: Is called with the outcomes whenever one changes.
        expires_at: When the approval ends. A step that has sent nothing by then is skipped; one that has is settled.
    """
    outcomes = [Outcome(step.sentence, step.symbol, StepStatus.PENDING, step_id=step.id) for step in plan.steps]
    handlers = load(phase_of(plan.phase)).handlers
    context = _ApplyContext(aws, id_index, look, watch, plan.steps, handlers, outcomes, plan.blocked, expires_at)
    aws.journal.expires_at = expires_at  # no step's first change is sent after it, however long the step waits
    try:
        for group in groups(plan.steps):
            if isinstance(handlers[type(group[0][1])].run, Asynchronous):
                _run_group(context, group)
            else:
                _run_step(context, *group[0])
    finally:
        aws.journal.expires_at = None
    return Outcomes(tuple(context.outcomes))


def _run_step(context: _ApplyContext, index: int, step: Step) -> None:
    if _skip(context, index, step):
        return
    run = context.handlers[type(step)].run
    assert not isinstance(run, Asynchronous)
    _attempt(context, index, step, lambda: run(context.aws, step, context.id_index), check=context.is_to_do)


def _run_group(context: _ApplyContext, group: list[tuple[int, Step]]) -> None:
    operation = context.handlers[type(group[0][1])].run
    assert isinstance(operation, Asynchronous)
    ConcurrentExecutor(
        context, operation, group, attempt=partial(_attempt, context), skip=partial(_skip, context)
    ).run()


def _attempt(
    context: _ApplyContext,
    index: int,
    step: Step,
    act: Callable[[], object],
    *,
    is_final: bool = True,
    check: Callable[[Step], bool] = lambda _: True,
) -> bool:
    """Run one piece of a step; True unless it failed. Its outcome is reported, and journalled when the step ends."""
    started, event_count = time.monotonic(), len(context.aws.journal.events)
    earlier = context.outcomes[index]
    context.aws.journal.step, context.aws.journal.sentence = step.id, step.sentence
    context.report(index, replace(earlier, status=StepStatus.RUNNING))
    try:
        result = _act_until_known(context, step, act) if check(step) else StepStatus.ALREADY_APPLIED
        outcome = replace(earlier, status=result)
    except ApprovalEnded as end:
        outcome = _left_at_end(earlier, end)
    except (Rejected, OrgkitError) as error:
        outcome = _failure(earlier, error)
    outcome = replace(
        outcome,
        seconds=round(earlier.seconds + time.monotonic() - started, 3),
        request_ids=(*earlier.request_ids, *_request_ids(context.aws, event_count)),
    )
    failed = outcome.status is StepStatus.FAILED
    is_done = is_final or outcome.status in (StepStatus.FAILED, StepStatus.ALREADY_APPLIED, StepStatus.SKIPPED)
    context.report(index, outcome if is_done else replace(outcome, status=StepStatus.RUNNING))
    if is_done:
        _journal(context.aws, outcome)
    return not failed


def _act_until_known(context: _ApplyContext, step: Step, act: Callable[[], object]) -> StepStatus:
    """Act; when the answer is lost, observe before acting again."""
    for _ in range(ATTEMPTS):
        try:
            act()
            return StepStatus.DONE
        except OutcomeUnknown as doubt:
            lost = doubt
            if _is_done(context, step):
                return StepStatus.ALREADY_APPLIED
    raise StepFailed(
        f"AWS's answer to {lost.operation} was lost {ATTEMPTS} times ({lost.cause}).",
        "check the network, then run the phase again under the same approval: it looks before it acts.",
    )


def _is_done(context: _ApplyContext, step: Step) -> bool:
    for pause in LOOK_AFTER_SECONDS:
        context.aws.progress("a look at whether AWS did it: its answer was lost", 0.0, pause)
        context.aws.clock.sleep(pause)
        plan, id_index = context.look()
        context.id_index.learn(id_index)
        remaining = next((remaining for remaining in plan.steps if remaining.id == step.id), None)
        if remaining is None:
            _raise_new_decision(context, plan)
            return True
        if identity(remaining.facts()) != identity(step.facts()):
            raise changed_since_approval(step, remaining.starts_from)
    return False


def _raise_new_decision(context: _ApplyContext, plan: Plan) -> None:
    """NeedsDecision where steps are missing since a person has to decide: that a step is one of them proves nothing."""
    known = {decision.blocks for decision in context.blocked}
    for decision in plan.blocked:
        if decision.blocks not in known:
            raise NeedsDecision(decision.what, "plan again: the plan says what has to be decided.")


def _skip(context: _ApplyContext, index: int, step: Step) -> bool:
    """A step whose subject has failed is left, and so is everything once the credentials or the approval have ended."""
    if context.expires_at is not None and context.aws.clock.now() > context.expires_at:
        context.report(index, _left_at_end(context.outcomes[index], ApprovalEnded.at(context.expires_at)))
        _journal(context.aws, context.outcomes[index])
        return True
    done = zip(context.steps, context.outcomes, strict=True)
    failed = {earlier.subject: outcome for earlier, outcome in done if outcome.status is StepStatus.FAILED}
    if failed.keys() & set(step.depends_on) or any(outcome.code in EXPIRED_CODES for outcome in failed.values()):
        context.report(
            index, replace(context.outcomes[index], status=StepStatus.SKIPPED, reason="an earlier step failed")
        )
        _journal(context.aws, context.outcomes[index])
        return True
    return False


def _left_at_end(outcome: Outcome, end: ApprovalEnded) -> Outcome:
    return replace(outcome, status=StepStatus.SKIPPED, reason=end.reason, remedy=end.remedy, code=type(end).__name__)


def _failure(outcome: Outcome, error: Rejected | OrgkitError) -> Outcome:
    if isinstance(error, Rejected):
        return replace(
            outcome,
            status=StepStatus.FAILED,
            reason=str(error),
            remedy=remedy_for(error),
            code=error.code,
        )
    code = error.code if isinstance(error, StepFailed) else ""
    return replace(outcome, status=StepStatus.FAILED, reason=error.reason, remedy=error.remedy, code=code)


def _request_ids(aws: Connection, start: int) -> tuple[str, ...]:
    answers = (event for event in aws.journal.events[start:] if event["event"] == "answer")
    return tuple(event["request_id"] for event in answers if event["result"] == "committed" and event["request_id"])


def _journal(aws: Connection, outcome: Outcome) -> None:
    aws.journal.write(
        "step",
        step=outcome.step_id,
        sentence=outcome.sentence,
        result=str(outcome.status),
        seconds=outcome.seconds,
        request_ids=list(outcome.request_ids),
        why=outcome.reason,
        do=outcome.remedy,
        code=outcome.code,
    )
