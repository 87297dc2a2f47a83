"""The shape of a runbook: cells that a person reads at a glance, and no code that belongs in the library."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from orgkit.phases import registry
from orgkit.phases.descriptor import Phase

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
HEAD = ("Purpose", "Who", "When", "Time", "Changes", "Cost", "Risk", "Needs", "Roll back", "Next")
FORBIDDEN = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Lambda,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Global, ast.Assert, ast.Raise, ast.Delete,
)  # fmt: skip
ROAD = ("Parameters", "Who am I", "What I want", "What is there", "What would change", "Approve", "Apply", "Verify",
        "Record")  # fmt: skip
OWN = {"actual-costs": ("months", "at_most"), "handover": ("folder", "tool")}  # parameters that one runbook alone has


def cells(phase: Phase, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads((RUNBOOKS / phase.runbook).read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


@pytest.fixture(params=registry.RUNBOOKS, ids=lambda phase: phase.run_label)
def phase(request: pytest.FixtureRequest) -> Phase:
    found: Phase = request.param
    return found


def test_there_is_one_runbook_for_each_phase_and_the_one_of_adoption():
    expected = ["adopt.ipynb", *(phase.runbook for phase in registry.RUNBOOKS)]
    assert sorted(path.name for path in RUNBOOKS.glob("*")) == sorted(expected)


def test_the_runbook_of_adoption_has_the_shape_of_the_others():
    """It is of no phase: it comes before there is a parameters file."""
    notebook = json.loads((RUNBOOKS / "adopt.ipynb").read_text(encoding="utf-8"))
    codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell in codes:
        tree = ast.parse(source(cell))
        assert 1 <= len([line for line in source(cell).splitlines() if line.strip()]) <= 3, source(cell)
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)], source(cell)
        assert sum(isinstance(node, ast.Call) for node in ast.walk(tree)) <= 2, source(cell)
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert all(isinstance(ast.parse(source(cell)).body[-1], ast.Expr) for cell in codes[1:])
    head = source(notebook["cells"][0])
    assert tuple(re.findall(r"^\| \**([A-Z][a-z ]+?)\** \|", head, re.MULTILINE)) == HEAD


def test_a_code_cell_has_one_to_three_lines(phase):
    for cell in cells(phase, "code"):
        most = 3 + len(OWN.get(phase.label, ())) if "parameters" in cell["metadata"].get("tags", ()) else 3
        assert 1 <= len([line for line in source(cell).splitlines() if line.strip()]) <= most, source(cell)


def test_a_code_cell_makes_one_call_at_most_and_decides_nothing(phase):
    for cell in cells(phase, "code"):
        tree = ast.parse(source(cell))
        assert not [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)], source(cell)
        assert sum(isinstance(node, ast.Call) for node in ast.walk(tree)) <= 2, source(cell)
        assert not re.search(r"\bboto3\b|\bprint\(|^\s*[%!]|sys\.exit", source(cell), re.MULTILINE), source(cell)


def test_a_code_cell_ends_with_what_is_to_be_looked_at(phase):
    for cell in cells(phase, "code")[1:]:
        last = ast.parse(source(cell)).body[-1]
        live = "stages.apply(" in source(cell)  # it shows its progress in place
        assert live or isinstance(last, ast.Expr), source(cell)


def test_the_parameters_are_the_same_three_texts_everywhere_and_then_the_runbook_s_own(phase):
    tagged = [cell for cell in cells(phase, "code") if "parameters" in cell["metadata"].get("tags", ())]
    assert len(tagged) == 1
    lines = source(tagged[0]).splitlines()
    names = [line.split(":")[0] for line in lines]
    assert names == ["parameters_file", "approved_plan", "run_folder", *OWN.get(phase.label, ())]
    # papermill sees no other form: one plain `name: type = default  # help` a line
    assert all(re.fullmatch(r'\w+: str = "[^"=]*"  # .+', line) for line in lines)


def test_the_head_tells_all_that_a_person_asks_before_starting(phase):
    head = source(cells(phase, "markdown")[0])
    assert head.startswith(f"# {phase.number} ")
    rows = re.findall(r"^\| \**([A-Z][a-z ]+?)\** \|", head, re.MULTILINE)
    assert tuple(rows) == HEAD


def test_every_runbook_goes_the_same_way(phase):
    titles = re.findall(r"^## (.+)$", "\n".join(source(cell) for cell in cells(phase, "markdown")), re.MULTILINE)
    expected = [title for title in ROAD if phase.changes or title not in ("Approve", "Apply")]
    assert [title for title in titles if title in ROAD] == [t for t in expected if t in titles]
    assert {"Parameters", "Who am I", "What I want", "What is there", "Verify", "Record"} <= set(titles)
    assert not phase.changes or {"What would change", "Approve", "Apply"} <= set(titles)


def test_runbooks_are_kept_without_outputs_and_with_stable_ids(phase):
    for cell in cells(phase, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
    ids = [cell["id"] for kind in ("code", "markdown") for cell in cells(phase, kind)]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith(phase.label.replace("_", "-")[:12]) for each in ids)
