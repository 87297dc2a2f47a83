"""TOML syntax errors, explained for a person who does not know TOML's grammar."""

import re

from orgkit.sanitize.secrets import hide_secrets

_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
_LEADING_ZERO = re.compile(r"=\s*0\d+\s*(#.*)?$")
_DASHED_NUMBER = re.compile(r"=\s*\d+(-\d+)+")
_HINTS = (  # (tomllib's message, the hint to show)
    ("Cannot overwrite a value", "this key is written twice in its section; keep one of the two."),
    ("Cannot declare", "this section's heading is written twice; put its keys under one heading."),
    ("Cannot mutate immutable", "this section is written in braces {…} elsewhere; put all its keys in one place."),
    ("Unterminated string", 'a text is not closed; end it with the same quote that begins it, as in "text".'),
    ("Illegal character", 'a text is not closed on its line; end it with the same quote that begins it, as in "text".'),
    ("Unescaped '\\'", 'write a backslash twice in "…", or use single quotes.'),
    ("Invalid value", 'after = comes a text in "quotes", a number, true, false, a date, a list […] or a table {…}.'),
    ("Expected '=' after a key", 'a line is either key = value or [section]; write names with spaces in "quotes".'),
    ("Expected ']' at the end of a table", 'close the heading with ], and quote names that have a /: [units."A/B"].'),
    ("Invalid initial character for a key part", 'begin the line with a key, a [section] or a "quoted key".'),
    ("Unclosed array", "a list is not closed; end it with ]."),
    ("Unclosed inline table", "a table in braces is not closed; end it with } on the same line."),
    ("Invalid statement", "begin the line with a key, a [section] or a comment (#)."),
    ("Invalid date", "write a date as 2026-11-23."),
    ("Duplicate inline table key", "this key is written twice between the braces; keep one of the two."),
    ("Expected newline or end of document", "something follows the value; put each key on a line of its own."),
)


def explain(error: Exception, text: str) -> tuple[str, str]:
    """Return (place, message) of the first syntax error; the parser stops there."""
    if not isinstance(error, ValueError):
        return "file", "is not a parameters file: it is nested too deeply or holds a number without bound."
    message = str(error)
    at = _LINE.search(message)
    number = int(at[1]) if at else len(text.rstrip().splitlines())
    row = _row(text, number)
    return f"line {number}", f"{_hint(message, row)} The line reads: {_escape(hide_secrets(row.strip())[:60])}"


def _escape(row: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in row)


def _row(text: str, number: int) -> str:
    rows = text.split("\n")
    return rows[number - 1] if 0 < number <= len(rows) else ""


def _hint(message: str, row: str) -> str:
    if _LEADING_ZERO.search(row) or _DASHED_NUMBER.search(row):
        return 'account ids are written in quotes and without dashes, as "012345678901".'
    if "Unescaped" in message:
        return _HINTS[5][1]
    known = next((hint for start, hint in _HINTS if message.startswith(start)), None)
    return known or f"TOML cannot be read here ({_escape(message)})."
