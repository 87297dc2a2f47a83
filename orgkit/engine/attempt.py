"""One step being carried out: its starting value compared, every doubt settled by looking again, its outcome."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from orgkit.aws.advice import remedy_for
from orgkit.aws.rejections import EXPIRED_CODES, OutcomeUnknown, Rejected
from orgkit.aws.session import Connection
from orgkit.aws.waiting import Wait, Waits
from orgkit.errors import ApprovalEnded, ApprovalMismatch, NeedsDecision, OrgkitError, StepFailed
from orgkit.model.approval import changed_since_approval
from orgkit.model.matching import IdIndex
from orgkit.model.outcome import Outcome, Outcomes, OutcomeSnapshots, Slot, StepStatus
from orgkit.model.plan import ENABLED, Plan, Step, Waiting, identity
from orgkit.phases.handler import Handlers
from orgkit.phases.registry import phase_of

# After a lost answer AWS may still be committing: look after these pauses, before anything is sent again.
LOOK_AFTER_SECONDS = (5.0, 30.0)
ATTEMPTS = 3

Replan = Callable[[], tuple[Plan, IdIndex]]
OutcomesCallback = Callable[[Outcomes], None]
T = TypeVar("T")


@dataclass
class ApplyContext:
    """One apply under way: what it needs to know, and the outcomes so far."""

    aws: Connection
    id_index: IdIndex
    look: Replan
    watch: OutcomesCallback
    handlers: Handlers
    steps: Sequence[Step]
    outcomes: list[Outcome]
    blocked: tuple[Waiting, ...] = ()  # what the plan that is applied left out until a person decides
    expires_at: datetime | None = None  # of the approval: nothing is begun after it
    slots: tuple[Slot, ...] = ()  # while AWS works on several at once
    expected: float = 0.0  # seconds until AWS has ended them, by what it usually takes; 0 where that is not known
    failed_subjects: set[str] = field(default_factory=set)
    credentials_ended: bool = False

    def __post_init__(self) -> None:
        self._snapshots = OutcomeSnapshots(self.outcomes)

    def report(self, index: int, outcome: Outcome) -> None:
        self.outcomes[index] = outcome
        if outcome.status is StepStatus.FAILED:
            self.failed_subjects.add(self.steps[index].subject)
            self.credentials_ended = self.credentials_ended or outcome.code in EXPIRED_CODES
        self._show(self._snapshots.update(index))

    def report_slots(self, slots: Sequence[Slot], expected: float) -> None:
        self.slots, self.expected = tuple(slots), expected
        self._show(self._snapshots.latest())

    def _show(self, outcomes: Sequence[Outcome]) -> None:
        self.watch(Outcomes(outcomes, slots=self.slots, expected=self.expected))

    def is_to_do(self, step: Step) -> Waits[bool]:
        """Read again what the step replaces; ApprovalMismatch when that is not what was approved."""
        value = yield from _value_of(self.handlers[type(step)].starting_value(self.aws, step, self.id_index))
        if value != step.starts_from and not (step.is_switch and value == ENABLED):
            raise changed_since_approval(step, value)
        return value == step.starts_from

    def skip(self, index: int, step: Step) -> bool:
        """A step whose subject has failed is left, and so is everything once credentials or approval have ended."""
        outcome = self.outcomes[index]
        if self.expires_at is not None and self.aws.clock.now() > self.expires_at:
            skipped_outcome = _left_at_end(outcome, ApprovalEnded.at(self.expires_at))
        elif self.credentials_ended or not self.failed_subjects.isdisjoint(step.depends_on):
            skipped_outcome = replace(outcome, status=StepStatus.SKIPPED, reason="an earlier step failed")
        else:
            return False
        self.report(index, skipped_outcome)
        _journal(self.aws, skipped_outcome)
        return True


class Attempt:
    """A step, or a part of one. Where AWS has to be waited for it stops, and other steps can be carried out."""

    def __init__(
        self, context: ApplyContext, index: int, step: Step, work: Waits[StepStatus], *, is_final: bool = True
    ) -> None:
        self._context, self._index, self._step, self._work = context, index, step, work
        self._is_final = is_final
        self._is_new, self._started = True, time.monotonic()
        self._earlier = context.outcomes[index]
        self._request_ids = self._earlier.request_ids
        context.report(index, replace(self._earlier, status=StepStatus.RUNNING))

    @property
    def failed(self) -> bool:
        return self._context.outcomes[self._index].status is StepStatus.FAILED

    def go_on(self, seconds: float = 0.0) -> Wait | None:
        """Carry it out until the next pause, or to its end: then its outcome is reported and in the journal.

        Args:
            seconds: How long the last pause was.
        """
        journal = self._context.aws.journal
        journal.step, journal.sentence = self._step.id, self._step.sentence
        event_count = len(journal.events)
        part = self._next_part(seconds)
        self._request_ids = (*self._request_ids, *_request_ids(self._context.aws, event_count))
        if isinstance(part, Wait):
            return part
        elapsed = round(self._earlier.seconds + time.monotonic() - self._started, 3)
        outcome = replace(part, seconds=elapsed, request_ids=self._request_ids)
        has_ended = self._is_final or outcome.status is not StepStatus.DONE
        self._context.report(self._index, outcome if has_ended else replace(outcome, status=StepStatus.RUNNING))
        if has_ended:
            _journal(self._context.aws, outcome)
        return None

    def _next_part(self, seconds: float) -> Wait | Outcome:
        is_new, self._is_new = self._is_new, False
        try:
            return next(self._work) if is_new else self._work.send(seconds)
        except StopIteration as end:
            return replace(self._earlier, status=end.value)
        except ApprovalEnded as end:
            return _left_at_end(self._earlier, end)
        except (Rejected, OrgkitError) as error:
            return _failure(self._earlier, error)


def attempt_step(context: ApplyContext, index: int, step: Step) -> Attempt:
    """Begin a step that one function carries out."""
    return Attempt(context, index, step, _work(context, step))


def attempt_part(
    context: ApplyContext, index: int, step: Step, act: Callable[[], object], *, is_final: bool = False
) -> bool:
    """Carry out a part of an asynchronous step, which never pauses; True unless the step has failed."""
    attempt = Attempt(context, index, step, _act_until_known(context, step, act), is_final=is_final)
    attempt.go_on()
    return not attempt.failed


def _work(context: ApplyContext, step: Step) -> Waits[StepStatus]:
    if not (yield from context.is_to_do(step)):
        return StepStatus.ALREADY_APPLIED
    run = context.handlers[type(step)].run
    assert callable(run)
    return (yield from _act_until_known(context, step, lambda: run(context.aws, step, context.id_index)))


def _act_until_known(context: ApplyContext, step: Step, act: Callable[[], object]) -> Waits[StepStatus]:
    """Act; when the answer is lost, observe before acting again."""
    for _ in range(ATTEMPTS):
        try:
            yield from _value_of(act())
            return StepStatus.DONE
        except OutcomeUnknown as doubt:
            lost = doubt
            if _is_done(context, step):
                return StepStatus.ALREADY_APPLIED
    raise StepFailed(
        f"AWS's answer to {lost.operation} was lost {ATTEMPTS} times ({lost.cause}).",
        "check the network, then run the phase again under the same approval: it looks before it acts.",
    )


def _value_of(result: T | Waits[T]) -> Waits[T]:
    """Return the value to which a function has come, at once or with pauses."""
    if isinstance(result, Generator):
        return (yield from result)
    return result


def _is_done(context: ApplyContext, step: Step) -> bool:
    """Return whether AWS did it; NeedsDecision where a new plan lacks the step though AWS does not show it as done."""
    is_planned = True
    for pause in LOOK_AFTER_SECONDS:
        context.aws.progress("a look at whether AWS did it: its answer was lost", 0.0, pause)
        context.aws.clock.sleep(pause)
        plan, id_index = context.look()
        context.id_index.learn(id_index)
        remaining = next((remaining for remaining in plan.steps if remaining.id == step.id), None)
        is_planned = remaining is not None
        if remaining is None:
            _raise_new_decision(context, plan)
            # Not known (None) counts as shown: then the plan, made from the same reading, is all that there is.
            if phase_of(plan.phase).shows(step, id_index.observed, id_index.desired) is not False:
                return True
        elif identity(remaining.facts()) != identity(step.facts()):
            raise changed_since_approval(step, remaining.starts_from)
    if not is_planned:
        doubt = "AWS does not show it as done, and a new plan lacks it"
        reason = f"the answer to the step {step.sentence!r} was lost: {doubt}."
        raise NeedsDecision(reason, "plan again: the plan says what AWS has now.")
    return False


def _raise_new_decision(context: ApplyContext, plan: Plan) -> None:
    """NeedsDecision where steps are missing since a person has to decide: that a step is one of them proves nothing."""
    known = {decision.blocks for decision in context.blocked}
    for decision in plan.blocked:
        if decision.blocks not in known:
            raise NeedsDecision(decision.what, "plan again: the plan says what has to be decided.")


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
    if isinstance(error, ApprovalMismatch):
        code = type(error).__name__  # by which the record knows that this approval does not fit any more
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
