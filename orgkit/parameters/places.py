"""Where something stands in a TOML file: its dotted place, and its line."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[str, ...]  # ("accounts", "website-prod", "email")

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 200  # lines of one statement; beyond, the rest of the file goes without line numbers
_DEEPEST = 5  # levels of keys; the schema has four


def spell(place: Place) -> str:
    """As TOML writes it: accounts.website-prod.email, units."Security/Audit"."""
    return ".".join(part if _BARE.fullmatch(part) else _quote(part) for part in place)


def _quote(part: str) -> str:
    """Characters that a terminal would obey are written as escapes, which TOML reads too."""
    return json.dumps(part, ensure_ascii=not part.isprintable())


def lines(text: str) -> dict[Place, int]:
    """The line on which each section and key of a valid TOML text begins: tomllib does not tell."""
    found: dict[Place, int] = {}
    section: Place = ()
    for number, is_header, statement in _statements(text.replace("\r\n", "\n").split("\n")):
        if is_header:
            section = max(_places(statement), key=len)
            found[section] = number
        for place in _places(statement):
            found.setdefault(place if is_header else section + place, number)
    return found


def _statements(rows: list[str]) -> Iterator[tuple[int, bool, Mapping[str, Any]]]:
    """Each header or key = value: the fewest lines that tomllib accepts by themselves."""
    begin = 0
    for end in range(1, len(rows) + 1):
        try:
            statement = tomllib.loads("\n".join(rows[begin:end]))
        except (ValueError, RecursionError):
            if end - begin > _LONGEST:
                return
            continue
        if statement:
            yield begin + 1, rows[begin].lstrip().startswith("["), statement
        begin = end


def _places(table: Mapping[str, Any], deep: int = _DEEPEST) -> Iterator[Place]:
    for key, value in table.items():
        yield (key,)
        if isinstance(value, dict) and deep > 1:
            yield from ((key, *inner) for inner in _places(value, deep - 1))
