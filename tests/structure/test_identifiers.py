"""Identifiers of orgkit/ follow the rules for names: none of them is in forbidden_identifiers.toml.

`python -m tests.structure.test_identifiers [FOLDER]` prints the offending identifiers of another checkout and their
number.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]
RULES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("forbidden_identifiers.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Identifier:
    """A name where it is defined; `owner` is the class whose member it is."""

    file: str
    line: int
    name: str
    owner: str = ""

    @property
    def qualified(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


def identifiers(tree: ast.Module, file: str) -> Iterator[Identifier]:
    """Yield the names that a module defines: its own, those of classes, functions, arguments, variables, attributes."""
    yield Identifier(file, 1, Path(file).parent.name if file.endswith("/__init__.py") else Path(file).stem)
    yield from _names(tree, file, "")


def _names(node: ast.AST, file: str, owner: str) -> Iterator[Identifier]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.ClassDef(name=name):
                yield Identifier(file, child.lineno, name)
                yield from _names(child, file, name)
                continue
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Identifier(file, child.lineno, name, owner)
                yield from _names(child, file, "")
                continue
            case ast.arg(arg=name):
                yield Identifier(file, child.lineno, name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield Identifier(file, child.lineno, name, owner)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield Identifier(file, child.lineno, name)
            case ast.alias(asname=str(name)):
                yield Identifier(file, child.lineno, name)
        yield from _names(child, file, owner)


def rule_for(name: str) -> dict[str, Any] | None:
    """Return the rule that an identifier breaks."""
    word = name.strip("_").lower()
    parts = {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}
    for rule in RULES["forbidden"]:
        if word in rule.get("words", ()) or parts & set(rule.get("parts", ())):
            return dict(rule)
    return None


def is_allowed(identifier: Identifier) -> bool:
    return any(
        entry["file"] == identifier.file and {identifier.qualified, identifier.name} & set(entry["names"])
        for entry in RULES["allowed"]
    )


def offenses(checkout: Path) -> list[str]:
    """Return one line for each identifier of orgkit/ that breaks a rule: place, name, reason and what to write."""
    lines = []
    for path in sorted((checkout / "orgkit").rglob("*.py")):
        file = path.relative_to(checkout).as_posix()
        for identifier in identifiers(ast.parse(path.read_text("utf-8")), file):
            rule = rule_for(identifier.name)
            if rule and not is_allowed(identifier):
                place = f"{file}:{identifier.line}: {identifier.qualified}"
                lines.append(f"{place}: {rule['reason']}; write {rule['instead']}")
    return lines


def test_no_identifier_is_forbidden() -> None:
    lines = offenses(CHECKOUT)
    assert not lines, f"{len(lines)} forbidden identifier(s):\n" + "\n".join(lines)


def test_every_exception_is_needed_and_has_a_reason() -> None:
    for entry in RULES["allowed"]:
        assert entry["reason"]
        tree = ast.parse((CHECKOUT / entry["file"]).read_text("utf-8"))
        defined = {name for each in identifiers(tree, entry["file"]) for name in (each.qualified, each.name)}
        assert set(entry["names"]) <= defined, f"{entry['file']}: {sorted(set(entry['names']) - defined)}"
        assert all(rule_for(name.rpartition(".")[2]) for name in entry["names"])


@pytest.mark.parametrize(
    "source",
    [
        "def told(): ...", "class Road: ...", "def f(given): ...", "told = 1", "for told in (): ...", "self.kept = 1",
        "try: ...\nexcept ValueError as refused: ...", "match 1:\n    case told: ...", "import x as there",
        "[0 for where in ()]", "lambda how: 0", "def _name_told(): ...", "class NotTold: ...", "class A:\n    who: str",
    ],
)  # fmt: skip
def test_a_forbidden_identifier_is_found(source: str) -> None:
    assert [each.name for each in identifiers(ast.parse(source), "orgkit/x.py") if rule_for(each.name)]


if __name__ == "__main__":
    found = offenses(Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT)
    print("\n".join([*found, f"{len(found)} forbidden identifier(s)"]))
