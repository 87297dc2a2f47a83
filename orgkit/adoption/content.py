"""The content of a parameters file under way: sections that the file's own checks accept, and what they refuse."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orgkit.errors import NotAdopted
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import Desired
from orgkit.parameters import examine
from orgkit.phases.adopted import Unexpressed
from orgkit.phases.schema.location import Place, Violation, spell
from orgkit.sanitize.secrets import hide_secrets

MAX_TEXT = 300  # characters of a value in the list of what is not expressed
Removals = dict[Place, Unexpressed]


@dataclass
class Content:
    """A file as a TOML parser would return it, with the texts of the files that it names."""

    raw: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def with_section(
        self, name: str, values: Mapping[str, Any], texts: Mapping[str, str]
    ) -> tuple["Content", list[Unexpressed]]:
        """Return the file with one more section, without what its checks refuse, and the list of that.

        Args:
            name: The section.
            values: Its keys.
            texts: Files that it names.

        Raises:
            NotAdopted: Without what the checks refuse, there is no file.
        """
        raw = {**deepcopy(self.raw), name: deepcopy(dict(values))}
        content, removals = Content(raw, {**self.texts, **texts}), Removals()
        while wrong := content._examine()[1]:
            content._remove(wrong, removals)
        if not content.raw[name]:
            del content.raw[name]  # nothing of it is left
        return content, list(removals.values())

    def desired(self) -> Desired:
        """Return the organization that the file asks for; its sections are valid, each as it was added."""
        desired, wrong = self._examine()
        assert desired is not None, wrong
        return desired

    def _examine(self) -> tuple[Desired | None, list[Violation]]:
        return examine(self.raw, Path(), self._read)

    def _read(self, name: str) -> str:
        if name not in self.texts:
            raise ValueError(f"{name} is not there.")
        return self.texts[name]

    def _remove(self, wrong: list[Violation], removals: Removals) -> None:
        """Remove what the violations are about; a missing key takes away the table that cannot be without it."""
        removed: list[Place] = []
        for place, reason in wrong:
            if any(place[: len(removal)] == removal for removal in removed):
                continue
            reason, place = self._enclosing_part(place, reason, removals)
            value = _take(self.raw, place)
            removals[place] = Unexpressed(_describe(place, value), reason)
            removed.append(place)
            if place[0] == "units" and len(place) == 2:
                removed += self._remove_below(place[1], reason, removals)

    def _enclosing_part(self, place: Place, reason: str, removals: Removals) -> tuple[str, Place]:
        """Return the smallest part of the file around a place that is there, and why it goes."""
        whole = place
        while place and not _is_there(self.raw, place):
            reason = removals.pop(place).reason if place in removals else reason
            place = place[:-1]
        if not place or place == ("organization",):
            raise NotAdopted(f"{spell(whole)}: {reason}", "correct that in AWS, or write the file by hand.")
        return reason, place

    def _remove_below(self, parent: str, reason: str, removals: Removals) -> list[Place]:
        """Remove the units below one that the file cannot have: their paths would imply it."""
        places: list[Place] = [("units", path) for path in self.raw["units"] if path.startswith(f"{parent}/")]
        for place in places:
            removals[place] = Unexpressed(_describe(place, _take(self.raw, place)), f"its parent {reason}")
        return places


def _is_there(raw: Mapping[str, Any], place: Place) -> bool:
    table: Any = raw
    for key in place:
        if not isinstance(table, Mapping) or key not in table:
            return False
        table = table[key]
    return True


def _take(raw: dict[str, Any], place: Place) -> Any:
    table: Any = raw
    for key in place[:-1]:
        table = table[key]
    return table.pop(place[-1])


def _describe(place: Place, value: Any) -> str:
    text = value if isinstance(value, str) else compact_json(value)
    text = hide_secrets(f"{spell(place)} = {text}")
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
