"""Untrusted text made safe to print: names and messages come from AWS or a file, and anybody may choose them."""

import json
import re
from pathlib import Path
from typing import Any

# What may stand before the @ of an address: rather a character too many than one too few. A match begins where such
# characters begin, so that a long text is read once; and an address may have been wrapped at one of its hyphens.
_LOCAL, _LINE_WRAP = r"[^\s<>()\[\],;:|\"@]", r"(?<=-)\n +"
_EMAIL = re.compile(
    rf"(?<!{_LOCAL})({_LOCAL}){_LOCAL}*+(?:{_LINE_WRAP}{_LOCAL}++){{0,3}}(?=@(?:[\w-]|{_LINE_WRAP})+\.\w)"
)


def flat(value: object) -> str:
    """Return one line with visible characters only: a name from AWS must not move the cursor, or hide a part."""
    text = str(value).replace("\n", " ")
    hidden = _hidden(text)
    return "".join("�" if char in hidden else char for char in text) if hidden else text


def short(value: object, length: int) -> str:
    """Return the value as `flat` does, cut to a length."""
    whole = flat(value)
    return whole if len(whole) <= length else whole[: length - 1] + "…"


def short_path(path: Path, length: int) -> str:
    """A path relative to the working directory if it lies in it; the start is cut, since the end names the file."""
    whole = flat(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    return whole if len(whole) <= length else "…" + whole[len(whole) - length + 1 :]


def as_json(value: Any) -> str:
    """JSON to read: what a terminal would act upon, or could not show, is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
    hidden = _hidden(text) - {"\n"}
    return "".join(json.dumps(char)[1:-1] if char in hidden else char for char in text) if hidden else text


def mask_emails(text: str) -> str:
    """The text with every email address as `a…@example.com`: enough to know one's own again."""
    return _EMAIL.sub(r"\1…", text)


def _hidden(text: str) -> set[str]:
    """Its characters that a terminal would act upon, or that leave no mark of their own."""
    if text.isascii() and text.isprintable():
        return set()
    unprintable = {character for character in text if not character.isprintable()}
    if text.isascii():
        return unprintable
    from orgkit.sanitize.names import invisible_characters  # Unicode's properties take 30 ms to load

    return {*unprintable, *invisible_characters(text)}
