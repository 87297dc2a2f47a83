"""The file before validation: what can be read of it despite its errors, and strings that must be unique."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orgkit.model.desired import UnitPath
from orgkit.phases.schema.formats import quote, unit_path
from orgkit.phases.schema.location import Place, Violation, spell

Raw = dict[str, Any]
NO_TAGS = "none"  # as tags of [organization]: nothing is tagged but where a section has tags of its own


@dataclass(frozen=True)
class Member:
    """An entry of [accounts] or [imports]; None stands for a string that is missing or of another type."""

    place: Place
    table: Raw

    @property
    def key(self) -> str:
        return self.place[-1]

    @property
    def name(self) -> str:
        return text(self.table, "name") or self.key

    @property
    def tags(self) -> dict[str, str]:
        return tags(self.table)

    def text(self, key: str) -> str | None:
        return text(self.table, key)


def section(raw: Raw, *place: str) -> Raw:
    """Return the table at that place, empty when it is missing or not a table."""
    table: Any = raw
    for key in place:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def members(raw: Raw) -> list[Member]:
    """Return every account of the file except the management account."""
    return [
        Member((name, key), section(raw, name, key)) for name in ("accounts", "imports") for key in section(raw, name)
    ]


def text(table: Raw, key: str) -> str | None:
    """Return the string under that key, None when it is missing or of another type."""
    value = table.get(key)
    return value if isinstance(value, str) else None


def number(table: Raw, key: str, default: int = 0) -> int | None:
    """Return the integer under that key, None when it is of another type or far too large."""
    value = table.get(key, default)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**6 else None


def texts(table: Raw, key: str, default: Iterable[str]) -> list[str] | None:
    """Return a list of strings, the default when it is missing, None when it is of another type."""
    value = table.get(key, list(default))
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


def tags(table: Raw) -> dict[str, str]:
    """Return the tags of a section whose values are strings."""
    return {key: value for key, value in section(table, "tags").items() if isinstance(value, str)}


def common_tags(raw: Raw) -> dict[str, str] | None:
    """Return the tags that `[organization]` gives to everything; None where it says "none"."""
    organization = section(raw, "organization")
    return None if organization.get("tags") == NO_TAGS else tags(organization)


def path(value: object) -> UnitPath | None:
    """Return the path of a unit, None when it is invalid."""
    try:
        names = unit_path(value)
    except ValueError:
        return None  # reported already, by its format
    return names if isinstance(names, tuple) else None


def unit_paths(paths: Iterable[UnitPath]) -> set[UnitPath]:
    """Return the declared OUs and the parents that they imply: "Security/Audit" implies "Security"."""
    return {names[:depth] for names in paths for depth in range(1, len(names) + 1)}


PlacedString = tuple[Place, str | None]  # a place, and the string that it uses


def duplicates(uses: Iterable[PlacedString], advice: str, alike: Callable[[str], str] = str) -> Iterator[Violation]:
    """Report the second and later uses of the same string, each with the place of the first."""
    first: dict[str, Place] = {}
    for place, value in uses:
        if value is None:
            continue
        owner = first.setdefault(alike(value), place)
        if owner != place:
            yield place, f"{quote(value)} is used by {spell(owner)} too; {advice}."
