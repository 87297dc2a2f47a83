"""Policies as files: JSON that every reader reads alike."""

import json
from collections import Counter
from math import isfinite
from typing import Any, NoReturn

from orgkit.phases.schema.formats import quote

MAX_DEPTH = 50  # levels of lists and objects; AWS's longest grammars have ten
MAX_DIGITS = 30  # of a number


def parse_document(text: str) -> dict[str, Any]:
    """Return the text of a policy as an object of JSON.

    Raises:
        ValueError: It is not one; the message follows the name of the file.
    """
    try:
        document = json.loads(
            text,
            object_pairs_hook=_without_repetition,
            parse_constant=_refuse_number,
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON in line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise ValueError("is nested too deeply for a policy.") from None
    if not isinstance(document, dict):
        raise ValueError("is not a policy: write one JSON object.")
    _check_values(document)
    return document


def _check_values(document: dict[str, Any]) -> None:
    """Refuse what a later reader of the document could not handle: deep nesting, and halves of characters."""
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        strings = [text for value in level for text in _strings(value)]
        if any("\ud800" <= character <= "\udfff" for text in strings for character in text):
            raise ValueError("has half of a character (an unpaired surrogate): write the character itself.")
        level = [part for value in level for part in _parts(value)]
        if not level:
            return
    raise ValueError("is nested too deeply for a policy.")


def _strings(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, dict) else []


def _parts(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; Python would keep the last one of two values under one key."""
    counts = Counter(key for key, _ in pairs)
    if duplicate := next((key for key, count in counts.items() if count > 1), None):
        raise ValueError(f"has the key {quote(duplicate)} twice in one object: keep one.")
    return dict(pairs)


def _refuse_number(text: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python takes for JSON, and numbers that readers read differently."""
    raise ValueError(f"has the number {text[:MAX_DIGITS]}, which not every reader of JSON reads: write another one.")


def _float(text: str) -> float:
    number = float(text)
    return number if len(text) <= MAX_DIGITS and isfinite(number) else _refuse_number(text)


def _int(text: str) -> int:
    return int(text) if len(text) <= MAX_DIGITS else _refuse_number(text)
