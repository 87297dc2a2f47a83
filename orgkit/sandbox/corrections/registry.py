"""The list of corrections: what AWS does, what moto does instead, and the function that puts it right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from moto.core.exceptions import ServiceException

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Correction:
    """One attribute of one of moto's classes (or modules), replaced or added."""

    target: Any
    name: str
    value: Any
    aws: str
    moto: str
    source: str = ""  # where AWS was seen, or says itself, that it does so

    @property
    def key(self) -> str:
        return f"{self.target.__name__}.{self.name}"


@dataclass(frozen=True)
class Difference:
    """What is put right around moto, not in one of its classes."""

    key: str
    aws: str
    moto: str
    source: str = ""


DIFFERENCES: list[Difference] = []
CORRECTIONS: list[Correction] = []
SETTLERS: list[Callable[[], None]] = []  # what time has brought about since the last call: run before each


def corrects(
    target: Any, *names: str, moto: str, source: str = "", wrap: Callable[[Any], Any] | None = None
) -> Callable[[Function], Function]:
    """Put a function in the place of an attribute of moto's.

    Args:
        target: A class of moto's, or a module.
        names: The attributes; without any, the one that is called as the function.
        moto: What moto does. What AWS does is the function's docstring.
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
    """Name what a function or class does beside moto, for the list of differences; its docstring says what AWS does."""

    def register(function: Function) -> Function:
        DIFFERENCES.append(Difference(key, function.__doc__ or "", moto, source))
        return function

    return register


def settles(function: Callable[[], None]) -> Callable[[], None]:
    """Run it before each call."""
    SETTLERS.append(function)
    return function


def settle() -> None:
    """Bring about what is due."""
    for settler in SETTLERS:
        settler()


def install() -> None:
    """Apply every correction that has been imported; only ever in the sandbox's own process."""
    for correction in CORRECTIONS:
        setattr(correction.target, correction.name, correction.value)


class Refusal(ServiceException):  # type: ignore[misc]  # moto has no types
    """moto looks an error up in the service whose module its class lies in; this one lies in none."""

    reason: str


def refusal(code: str, message: str, reason: str | None = None) -> Refusal:
    """An error as AWS words it; `reason` is the member of Organizations' exceptions, at the top of the body."""
    error = Refusal(code, message)
    if reason is not None:
        error.reason = reason
    return error
