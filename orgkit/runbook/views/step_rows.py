"""The rows of a plan, and of its outcomes: one for each step, or for all steps of a kind where there are many."""

from collections.abc import Hashable, Iterator, Sequence

from orgkit.costs.estimate.effect import Line, total_line
from orgkit.dataclass import dataclass
from orgkit.model.outcome import Outcome, StepStatus
from orgkit.model.plan import Plan, Step
from orgkit.model.step_groups import NOTE_OF_OUTCOMES, describe_group, describe_summary, group_rows

LISTED_STATUSES = (StepStatus.FAILED, StepStatus.RUNNING)  # one by one, also in a long plan


@dataclass(frozen=True)
class StepRow:
    """One step, or several that are shown together."""

    symbol: str
    sentence: str
    reason: str
    actions: str
    price: str  # empty where no costs are shown


@dataclass(frozen=True)
class OutcomeRow:
    """The outcome of one step, or of several that are shown together."""

    symbol: str
    sentence: str
    result: str
    seconds: str
    request_ids: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Those of a table."""
        return (self.symbol, self.sentence, self.result, self.seconds, self.request_ids)

    @property
    def remark(self) -> str:
        """What is below the sentence in a terminal."""
        seconds = f", {self.seconds or '0.0'} s"
        return f"{self.result}{seconds}{f', request {self.request_ids}' if self.request_ids else ''}"


def groups_of(plan: Plan, costs: Sequence[Line] = ()) -> list[tuple[int, ...]]:
    """Return which steps are shown together; one with a loss, or with credits that end, is by itself."""
    once = [line.once_usd for line in costs] or [""] * len(plan.steps)
    return group_rows([_key(step, usd) for step, usd in zip(plan.steps, once, strict=True)])


def _key(step: Step, once_usd: str) -> Hashable:
    return (step.group, step.reason) if step.group and not step.losses and not once_usd else ()


def rows_of(plan: Plan, costs: Sequence[Line] = (), all_steps: bool = False) -> Iterator[StepRow]:
    """Yield the rows of a plan, in its order.

    Args:
        plan: The plan.
        costs: What each step costs; nothing for rows without prices.
        all_steps: Whether each step has a row of its own, however many there are.
    """
    groups = [(number,) for number in range(len(plan.steps))] if all_steps else groups_of(plan, costs)
    for group in groups:
        steps = [plan.steps[number] for number in group]
        first = steps[0]
        sentence = describe_group(first.group, [step.subject for step in steps]) if steps[1:] else first.sentence
        price = total_line([costs[number] for number in group]).price if costs else ""
        yield StepRow(first.symbol, sentence, first.reason, ", ".join(first.actions), price)


def progress_lines(outcomes: Sequence[Outcome]) -> Iterator[tuple[StepStatus, str]]:
    """Yield the status of each step, or of several that are shown together, and what it is about."""
    for group in group_rows([_outcome_key(outcome) for outcome in outcomes]):
        yield outcomes[group[0]].status, _sentence([outcomes[number] for number in group])


def group_outcomes(outcomes: Sequence[Outcome]) -> tuple[list[OutcomeRow], str]:
    """Return the rows of the outcomes, and the line that says how many are shown together."""
    groups = group_rows([_outcome_key(outcome) for outcome in outcomes])
    rows = [_outcome_row([outcomes[number] for number in group]) for group in groups]
    return rows, describe_summary(groups, NOTE_OF_OUTCOMES)


def _outcome_key(outcome: Outcome) -> Hashable:
    is_listed = not outcome.group or outcome.status in LISTED_STATUSES
    return () if is_listed else (outcome.group, outcome.status, outcome.reason)


def _outcome_row(group: Sequence[Outcome]) -> OutcomeRow:
    first = group[0]
    result = f"{first.status}: {first.reason}" if first.reason else str(first.status)
    most_seconds = max(outcome.seconds for outcome in group)
    seconds = f"{most_seconds:.1f}" if most_seconds else ""
    if len(group) == 1:
        return OutcomeRow(first.symbol, first.sentence, result, seconds, " ".join(first.request_ids))
    requests = sum(len(outcome.request_ids) for outcome in group)
    ids = f"{requests:,} ids, in events.jsonl" if requests else ""
    return OutcomeRow(first.symbol, _sentence(group), result, f"at most {seconds}" if seconds else "", ids)


def _sentence(group: Sequence[Outcome]) -> str:
    subjects = [outcome.step_id.partition(":")[2] for outcome in group]
    return describe_group(group[0].group, subjects) if subjects[1:] else group[0].sentence
