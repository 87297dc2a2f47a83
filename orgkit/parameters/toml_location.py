"""The line on which each section and key of a TOML file begins."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from orgkit.phases.schema.location import Place

_MAX_LINES = 200  # lines of one statement; beyond, the rest of the file goes without line numbers
_MAX_DEPTH = 5  # levels of keys; the schema has four


def lines(text: str) -> dict[Place, int]:
    """Return the line on which each section and key of a valid TOML text begins, which tomllib does not report."""
    numbers: dict[Place, int] = {}
    section: Place = ()
    for number, is_header, statement in _statements(text.replace("\r\n", "\n").split("\n")):
        if is_header:
            section = max(_places(statement), key=len)
            numbers[section] = number
        for place in _places(statement):
            numbers.setdefault(place if is_header else section + place, number)
    return numbers


def _statements(rows: list[str]) -> Iterator[tuple[int, bool, Mapping[str, Any]]]:
    """Yield each header or key = value: the fewest lines that tomllib accepts alone."""
    begin = 0
    for end in range(1, len(rows) + 1):
        try:
            statement = tomllib.loads("\n".join(rows[begin:end]))
        except (ValueError, RecursionError):
            if end - begin > _MAX_LINES:
                return
            continue
        if statement:
            yield begin + 1, rows[begin].lstrip().startswith("["), statement
        begin = end


def _places(table: Mapping[str, Any], deep: int = _MAX_DEPTH) -> Iterator[Place]:
    for key, value in table.items():
        yield (key,)
        if isinstance(value, dict) and deep > 1:
            yield from ((key, *inner) for inner in _places(value, deep - 1))
