"""Each section against the schema, in plain words, and one section against another."""

import datetime
import typing
from decimal import Decimal
from types import UnionType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orgkit.model.desired import Desired, format_path
from orgkit.parameters.checks_approval import APPROVAL_CHECKS
from orgkit.parameters.checks_handover import HANDOVER_CHECKS
from orgkit.parameters.checks_names import words_of_another_script
from orgkit.parameters.rehearsal_policies import CHECKS as REHEARSAL_CHECKS
from orgkit.parameters.schema import SECTIONS, File
from orgkit.phases.schema.formats import quote, suggest
from orgkit.phases.schema.location import Place, Violation, spell
from orgkit.phases.schema.raw import Raw
from orgkit.phases.schema.types import SectionModel

_EXPECTED_TYPES = (  # (how pydantic's error type begins, what to write)
    ("string", 'a text in "quotes"'),
    ("int", "a whole number, without quotes"),
    ("bool", "true or false, without quotes"),
    ("tuple", 'the path of a unit in quotes, as "Security/Audit", or a list of names, as ["Security", "Audit"]'),
    ("list", 'a list, as ["first", "second"]'),
    ("date", "a date without quotes, as 2026-11-23"),
)


def validate(raw: dict[str, Any]) -> tuple[SectionModel | None, list[Violation]]:
    """Return the file's sections, or None and all errors in them."""
    try:
        return File.model_validate(raw), []
    except ValidationError as error:
        return None, [_as_violation(detail) for detail in error.errors(include_url=False)]


def _as_violation(detail: ErrorDetails) -> Violation:
    """Return the error with its place; one in a table of a list is reported at the list, with the table's number."""
    loc = detail["loc"]
    index = next((n for n, part in enumerate(loc[:-1]) if isinstance(part, int)), None)
    if index is None:
        return _violation_at(_place(detail), detail)
    key = next((part for part in reversed(loc[index:]) if isinstance(part, str)), "it")
    message = _violation_at(_place(detail), detail)[1]
    return tuple(map(str, loc[:index])), f"number {int(loc[index]) + 1}: {key} {message}"


def _violation_at(place: Place, detail: ErrorDetails) -> Violation:
    match detail["type"]:
        case "missing":
            return place, _missing_message(place)
        case "extra_forbidden":
            return place, _unknown_message(place, detail["input"])
        case "value_error":
            return place, str(detail["ctx"]["error"])
        case "literal_error":
            choices = str(detail["ctx"]["expected"]).replace("'", '"')
            return place, f"is {_format_value(detail['input'])}: write {choices}."
        case "greater_than_equal":
            return place, f"is {_format_value(detail['input'])}: write {detail['ctx']['ge']} or more."
        case "less_than_equal":
            return place, f"is {_format_value(detail['input'])}: write {detail['ctx']['le']} or less."
        case kind:
            return place, _type_message(place, kind, detail)


def _type_message(place: Place, kind: str, detail: ErrorDetails) -> str:
    value = detail["input"]
    if kind in ("string_type", "tuple_type") and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f'is {_format_value(value)}: write it in quotes, as "{_number(value)}".'
    if kind in ("model_type", "dict_type"):
        return f"is {_format_value(value)}: write a section, [{spell(place)}], with its keys on the lines below."
    expected = next((expected for start, expected in _EXPECTED_TYPES if kind.startswith(start)), None)
    return f"is {_format_value(value)}: write {expected}." if expected else f"{detail['msg']}."


def _missing_message(place: Place) -> str:
    field = fields_of(model_at(place[:-1])).get(place[-1])
    if field is None or not field.examples:
        return f"is missing: write the section [{spell(place)}], as parameters/example.toml shows it."
    return f"is missing: write {place[-1]} = {field.examples[0]}, with your own value."


def _unknown_message(place: Place, value: Any) -> str:
    """Report an unknown key with a suggestion; the most common mistake is [units.A.B] for [units."A/B"]."""
    if len(place) == 3 and place[0] == "units" and isinstance(value, dict):
        return (
            f"is not a key of a unit: a nested unit is written [units.{quote(f'{place[1]}/{format_path(place[2:])}')}]."
        )
    known = fields_of(model_at(place[:-1]))
    noun = "section" if isinstance(value, dict) else "key"
    return f"there is no such {noun}. {suggest(place[-1], known)}"


def fields_of(model: type[BaseModel] | None) -> dict[str, Any]:
    """The keys of a section, with what pydantic knows of each."""
    return dict(model.model_fields) if model else {}


def model_at(place: Place) -> type[BaseModel] | None:
    """Return the section of the schema for a place: ("accounts", "website") → Account."""
    kind: Any = File
    for part in place:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(part)
            kind = field.annotation if field else _any_name(kind)
        elif typing.get_origin(kind) is dict:
            kind = typing.get_args(kind)[1]
        kind = _plain(kind)
        kind = _plain(typing.get_args(kind)[0]) if typing.get_origin(kind) is list else kind
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _any_name(model: type[BaseModel]) -> Any:
    """Return the model of keys that a section does not name itself: the assumptions of `[costs]`."""
    extra = model.__annotations__.get("__pydantic_extra__")
    return typing.get_args(extra)[1] if extra else None


def _plain(kind: Any) -> Any:
    """Without Annotated and None."""
    if isinstance(kind, UnionType):
        kind = next(arm for arm in typing.get_args(kind) if arm is not type(None))
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind


def _place(detail: ErrorDetails) -> Place:
    """Return pydantic's path to the error, up to a list (the message names its member) or to a key."""
    return tuple(part for part in detail["loc"] if isinstance(part, str) and part != "[key]")


def _format_value(value: Any) -> str:
    """Return a short description of the value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {quote(value)}"
    if isinstance(value, int | Decimal):
        return f"the number {_number(value)}"
    if isinstance(value, datetime.date | datetime.time):
        return f"the date or time {value}"
    return "a list" if isinstance(value, list) else "a section"


def _number(value: int | Decimal) -> str:
    """Digits, but not thousands of them (Python refuses to write them at all)."""
    return str(value) if not isinstance(value, int) or abs(value) < 10**40 else "…"


def check(raw: Raw) -> list[Violation]:
    """Return everything that contradicts another part of the file."""
    checks = [check for section in SECTIONS for check in section.checks]
    checks += [*APPROVAL_CHECKS, *REHEARSAL_CHECKS, *HANDOVER_CHECKS, words_of_another_script]
    return [wrong for run_check in checks for wrong in run_check(raw)]


def check_finally(desired: Desired) -> list[Violation]:
    """Return what is wrong with a file whose sections are valid, and do not contradict each other."""
    checks = [check for section in SECTIONS for check in section.final_checks]
    return [wrong for run_check in checks for wrong in run_check(desired)]
