"""A parameters file while it is written: values go in and out by their place, and every comment stays."""

import hashlib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from orgkit.costs.prices.books import own_rows
from orgkit.errors import OrgkitError, ParametersInvalid, Problem, RecordExists
from orgkit.journal.file_writes import rewrite_file
from orgkit.model.desired import Desired, format_path
from orgkit.parameters import load_text, read_text
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

    def put(self, value: str, *place: str, optional: bool = False) -> None:
        """Set one text; an optional one that is emptied goes, so that its default holds again."""
        document: Any = self.document
        if document is None:
            return
        target = tomllib.loads(self.text)
        table, plain = document, target
        for part in place[:-1]:
            if not isinstance(table.get(part), Mapping):
                table[part], plain[part] = tomlkit.table(), {}
            table, plain = table[part], plain[part]
        for container in (table, plain):
            if optional and not value:
                container.pop(place[-1], None)
            else:
                container[place[-1]] = value
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


def _without_empty(table: Mapping[str, Any]) -> dict[str, Any]:
    """[accounts] with nothing in it is the same as none."""
    return {key: value for key, value in table.items() if value != {} or key not in ("units", "accounts", "imports")}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
