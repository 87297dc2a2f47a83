"""Where the sandbox is not moto: every correction by a name that stays, and what is known and not corrected."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import orgkit.sandbox.app  # noqa: F401  # what it does around moto is registered as it is imported
from orgkit.sandbox.corrections import all as corrections
from orgkit.sandbox.corrections.registry import CORRECTIONS, DIFFERENCES, Correction
from orgkit.sandbox.corrections.uncorrected import UNCORRECTED


@dataclass(frozen=True)
class Difference:
    """One correction, or several of the same thing."""

    name: str
    aws: str
    moto: str
    replaces: tuple[str, ...] = ()  # attributes of moto's; none where a correction stands around moto
    source: str = ""  # a recording of AWS or its documentation, where one is named


@dataclass(frozen=True)
class Subject:
    """Differences about the same thing: what the module of their corrections says of itself, and they."""

    title: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Uncorrected:
    """What is known, and as moto or the sandbox has it."""

    what: str
    aws: str
    sandbox: str


def differences() -> tuple[Subject, ...]:
    """Every correction, by subject."""
    titled = sorted(((_title(registered), registered) for registered in CORRECTIONS), key=lambda pair: pair[0])
    subjects = [
        Subject(title, tuple(_merge(correction for _, correction in pairs)))
        for title, pairs in groupby(titled, key=lambda pair: pair[0])
    ]
    return (*subjects, Subject("Around moto: what no function of its own could do", _surrounding_names()))


def uncorrected() -> tuple[Uncorrected, ...]:
    """What differs from AWS still, as far as it is known."""
    return tuple(Uncorrected(*(_flatten(text) for text in item)) for item in UNCORRECTED)


def as_json() -> dict[str, Any]:
    """Both lists, as plain values."""
    rows = [{"subject": item.title, **asdict(row)} for item in differences() for row in item.differences]
    return {"corrected": rows, "uncorrected": [asdict(item) for item in uncorrected()]}


def _surrounding_names() -> tuple[Difference, ...]:
    """What is put right in the way of a call to moto and back."""
    ordered = sorted(DIFFERENCES, key=attrgetter("key"))
    return tuple(
        Difference(symbol.key, _flatten(symbol.aws), _flatten(symbol.moto), source=_flatten(symbol.source))
        for symbol in ordered
    )


def _merge(registered: Iterable[Correction]) -> Iterator[Difference]:
    """The same name may be put right in a model and in its answer: one row, what is said of it once."""
    by_name: dict[str, list[Correction]] = {}
    for correction in registered:
        by_name.setdefault(_name(correction), []).append(correction)
    for name, duplicates in by_name.items():
        aws, moto, source = (
            " ".join(dict.fromkeys(filter(None, map(_flatten, texts)))) for texts in _texts(duplicates)
        )
        yield Difference(name, aws, moto, tuple(_attribute(correction) for correction in duplicates), source)


def _texts(duplicates: list[Correction]) -> Iterator[list[str]]:
    """AWS's side, moto's side and the source, of each."""
    for attribute in ("aws", "moto", "source"):
        yield [getattr(correction, attribute) for correction in duplicates]


def _name(correction: Correction) -> str:
    """`service.operation`; what is no operation keeps the name of its class, without moto's Fake."""
    place, owner = _module(correction.target).split("."), getattr(correction.target, "__qualname__", "")
    inner = [] if not owner or owner.endswith(("Backend", "Response")) else [owner.removeprefix("Fake")]
    return ".".join((place[1], *inner, correction.name))


def _attribute(correction: Correction) -> str:
    owner = getattr(correction.target, "__qualname__", "")
    return ".".join(part for part in (_module(correction.target), owner, correction.name) if part)


def _module(target: Any) -> str:
    """Of a class of moto's, or of a module itself."""
    return str(getattr(target, "__module__", None) or target.__name__)


def _title(correction: Correction) -> str:
    """The sentence of the module that the correction stands in."""
    code = getattr(correction.value, "fget", correction.value)
    home = sys.modules.get(getattr(code, "__module__", "") or "") or _holder(correction.value)
    return _flatten(getattr(home, "__doc__", "") or _module(correction.target)).rstrip(".")


def _holder(value: Any) -> Any:
    """The subject that has this value by a name: what is no function does not say where it is from."""
    return next(
        (subject for subject in corrections.SUBJECTS if any(value is item for item in vars(subject).values())), None
    )


def _flatten(text: str) -> str:
    return " ".join(text.split())
