"""The outcome of each step of a plan."""

from dataclasses import dataclass
from enum import StrEnum

from orgkit.sanitize.summary import Summary


class StepStatus(StrEnum):
    """How a step ended, in the word that the record uses."""

    PENDING = "to do"
    RUNNING = "under way"
    DONE = "done"
    ALREADY_APPLIED = "found done"  # AWS had it already: made by an earlier attempt whose answer was lost
    FAILED = "failed"
    SKIPPED = "left"  # not tried, since a step about the same subject failed


@dataclass(frozen=True)
class Outcome:
    """One step's end: result, seconds of work, AWS's request ids, and why when it failed."""

    sentence: str
    symbol: str
    status: StepStatus
    seconds: float = 0.0
    request_ids: tuple[str, ...] = ()
    reason: str = ""
    remedy: str = ""
    code: str = ""
    step_id: str = ""


@dataclass(frozen=True)
class Slot:
    """One of the places that AWS has for what it works on at once; `name` is "" where it is free."""

    name: str = ""
    seconds: float = 0.0
    timeout: float = 0.0
    typical: float = 0.0  # seconds that AWS usually takes; 0 where that is not known


@dataclass(frozen=True, repr=False)
class Outcomes(Summary):
    """All of a plan's outcomes, in the order of the plan."""

    items: tuple[Outcome, ...]
    resolutions: tuple[str, ...] = ()  # outcomes of changes that this run or an earlier one sent without an answer
    slots: tuple[Slot, ...] = ()  # while AWS works on several at once; none in the end
    expected: float = 0.0  # seconds until AWS has ended them, by what it usually takes; 0 where that is not known

    def summary(self) -> dict[str, object]:
        """How many steps there are, how many are done, and how many failed."""
        return {"steps": len(self.items), "done": self.done, "failed": len(self.failed)}

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(item for item in self.items if item.status is StepStatus.FAILED)

    @property
    def finished(self) -> bool:
        """Whether every step has ended, however it did."""
        return all(item.status not in (StepStatus.PENDING, StepStatus.RUNNING) for item in self.items)

    @property
    def done(self) -> int:
        """How many steps are done, by this run or found done."""
        return sum(item.status in (StepStatus.DONE, StepStatus.ALREADY_APPLIED) for item in self.items)
