"""Applying an approved plan: in its order, and steps about different accounts while others wait for AWS."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from orgkit.aws.session import Connection
from orgkit.engine.attempt import ApplyContext, OutcomesCallback, Replan
from orgkit.engine.concurrent import ConcurrentSteps
from orgkit.model.matching import IdIndex
from orgkit.model.outcome import Outcome, Outcomes, StepStatus
from orgkit.model.plan import Plan, Step
from orgkit.phases.registry import load, phase_of


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
    outcomes = [
        Outcome(step.sentence, step.symbol, StepStatus.PENDING, step_id=step.id, group=step.group)
        for step in plan.steps
    ]
    handlers = load(phase_of(plan.phase)).handlers
    context = ApplyContext(aws, id_index, look, watch, handlers, plan.steps, outcomes, plan.blocked, expires_at)
    aws.journal.expires_at = expires_at  # no step's first change is sent after it, however long the step waits
    try:
        for group in _groups(plan.steps):
            ConcurrentSteps(context, group).run()
    finally:
        aws.journal.expires_at = None
    return Outcomes(tuple(context.outcomes))


def _groups(steps: Sequence[Step]) -> Iterator[list[tuple[int, Step]]]:
    """Concurrent steps next to each other are one group; every other step is its own."""
    group: list[tuple[int, Step]] = []
    for index, step in enumerate(steps):
        if group and not (step.concurrent and group[0][1].concurrent):
            yield group
            group = []
        group.append((index, step))
    if group:
        yield group
