"""The outcome of each step of a plan."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain
from typing import overload

from orgkit.dataclass import dataclass
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
    group: str = ""  # of the step: what a long list says of it and of those like it together


@dataclass(frozen=True)
class Slot:
    """One of the places that AWS has for what it works on at once; `name` is "" where it is free."""

    name: str = ""
    seconds: float = 0.0
    timeout: float = 0.0
    typical: float = 0.0  # seconds that AWS usually takes; 0 where that is not known


class OutcomeSnapshots:
    """The outcomes of an apply under way. A snapshot shares with the one before what has not changed since."""

    BLOCK = 128  # outcomes that are copied together

    def __init__(self, outcomes: list[Outcome]) -> None:
        self._outcomes = outcomes
        self._blocks = [self._block(start) for start in range(0, len(outcomes), self.BLOCK)]

    def update(self, index: int) -> Sequence[Outcome]:
        """Return all of them as they are now that this one has changed."""
        number = index // self.BLOCK
        self._blocks[number] = self._block(number * self.BLOCK)
        return self.latest()

    def latest(self) -> Sequence[Outcome]:
        """Return all of them as they were after the last change."""
        return _Snapshot(tuple(self._blocks), len(self._outcomes))

    def _block(self, start: int) -> tuple[Outcome, ...]:
        return tuple(self._outcomes[start : start + self.BLOCK])


class _Snapshot(Sequence[Outcome]):
    def __init__(self, blocks: tuple[tuple[Outcome, ...], ...], count: int) -> None:
        self._blocks, self._count = blocks, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Outcome]:
        return chain.from_iterable(self._blocks)

    @overload
    def __getitem__(self, index: int) -> Outcome: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Outcome]: ...

    def __getitem__(self, index: int | slice) -> Outcome | Sequence[Outcome]:
        if isinstance(index, slice):
            return tuple(self)[index]
        block, place = divmod(range(self._count)[index], OutcomeSnapshots.BLOCK)
        return self._blocks[block][place]


@dataclass(frozen=True, repr=False)
class Outcomes(Summary):
    """All of a plan's outcomes, in the order of the plan."""

    items: Sequence[Outcome]
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
