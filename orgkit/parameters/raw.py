"""The file as it is, faults and all: what can still be read of it, for the checks that compare its parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orgkit.parameters.places import Place

Raw = dict[str, Any]


@dataclass(frozen=True)
class Member:
    """An entry of [accounts] or [imports]; a text that is missing or no text is None."""

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
    """The table at that place, empty when it is missing or no table."""
    table: Any = raw
    for key in place:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def members(raw: Raw) -> list[Member]:
    """Every account of the file beside the management account."""
    return [
        Member((name, key), section(raw, name, key)) for name in ("accounts", "imports") for key in section(raw, name)
    ]


def text(table: Raw, key: str) -> str | None:
    """The text under that key, None when it is missing or something else."""
    value = table.get(key)
    return value if isinstance(value, str) else None


def number(table: Raw, key: str, default: int = 0) -> int | None:
    """The whole number under that key, None when it is something else or beyond all measure."""
    value = table.get(key, default)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**6 else None


def texts(table: Raw, key: str, default: Iterable[str]) -> list[str] | None:
    """A list of texts, the default when it is missing, None when it is something else."""
    value = table.get(key, list(default))
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


def tags(table: Raw) -> dict[str, str]:
    """The tags of a section, as far as they are texts."""
    return {key: value for key, value in section(table, "tags").items() if isinstance(value, str)}


def unit_paths(declared: Iterable[str]) -> set[str]:
    """The declared OUs and the parents that they imply: "Security/Audit" implies "Security"."""
    return {"/".join(names[:n]) for path in declared for names in [path.split("/")] for n in range(1, len(names) + 1)}
