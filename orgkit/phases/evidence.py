"""Checks whether AWS shows what a step makes, so that a later run can resolve a change whose response was lost."""

from collections.abc import Callable
from typing import Any, TypeVar

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.plan import Step

S = TypeVar("S", bound=Step)
Check = tuple[type[Step], Callable[[Any, Observed, Desired], bool | None]]


def is_shown_by(step: type[S], check: Callable[[S, Observed, Desired], bool | None]) -> Check:
    """Pair a step with its check: True where AWS shows it, False where not, None where that was not read."""
    return step, check
