"""Canonical JSON: the same value gives the same bytes, so that a digest or a signature over them can be checked."""

import json
from collections.abc import Mapping
from typing import Any


def canonical_document(value: object) -> bytes:
    """Return a value as the bytes of a file, as `jq -S` prints it: sorted keys, two spaces, UTF-8, a last newline.

    Signed approvals and plan.json have this form. A half of a surrogate pair is written as its JSON escape.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2)
    return (text + "\n").encode(errors="backslashreplace")


def canonical_line(value: object) -> str:
    """Return a value as one line without spaces, as `jq -acS` prints it: sorted keys, ASCII only, no last newline.

    The lines of a chain of records have this form.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def compact_json(value: object) -> str:
    """Return a policy or a rule as AWS is sent it, and as two are compared: sorted keys, no white space, UTF-8.

    AWS counts the characters of a policy. A lifecycle rule of somebody else may have a date in it.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def normal_form(value: object) -> str:
    """Return a document of AWS so that two answers about the same state are equal."""
    return compact_json(in_any_order(value))


def in_any_order(value: Any) -> Any:
    """Return a document with its lists sorted: AWS gives them in any order, and a list of one as its item."""
    if isinstance(value, Mapping):
        return {key: in_any_order(item) for key, item in value.items()}
    if isinstance(value, list):
        items = sorted((in_any_order(item) for item in value), key=compact_json)
        return items[0] if len(items) == 1 else items
    return str(value).lower() if isinstance(value, bool) else value
