"""`renamed_from` of a unit: a rename in place and no new unit, and what later steps and phases see of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.aws.session import Connection
from orgkit.errors import ParametersInvalid
from orgkit.model.declared_renames import declared_renames
from orgkit.model.desired import HandoverSpec
from orgkit.model.matching import IdIndex
from orgkit.model.renames import suspected_renames
from orgkit.parameters import load
from orgkit.phases.organizational_units.aws import name_of_unit, rename_unit
from orgkit.phases.organizational_units.phase import PHASE
from orgkit.phases.organizational_units.steps import RenameUnit, TagUnit
from orgkit.phases.registry import plan
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.tree import observed_tree
from tests.aws.conftest import Answer, Wire
from tests.bootstrap.project import EXAMPLE
from tests.plans.loader import Case

FOLDER = Path(__file__).parents[2] / "plans" / "units" / "renamed-from"
CASE = Case(FOLDER)
OBSERVED, DESIRED = CASE.observed, CASE.desired
APPS, SITES = "ou-root-00000000", "ou-root-00000001"


def renames() -> list[RenameUnit]:
    return [step for step in plan("units", OBSERVED, DESIRED).steps if isinstance(step, RenameUnit)]


def test_units_below_a_renamed_one_are_found_by_their_new_paths(aws: Connection, wire: Wire) -> None:
    id_index = IdIndex(OBSERVED, DESIRED)
    wire.says(Answer.json(OrganizationalUnit={"Id": APPS, "Name": "x"}))
    for step in renames():
        rename_unit(aws, step, id_index)
    assert [json.loads(body) for body in wire.bodies] == [
        {"OrganizationalUnitId": APPS, "Name": "Workloads"},
        {"OrganizationalUnitId": SITES, "Name": "Web"},
    ]
    assert id_index.parent(("Workloads", "Web", "Prod")) == OBSERVED.unit(("Apps", "Sites", "Prod")).id


@pytest.mark.parametrize("name", ["Apps", "Workloads", "a third name"])
def test_the_value_that_is_replaced_is_the_name_that_the_unit_has(aws: Connection, wire: Wire, name: str) -> None:
    wire.says(Answer.json(OrganizationalUnit={"Id": APPS, "Name": name}))
    value = name_of_unit(aws, renames()[0], IdIndex(OBSERVED, DESIRED))
    assert (value == renames()[0].starts_from) is (name == "Apps")


def test_a_rename_that_is_done_is_planned_no_more_and_shown_as_done() -> None:
    case = Case(FOLDER.parent / "renamed-from-and-done")
    step = next(step for step in renames() if step.path == ("Workloads",))
    assert declared_renames(case.desired, case.observed) == ()
    assert PHASE.shows(step, case.observed, case.desired) is True
    assert PHASE.shows(step, OBSERVED, DESIRED) is False
    both = Case(FOLDER.parent / "renamed-from-and-both-there")
    assert PHASE.shows(step, both.observed, both.desired) is False


def test_the_tree_shows_what_is_renamed_before_and_after() -> None:
    (before,) = [node for node in observed_tree(OBSERVED, DESIRED).children if node.name == "Apps"]
    assert before.note == "to be renamed Workloads"
    after = tree_after_plan(OBSERVED, DESIRED, plan("units", OBSERVED, DESIRED))
    (unit,) = [node for node in after.children if node.name == "Workloads"]
    assert unit.note.startswith("renamed from Apps")
    assert [node.name for node in after.children if node.kind == "unit"] == ["Security", "Workloads"]


def test_terraform_renames_what_it_owns() -> None:
    owned = plan("units", OBSERVED, DESIRED.with_section(HandoverSpec(("units",))))
    assert not [step for step in owned.steps if isinstance(step, RenameUnit)]
    assert any("change `name` of its entry" in waiting.what for waiting in owned.waiting)


@pytest.mark.parametrize(
    ("units", "problem"),
    [
        ({"A": "A"}, '"A" is the name of the unit itself'),
        ({"A": "B", "B": ""}, '"B" is another unit of the file'),
        ({"A": "X", "B": "X"}, '"X" is renamed_from of units.A too'),
        ({"A": "x" * 129}, "has 129 characters"),
    ],
)
def test_a_former_name_that_says_two_things_is_refused(tmp_path: Path, units: dict[str, str], problem: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, former_name in units.items():
        text += f"\n[units.{name}]\n" + (f'renamed_from = "{former_name}"\n' if former_name else "")
    file = tmp_path / "acme.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ParametersInvalid) as refused:
        load(file)
    assert problem in str(refused.value)


def test_the_same_former_name_under_another_parent_is_another_unit(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    text += '\n[units."A/B"]\nrenamed_from = "X"\n[units."C/B"]\nrenamed_from = "X"\n'
    file = tmp_path / "acme.toml"
    file.write_text(text, encoding="utf-8")
    assert [unit.renamed_from for unit in load(file).units if unit.name == "B"] == ["X", "X"]


def test_a_stranger_with_the_new_name_gets_neither_tags_nor_accounts_until_a_person_has_decided() -> None:
    both = Case(FOLDER.parent / "renamed-from-and-both-there")
    units = tuple(replace(unit, tags=() if unit.path == ("Workloads",) else unit.tags) for unit in both.observed.units)
    planned = plan("units", replace(both.observed, units=units), both.desired)
    assert planned.steps == ()
    (waiting,) = planned.waiting
    assert waiting.drift
    assert "Apps (ou-root-00000000) and Workloads" in waiting.what
    assert [rename.path for rename in suspected_renames(both.desired, replace(both.observed, units=units))] == [
        ("Workloads",)
    ]


def test_tags_of_a_unit_below_one_that_could_not_be_renamed_are_left() -> None:
    step = TagUnit(path=("Workloads", "Web"), tags=(("a", "b"),), starts_from="absent")
    assert set(renames()[0].depends_on) <= set(step.depends_on)
