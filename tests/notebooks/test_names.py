"""Every function that a notebook calls is there, in the runbooks of today and those that version 0.1.0 wrote."""

import ast
import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = [*sorted((ROOT / "runbooks").glob("*.ipynb")), ROOT / "orgkit" / "lab" / "start.ipynb"]
OF_0_1_0 = (
    "stages.who_am_i", "estimate_stages.moves", "estimate_stages.assumed", "bill_stages.billed", "bill_stages.lines",
)  # fmt: skip


def calls(notebook: Path) -> Iterator[tuple[str, str]]:
    """Module and name of what the cells call of orgkit."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    tree = ast.parse(source)
    modules = {
        alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield modules[node.value.id], node.attr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.name)
def test_what_a_notebook_calls_is_there(notebook: Path) -> None:
    found = list(calls(notebook))
    assert found
    assert [call for call in found if not callable(getattr(importlib.import_module(call[0]), call[1], None))] == []


@pytest.mark.parametrize("name", OF_0_1_0)
def test_what_the_runbooks_of_version_0_1_0_call_is_still_there(name: str) -> None:
    module, function = name.split(".")
    assert callable(getattr(importlib.import_module(f"orgkit.runbook.{module}"), function))
