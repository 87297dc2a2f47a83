"""The function that carries out a step, tied to the step's type, so that a swapped pair is a type error."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from orgkit.aws.asynchronous import Asynchronous
from orgkit.aws.session import Connection
from orgkit.aws.waiting import Waits
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Observed
from orgkit.model.plan import Step

S = TypeVar("S", bound=Step)
Reader = Callable[[Connection, Desired, Observed], Observed]
AdoptionReader = Callable[[Connection, Observed, str], Observed]  # the last: the role that reads member accounts
Handlers = Mapping[type[Step], "Handler[Any]"]


@dataclass(frozen=True)
class Handler(Generic[S]):
    """A type of step, the function that carries it out, and the function that reads the value that it replaces.

    `starting_value` returns the form of `Step.starts_from`, with the fewest calls: it is read before each step.
    Both functions may pause on their way (`aws.waiting.Waits`): steps about other subjects are carried out meanwhile.
    """

    step: type[S]
    run: Callable[[Connection, S, IdIndex], object] | Asynchronous[S]
    starting_value: Callable[[Connection, S, IdIndex], str | Waits[str]]


def handle(
    step: type[S],
    run: Callable[[Connection, S, IdIndex], object] | Asynchronous[S],
    starting_value: Callable[[Connection, S, IdIndex], str | Waits[str]],
) -> Handler[S]:
    """Return the three; mypy rejects functions for another type of step."""
    return Handler(step, run, starting_value)
