"""JSON that every reader parses in the same way: checks of records accept no other.

JSON parsers differ in what they accept:

- bytes that are not UTF-8, NUL, half of a surrogate pair;
- a number such as 01, NaN or 1e999;
- a second value, or a key that stands twice in one object.

A record could then say one thing to one reader and another thing to the next. docs/verifying-a-record.md has the same
pattern and the same rule for keys, so that both refuse the same files.
"""

import re
from pathlib import Path
from typing import Any

from orgkit.journal.events import object_in

_UTF8 = (
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_HEX = rb"[0-9a-fA-F]"
_ESCAPE = (
    rb'\\["\\/bfnrt]|\\u(?:[0-9a-cefA-CEF]' + _HEX + rb"{3}|[dD][0-7]" + _HEX + rb"{2}"
    rb"|[dD][89abAB]" + _HEX + rb"{2}\\u[dD][c-fC-F]" + _HEX + rb"{2})"
)
_STRING = rb'"(?:[ !#-\[\]-~]|' + _ESCAPE + rb"|" + _UTF8 + rb')*"'
_NUMBER = rb"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?"  # no reader takes it for infinity
_VALUE = rb"(?:" + _STRING + rb"|" + _NUMBER + rb"|true|false|null)"
_MARKS = rb"[\[\]{}:,\n ]"
_STRICT = re.compile(_MARKS + rb"*(?:" + _VALUE + _MARKS + rb"+)*+" + _VALUE + rb"?")


def strict_object(content: bytes) -> dict[str, Any] | None:
    """Return the one object that a piece of JSON holds; None for anything that two readers could read differently."""
    if not _STRICT.fullmatch(content):
        return None
    return object_in(content) or ({} if b"".join(content.split()) == b"{}" else None)


def read_strict(file: Path) -> dict[str, Any] | None:
    """Return the object in a file; None where there is no such file, and for anything that is not strict JSON."""
    return strict_object(file.read_bytes()) if file.is_file() else None


def read_strict_lines(file: Path) -> list[dict[str, Any]] | None:
    """Return the objects of a file with one a line, none where there is no file; None when a line is not strict."""
    lines = file.read_bytes().split(b"\n") if file.is_file() else [b""]
    objects = [strict_object(line) for line in (lines if lines[-1] else lines[:-1])]
    return None if None in objects else [value for value in objects if value is not None]


def equal_values(value: Any) -> Any:
    """Return a value so that == compares as JSON does: true is not 1, and 1 is 1.0."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, int):
        return float(value)
    if isinstance(value, list):
        return [equal_values(item) for item in value]
    return {name: equal_values(item) for name, item in value.items()} if isinstance(value, dict) else value
