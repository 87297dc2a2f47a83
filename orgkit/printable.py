"""Text of others, made safe to look at: names and messages come from AWS or a file, and anybody may choose them."""

import json
import re
from typing import Any

# What may stand before the @ of an address: rather a character too many than one too few. A match begins where such
# characters begin, so that a long text is read once; and an address may have been wrapped at one of its hyphens.
_LOCAL, _WRAPPED = r"[^\s<>()\[\],;:|\"@]", r"(?<=-)\n +"
_EMAIL = re.compile(rf"(?<!{_LOCAL})({_LOCAL}){_LOCAL}*+(?:{_WRAPPED}{_LOCAL}++){{0,3}}(?=@(?:[\w-]|{_WRAPPED})+\.\w)")


def flat(value: object) -> str:
    """One line, without control characters: a name from AWS must not move the cursor, or turn the line around."""
    return "".join(char if char.isprintable() else "�" for char in str(value).replace("\n", " "))


def short(value: object, length: int) -> str:
    """The same, cut to a length where there is no room for more."""
    whole = flat(value)
    return whole if len(whole) <= length else whole[: length - 1] + "…"


def as_json(value: Any) -> str:
    """JSON to read: what a terminal would act upon, or could not show, is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def mask_emails(text: str) -> str:
    """The text with every e-mail address as `a…@example.com`: enough to know one's own again."""
    return _EMAIL.sub(r"\1…", text)
