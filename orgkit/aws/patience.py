"""How long the same request is sent again after a refusal that passes by itself."""

from collections import defaultdict
from dataclasses import dataclass

from orgkit.aws.retry import BUSY, FINALIZING, NOT_SEEN_YET, THROTTLED, Refused


@dataclass(frozen=True)
class Patience:
    """How the same request is sent again: pauses grow by `factor` from `first` to `longest`; `at_most` seconds in all.

    AWS's buckets are refilled once or twice a second. (That of CreateAccount, once in ten, has a pace of its own.)
    """

    codes: frozenset[str]
    first: float
    factor: float
    longest: float
    at_most: float


PATIENCE = (
    Patience(THROTTLED, first=1.0, factor=2.0, longest=60.0, at_most=600.0),
    Patience(BUSY, first=2.0, factor=2.0, longest=30.0, at_most=600.0),
    Patience(NOT_SEEN_YET, first=2.0, factor=2.0, longest=30.0, at_most=180.0),
    Patience(FINALIZING, first=60.0, factor=1.0, longest=60.0, at_most=4500.0),  # AWS says up to an hour
)


class Repeats:
    """The pauses of one request so far, by what AWS refused it for."""

    def __init__(self) -> None:
        self._slept: dict[Patience, list[float]] = defaultdict(list)

    @property
    def seconds(self) -> float:
        """Waited in all."""
        return sum(map(sum, self._slept.values()))

    def pause(self, refused: Refused) -> float | None:
        """Seconds to wait before the same request may go out again; None when that is pointless, or was too long."""
        patience = patience_with(refused)
        if patience is None:
            return None
        slept = self._slept[patience]
        left = patience.at_most - sum(slept)
        if left <= 0:
            return None
        slept.append(min(patience.first * patience.factor ** len(slept), patience.longest, left))
        return slept[-1]


def patience_with(refused: Refused) -> Patience | None:
    """None for what does not pass by itself."""
    return next((patience for patience in PATIENCE if refused.code in patience.codes), None)
