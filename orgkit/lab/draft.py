"""A parameters file while it is written: values go in and out by their place, and every comment stays."""

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from orgkit.costs.prices.own_book import own_rows
from orgkit.errors import OrgkitError, ParametersInvalid, Problem, RecordExists
from orgkit.journal.file_writes import rewrite_file
from orgkit.lab.unit_keys import is_below, moved_unit, rename_headers
from orgkit.model.desired import Desired, format_path
from orgkit.parameters import load_text, read_text
from orgkit.phases.schema.formats import KEY
from orgkit.records.outputs import project_of

EXAMPLE = "example.toml"


@dataclass(frozen=True)
class CheckedDraft:
    """What a text asks for, or everything that keeps it from being a parameters file, as `orgkit check` says it."""

    desired: Desired | None
    problems: tuple[Problem, ...] = ()


class Draft:
    """The text of a file that may not be well-formed yet; while it is TOML, its values can be set one by one."""

    def __init__(self, text: str, path: Path) -> None:
        self.path = path
        self.text = text
        self._read = _digest(path)  # what lay there when this was begun: saving must not undo another's work

    @classmethod
    def load(cls, path: Path) -> "Draft":
        """From the file, or from the example where there is none yet."""
        return cls(read_text(path if path.exists() else example()), path)

    @property
    def document(self) -> tomlkit.TOMLDocument | None:
        """None while the text is no TOML at all."""
        try:
            return tomlkit.parse(self.text)
        except (TOMLKitError, ValueError, RecursionError):
            return None

    def check(self) -> CheckedDraft:
        try:
            desired = load_text(self.text, self.path.name, self.path.parent)
            return CheckedDraft(replace(desired, prices=own_rows(self.path)))
        except ParametersInvalid as invalid:
            return CheckedDraft(None, invalid.problems)

    def value(self, *place: str) -> str:
        """The value as text, a list of names as the path of a unit; "" where there is none."""
        value: Any = self.document
        for part in place:
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, list):
            return format_path(tuple(map(str, value)))
        return "" if value is None or isinstance(value, Mapping) else str(value)

    def keys(self, section: str) -> list[str]:
        document: Any = self.document or {}
        table = document.get(section)
        return [str(key) for key in table] if isinstance(table, Mapping) else []

    def values(self, *place: str) -> list[str]:
        """The strings of a list; none where there is no list."""
        value: Any = self.document
        for part in place:
            value = value.get(part) if isinstance(value, Mapping) else None
        return [str(item) for item in value] if isinstance(value, list) else []

    def put(self, value: str | list[str], *place: str, optional: bool = False) -> None:
        """Set one value; an optional one that is emptied goes, so that its default holds again."""
        document: Any = self.document
        if document is None:
            return
        target = tomllib.loads(self.text)
        table, plain = document, target
        for part in place[:-1]:
            if not isinstance(table.get(part), Mapping):
                table[part], plain[part] = tomlkit.table(), {}
            table, plain = table[part], plain[part]
        is_new, is_removed = place[-1] not in plain, optional and not value
        for container in (table, plain):
            if is_removed:
                container.pop(place[-1], None)
            else:
                container[place[-1]] = value
        hinted = "" if is_removed or not is_new else _below_its_hint(self.text, place, value)
        self._replace_text(hinted or tomlkit.dumps(document), target)

    def rename_unit(self, old: str, new: str) -> None:
        """Give a unit another name or another place, with all units below it and the accounts in them.

        Raises:
            OrgkitError: There is such a unit already, or the unit would lie in itself; nothing is changed.
        """
        if self.document is None or old == new:
            return
        names = {key: renamed for key in self.keys("units") if (renamed := moved_unit(key, old, new)) != key}
        if is_below(new, old) or set(names.values()) & (set(self.keys("units")) - names.keys()):
            raise OrgkitError(
                f"{new} cannot take the place of {old}.", "choose another name, or another unit above it."
            )
        target = tomllib.loads(self.text)
        target["units"] = {names.get(key, key): value for key, value in target["units"].items()}
        document: Any = tomlkit.parse(rename_headers(self.text, "units", names))
        for section in ("accounts", "imports"):
            for key, values in target.get(section, {}).items():
                unit = values.get("unit")
                if isinstance(unit, str) and moved_unit(unit, old, new) != unit:
                    document[section][key]["unit"] = values["unit"] = moved_unit(unit, old, new)
        self._replace_text(tomlkit.dumps(document), target)

    def rename_account(self, section: str, old: str, new: str) -> None:
        """Give an account another key, also where [trail] names it. Its email stays: AWS may know the account by it.

        Raises:
            OrgkitError: The new key is none, or is taken; nothing is changed.
        """
        if self.document is None or old == new:
            return
        if not re.fullmatch(KEY, new) or any(new in self.keys(other) for other in ("accounts", "imports")):
            raise OrgkitError(
                f"{new!r} cannot be the key of {old}.",
                "choose a key that no other account has: lower-case letters, digits, hyphens.",
            )
        target = tomllib.loads(self.text)
        target[section] = {new if key == old else key: value for key, value in target[section].items()}
        document: Any = tomlkit.parse(rename_headers(self.text, section, {old: new}))
        if target.get("trail", {}).get("log_archive_account") == old:
            document["trail"]["log_archive_account"] = target["trail"]["log_archive_account"] = new
        self._replace_text(tomlkit.dumps(document), target)

    def add(self, section: str, key: str, values: Mapping[str, str]) -> None:
        """A section of its own, [section.key]; one that is there stays as it is."""
        document: Any = self.document
        if document is None or key in self.keys(section):
            return
        table = tomlkit.table()
        table.update(values)
        parent, target = document.get(section), tomllib.loads(self.text)
        target.setdefault(section, {})[key] = dict(values)
        if isinstance(parent, Table):
            table.add(tomlkit.nl())
            parent.append(key, table)
            text = tomlkit.dumps(document)
        else:  # none yet, or sections of a kind that stand apart from each other: then it comes last
            text = f"{self.text.rstrip()}\n\n{tomlkit.dumps({section: {key: table}})}"
        self._replace_text(text, target)

    def remove(self, section: str, key: str) -> None:
        """Remove one section, with the comments in it."""
        document: Any = self.document
        if document is None or key not in self.keys(section):
            return
        target = tomllib.loads(self.text)
        del document[section][key], target[section][key]
        self._replace_text(tomlkit.dumps(document), target)

    def _replace_text(self, text: str, document: Mapping[str, Any]) -> None:
        """Only what says exactly what was meant: OrgkitError for a file that is written in some other way."""
        try:
            parsed = tomllib.loads(text)
        except ValueError:
            parsed = {}
        if _without_empty(parsed) != _without_empty(document):
            raise OrgkitError(
                "this file is written in a way into which the form cannot write that.",
                "write it under “The whole file, as text”: nothing was changed.",
            )
        self.text = text

    def email_of(self, key: str) -> str:
        """As the file's own convention has it; "" without one."""
        convention = self.value("organization", "email_convention")
        return convention.replace("{key}", key).replace("{name}", key)

    def save(self, path: Path) -> None:
        """Write the whole file or nothing of it; RecordExists when that would undo somebody else's work."""
        is_same_file = path.absolute() == self.path.absolute()
        if is_same_file and _digest(path) != self._read:
            raise RecordExists(
                f"{path.name} has changed since this form read it.",
                "run this cell again; to keep what you wrote, copy it from “The whole file” first.",
            )
        if not is_same_file and path.exists():
            raise RecordExists(f"{path.name} is there already.", "choose another name, or open the form for that file.")
        rewrite_file(path, self.text.encode())
        self.path, self._read = path, _digest(path)


