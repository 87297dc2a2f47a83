"""Keys in a parameters file: units' paths such as Security/Audit, and the headers that hold keys."""

import re
import tomllib
from collections.abc import Mapping

from orgkit.model.desired import UnitPath, format_path, parse_path, quote_path

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
HEADER = r"""^(?P<before>[ \t]*\[[ \t]*{section}[ \t]*\.[ \t]*)(?P<key>{bare}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""


def path_of(key: str) -> UnitPath:
    """The names of a unit and of those above it; a key that is no path is one name."""
    try:
        return parse_path(key)
    except ValueError:
        return (key,)


def is_below(key: str, unit: str) -> bool:
    """Whether one unit lies in another, at any depth."""
    return key != unit and path_of(key)[: len(path_of(unit))] == path_of(unit)


def moved_unit(key: str, old: str, new: str) -> str:
    """A unit after the unit `old` has become `new`; one that is neither it nor below it stays."""
    if key != old and not is_below(key, old):
        return key
    return format_path((*path_of(new), *path_of(key)[len(path_of(old)) :]))


def rename_headers(text: str, section: str, names: Mapping[str, str]) -> str:
    """The text of a file with other keys in its headers such as [units.Security]; its comments stay where they are."""

    def rename(match: re.Match[str]) -> str:
        raw_key = match["key"]
        key = tomllib.loads(f"key = {raw_key}")["key"] if raw_key[0] in "\"'" else raw_key
        return f"{match['before']}{_format_key(names[key]) if key in names else raw_key}"

    return re.sub(HEADER.format(section=re.escape(section), bare=BARE_KEY.pattern), rename, text, flags=re.M)


def _format_key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else quote_path(path_of(key))
