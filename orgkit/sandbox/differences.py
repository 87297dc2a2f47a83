"""Differences between the sandbox and moto: every correction by a stable name, and known uncorrected ones."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import Any

import orgkit.sandbox.app  # noqa: F401  # what it does around moto is registered as it is imported
from orgkit.dataclass import dataclass
from orgkit.sandbox.corrections import all as corrections
from orgkit.sandbox.corrections.registry import CORRECTIONS, DIFFERENCES, Correction
from orgkit.sandbox.corrections.uncorrected import UNCORRECTED


@dataclass(frozen=True)
class Difference:
    """One correction, or several of the same operation."""

    name: str
    aws: str
    moto: str
    replaces: tuple[str, ...] = ()  # attributes of moto's; none where a correction stands around moto
    source: str = ""  # a recording of AWS or its documentation, where one is named


@dataclass(frozen=True)
class Subject:
    """Differences about the same subject, with the title of the module of their corrections."""

    title: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Uncorrected:
    """A known difference that is not corrected: what AWS does, and what the sandbox does."""

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
    return (
        *subjects,
        Subject("Around moto: corrections that no single function of moto could make", _surrounding_names()),
    )


def uncorrected() -> tuple[Uncorrected, ...]:
    """Return the known differences from AWS that are not corrected."""
    return tuple(Uncorrected(*(_flatten(text) for text in item)) for item in UNCORRECTED)


def as_json() -> dict[str, Any]:
    """Both lists, as plain values."""
    rows = [{"subject": item.title, **asdict(row)} for item in differences() for row in item.differences]
    return {"corrected": rows, "uncorrected": [asdict(item) for item in uncorrected()]}


def _surrounding_names() -> tuple[Difference, ...]:
    """Return the corrections around moto: of a request before it, and of a response after it."""
    ordered = sorted(DIFFERENCES, key=attrgetter("key"))
    return tuple(
        Difference(symbol.key, _flatten(symbol.aws), _flatten(symbol.moto), source=_flatten(symbol.source))
        for symbol in ordered
    )


def _merge(registered: Iterable[Correction]) -> Iterator[Difference]:
    """Merge corrections of one name, such as those of a model and of its response, into one row."""
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
    """Return the module that has this value under a name: only a function names its module itself."""
    return next(
        (subject for subject in corrections.SUBJECTS if any(value is item for item in vars(subject).values())), None
    )


def _flatten(text: str) -> str:
    return " ".join(text.split())
