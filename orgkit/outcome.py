"""What came of each step of a plan."""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """How a step ended, in the word that the record uses."""

    PENDING = "to do"
    RUNNING = "under way"
    DONE = "done"
    FOUND = "found done"  # AWS had it already: made by an earlier attempt whose answer was lost
    FAILED = "failed"
    LEFT = "left"  # not tried, since a step about the same subject failed


@dataclass(frozen=True)
class Outcome:
    """One step's end: result, seconds of work, AWS's request ids, and why when it failed."""

    sentence: str
    sign: str
    result: Result
    seconds: float = 0.0
    request_ids: tuple[str, ...] = ()
    why: str = ""
    do: str = ""
    code: str = ""


@dataclass(frozen=True)
class Slot:
    """One of the places that AWS has for what it works on at once; `name` is "" where it is free."""

    name: str = ""
    seconds: float = 0.0
    at_most: float = 0.0


@dataclass(frozen=True)
class Outcomes:
    """All of a plan's outcomes, in the order of the plan."""

    items: tuple[Outcome, ...]
    found: tuple[str, ...] = ()  # what became of changes that this run or an earlier one sent without an answer
    slots: tuple[Slot, ...] = ()  # while AWS works on several at once; none in the end

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(item for item in self.items if item.result is Result.FAILED)

    @property
    def done(self) -> int:
        """How many steps are done, by this run or found done."""
        return sum(item.result in (Result.DONE, Result.FOUND) for item in self.items)
