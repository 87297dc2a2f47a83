"""Secrets that were written into a parameters file: reported by their location, never shown, and passed no further."""

from typing import Any

from orgkit.phases.schema.location import Place, Violation
from orgkit.phases.schema.raw import Raw
from orgkit.sanitize.secrets import kinds_in

REMEDY = "plans and records would keep it for good. Write another text; if it is real, revoke it."
KEYS = (("approval", "approvers"), ("records", "sign_with"))  # a private key there has its own message
_MAX_DEPTH = 20  # levels; the schema has four, and shows nothing of what lies deeper
_SIGN = "[redacted"


def without_secrets(raw: Raw) -> tuple[Raw, list[Violation]]:
    """Return the file with every secret replaced, so that no message shows one, and the places of the secrets."""
    problems: list[Violation] = []
    return _clean(raw, (), problems), problems


def without_secret_violations(wrong: list[Violation], leaked: list[Violation]) -> list[Violation]:
    """Return the other errors in the file, without those about a value that was a secret and is replaced."""
    places = {place for place, _ in leaked}
    return [
        (place, reason) for place, reason in wrong if place not in places and not any(_SIGN in part for part in place)
    ]


def _clean(value: Any, place: Place, problems: list[Violation]) -> Any:
    if len(place) > _MAX_DEPTH:
        return value
    if isinstance(value, dict):
        return {
            _key(key, (*place, key), problems): _clean(item, (*place, key), problems) for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _text(element, place, problems) if isinstance(element, str) else _clean_in(element, place, problems)
            for element in value
        ]
    return _text(value, place, problems) if isinstance(value, str) else value


def _clean_in(value: Any, place: Place, problems: list[Violation]) -> Any:
    """Check a table in a list; a list in a list is refused, and nothing of it is shown."""
    return _clean(value, place, problems) if isinstance(value, dict) else value


def _key(key: str, place: Place, problems: list[Violation]) -> str:
    """Check a key alone: joined with itself, a unit called "x TOKEN" would look like a token and its value."""
    return _redacted(next(kinds_in(key), None), key, place, problems)


def _text(text: str, place: Place, problems: list[Violation]) -> str:
    """Check a value with its key, which may be what makes it a secret: aws_secret_access_key = "…"."""
    kind = next(kinds_in(text), None) or next(kinds_in(f"{place[-1]} = {text}"), None)
    return _redacted(kind, text, place, problems)


def _redacted(kind: str | None, text: str, place: Place, problems: list[Violation]) -> str:
    if kind is None or (kind == "private key" and place[:2] in KEYS):
        return text
    problems.append((place, f"holds a secret ({kind}), and {REMEDY}"))
    return f"{_SIGN}: {kind}]"
