"""Two values as a person compares them: of two policy documents the statements that differ, and nothing too long."""

import json
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.policy_evaluation.conditions import as_list
from orgkit.sanitize.secrets import hide_secrets
from orgkit.sanitize.terminal import flat, short

MAX_CHARACTERS = 300  # of a value; --json and the record have all of it
MAX_SAME = 100  # characters that two long values have in common, before they begin to differ
NO_SUCH_STATEMENT = "without that statement"


def shown_values(expected: str, actual: str) -> tuple[str, str]:
    """Return both values for a terminal or a page, without secrets.

    Args:
        expected: What the file or the last run has.
        actual: What AWS has.
    """
    statements = _statements(expected), _statements(actual)
    if statements[0] is not None and statements[1] is not None:
        expected, actual = _only(statements[0], statements[1]), _only(statements[1], statements[0])
    expected, actual = _plain(expected), _plain(actual)
    if max(len(expected), len(actual)) > MAX_CHARACTERS:
        start = _first_shown(expected, actual)
        expected, actual = _from(expected, start), _from(actual, start)
    return short(expected, MAX_CHARACTERS), short(actual, MAX_CHARACTERS)


def _first_shown(expected: str, actual: str) -> int:
    """Return from where on two long values are shown: a little before they begin to differ."""
    pairs = enumerate(zip(expected, actual, strict=False))
    first = next((place for place, (one, other) in pairs if one != other), min(len(expected), len(actual)))
    return max(first - MAX_SAME, 0)


def _from(text: str, start: int) -> str:
    return f"…{text[start:]}" if start else text


def _statements(text: str) -> list[str] | None:
    """Return the statements of a policy document; None for any other value."""
    try:
        document: Any = json.loads(text)
    except ValueError:
        return None
    if not isinstance(document, dict) or "Statement" not in document:
        return None
    return [compact_json(statement) for statement in as_list(document["Statement"])]


def _spaced(text: str) -> str:
    """Return JSON with blanks, at which a line can be broken; another text as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else text


def _only(statements: list[str], other_statements: list[str]) -> str:
    own = [_spaced(statement) for statement in statements if statement not in other_statements]
    return " ".join(own) or NO_SUCH_STATEMENT


def _plain(text: str) -> str:
    return flat(hide_secrets(_spaced(text)))
