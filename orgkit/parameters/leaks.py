"""Secrets that were written into a parameters file: told by their place, never shown, and let no further."""

from typing import Any

from orgkit.parameters.places import Place
from orgkit.parameters.raw import Raw
from orgkit.parameters.validate import Wrong
from orgkit.secrecy import kinds_in

MEND = "plans and records would keep it for good. Write another text; if it is real, revoke it."
KEYS = (("approval", "approvers"), ("records", "sign_with"))  # a private key there has words of its own
_DEEPEST = 20  # levels; the schema has four, and shows nothing of what lies deeper
_SIGN = "[redacted"


def without_secrets(raw: Raw) -> tuple[Raw, list[Wrong]]:
    """The file with a remark in the place of every secret, so that no other message shows one, and those places."""
    told: list[Wrong] = []
    return _clean(raw, (), told), told


def but_of_secrets(wrong: list[Wrong], leaked: list[Wrong]) -> list[Wrong]:
    """What else is wrong in the file: nothing about a text that is no longer there."""
    places = {place for place, _ in leaked}
    return [(place, why) for place, why in wrong if place not in places and not any(_SIGN in part for part in place)]


def _clean(value: Any, place: Place, told: list[Wrong]) -> Any:
    if len(place) > _DEEPEST:
        return value
    if isinstance(value, dict):
        return {_text(key, (*place, key), told): _clean(item, (*place, key), told) for key, item in value.items()}
    if isinstance(value, list):
        return [_text(each, place, told) if isinstance(each, str) else _clean_in(each, place, told) for each in value]
    return _text(value, place, told) if isinstance(value, str) else value


def _clean_in(value: Any, place: Place, told: list[Wrong]) -> Any:
    """A table in a list; a list in a list is refused, and nothing of it is shown."""
    return _clean(value, place, told) if isinstance(value, dict) else value


def _text(text: str, place: Place, told: list[Wrong]) -> str:
    """A key may be what makes a secret of its value: aws_secret_access_key = "…"."""
    kind = next(kinds_in(text), None) or next(kinds_in(f"{place[-1]} = {text}"), None)
    if kind is None or (kind == "private key" and place[:2] in KEYS):
        return text
    told.append((place, f"holds a secret ({kind}), and {MEND}"))
    return f"{_SIGN}: {kind}]"
