"""The list of corrections: what AWS does, what moto does instead, and the function that corrects it."""

from collections.abc import Callable
from typing import Any, TypeVar

from moto.core.exceptions import ServiceException

from orgkit.dataclass import dataclass

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Correction:
    """One attribute of one of moto's classes (or modules), replaced or added."""

    target: Any
    name: str
    value: Any
    aws: str
    moto: str
    source: str = ""  # the recording, or AWS's documentation, that shows it

    @property
    def key(self) -> str:
        return f"{self.target.__name__}.{self.name}"


@dataclass(frozen=True)
class Difference:
    """A difference that is corrected around moto, not in one of its classes."""

    key: str
    aws: str
    moto: str
    source: str = ""


DIFFERENCES: list[Difference] = []
CORRECTIONS: list[Correction] = []
SETTLERS: list[Callable[[], None]] = []  # run before each call: they apply changes that have become due


def corrects(
    target: Any, *names: str, moto: str, source: str = "", wrap: Callable[[Any], Any] | None = None
) -> Callable[[Function], Function]:
    """Replace an attribute of moto by a function.

    Args:
        target: A class of moto, or a module.
        names: The attributes; by default the one with the name of the function.
        moto: What moto does. The function's docstring says what AWS does.
        source: A recording of AWS, or a page of its documentation.
        wrap: What makes an attribute of the function: property or staticmethod.
    """

    def register(function: Function) -> Function:
        value = wrap(function) if wrap else function
        symbols = names or (function.__name__,)
        CORRECTIONS.extend(Correction(target, name, value, function.__doc__ or "", moto, source) for name in symbols)
        return function

    return register


def differs(key: str, *, moto: str, source: str = "") -> Callable[[Function], Function]:
    """Add a function or class around moto to the list of differences; its docstring says what AWS does."""

    def register(function: Function) -> Function:
        DIFFERENCES.append(Difference(key, function.__doc__ or "", moto, source))
        return function

    return register


def settles(function: Callable[[], None]) -> Callable[[], None]:
    """Run the function before each call."""
    SETTLERS.append(function)
    return function


def settle() -> None:
    """Apply the changes that are due."""
    for settler in SETTLERS:
        settler()


def install() -> None:
    """Apply every imported correction; only in the sandbox's own process."""
    for correction in CORRECTIONS:
        setattr(correction.target, correction.name, correction.value)


class Refusal(ServiceException):  # type: ignore[misc]  # moto has no types
    """An error of any service: moto looks an error up by the module of its class, which for this one has no service."""

    reason: str


def refusal(code: str, message: str, reason: str | None = None) -> Refusal:
    """Return an error with AWS's message; `reason` is the member of Organizations' exceptions, in the body."""
    error = Refusal(code, message)
    if reason is not None:
        error.reason = reason
    return error
