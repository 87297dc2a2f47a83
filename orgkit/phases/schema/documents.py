"""Policies as files: JSON that every reader reads alike."""

import json
from typing import Any, NoReturn

from orgkit.phases.schema.formats import quote


def parse_document(text: str) -> dict[str, Any]:
    """Return the text of a policy as an object of JSON.

    Raises:
        ValueError: It is not one; the message follows the name of the file.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON in line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise ValueError("is nested too deeply for a policy.") from None
    if not isinstance(document, dict):
        raise ValueError("is not a policy: write one JSON object.")
    return document


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; Python would keep the last one of two values under one key."""
    keys = [key for key, _ in pairs]
    if repeated := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"has the key {quote(repeated)} twice in one object: keep one.")
    return dict(pairs)


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python takes for JSON."""
    raise ValueError(f"has {name}, which is no value of JSON.")