def example() -> Path:
    """The example that orgkit ships."""
    packaged = Path(str(files("orgkit"))) / "_project" / "parameters" / EXAMPLE
    return packaged if packaged.exists() else Path(__file__).parents[2] / "parameters" / EXAMPLE


def place_to_save(draft: Draft) -> str:
    """The path of the file within its project; for the example, a new name next to it."""
    path = draft.path
    if path.name == EXAMPLE:
        name = draft.value("organization", "name")
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name) or "organization"
        path = path.with_name(f"{plain if plain != 'example' else 'acme'}.toml")
    return os.path.relpath(path, project_of(draft.path))


def _below_its_hint(text: str, place: Sequence[str], value: str | list[str]) -> str:
    """The text with a new key below the comment that shows its default, such as #alerts = []; "" without one."""
    header = re.search(rf"^\[{re.escape('.'.join(place[:-1]))}\][^\n]*\n", text, re.M)
    if header is None:
        return ""
    end = re.search(r"^\[", text[header.end() :], re.M)
    section = text[header.end() : header.end() + end.start() if end else None]
    hints = list(re.finditer(rf"^#\s*{re.escape(place[-1])}\s*=[^\n]*\n", section, re.M))
    if not hints:
        return ""
    at = header.end() + hints[-1].end()
    return f"{text[:at]}{tomlkit.dumps({place[-1]: value})}{text[at:]}"


def _without_empty(table: Mapping[str, Any]) -> dict[str, Any]:
    """[accounts] with nothing in it is the same as none."""
    return {key: value for key, value in table.items() if value != {} or key not in ("units", "accounts", "imports")}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
