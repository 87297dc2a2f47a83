"""Organizational units on the wire: what a duplicate means, and tags that the bulk read does not know yet."""

import json
from typing import Any

import pytest

from orgkit.aws.session import Connection
from orgkit.engine.observe import _with_confirmed_tags
from orgkit.errors import NeedsDecision, OutOfOrder, StepFailed
from orgkit.model.matching import IdIndex
from orgkit.phases.organizational_units.aws import create_unit, read_units
from orgkit.phases.organizational_units.steps import CreateUnit
from tests.aws.conftest import Answer, Wire
from tests.plans.loader import desired_of, observed_of

STEP = CreateUnit(path=("Security",), tags=(("Name", "Security"),))
DUPLICATE = Answer.error("DuplicateOrganizationalUnitException")


def directory() -> IdIndex:
    return IdIndex(observed_of({"organization": {}}), desired_of())


def create(aws: Connection, known: IdIndex, step: CreateUnit = STEP) -> None:
    create_unit(aws, step, known)


def listed(*names: str) -> Answer:
    return Answer.json(OrganizationalUnits=[{"Id": f"ou-{name}", "Name": name} for name in names])


def test_the_id_of_a_new_unit_is_known_to_the_steps_after_it(aws: Connection, wire: Wire) -> None:
    known = directory()
    wire.says(Answer.json(OrganizationalUnit={"Id": "ou-1"}))
    create(aws, known)
    assert known.parent(("Security",)) == "ou-1"
    assert json.loads(wire.bodies[0]) == {
        "ParentId": "r-root", "Name": "Security", "Tags": [{"Key": "Name", "Value": "Security"}],
    }  # fmt: skip


def tagged(**tags: str) -> Answer:
    return Answer.json(Tags=[{"Key": key, "Value": value} for key, value in tags.items()])


def test_a_unit_that_a_lost_attempt_has_made_is_taken(aws: Connection, wire: Wire) -> None:
    known = directory()
    wire.says(DUPLICATE, listed("Other", "Security"), tagged(Name="Security", Cost="x"))
    create(aws, known)
    assert known.parent(("Security",)) == "ou-Security"
    assert wire.asked == ["CreateOrganizationalUnit", "ListOrganizationalUnitsForParent", "ListTagsForResource"]


def test_a_unit_that_is_there_meanwhile_with_other_tags_keeps_them(aws: Connection, wire: Wire) -> None:
    known = directory()
    wire.says(DUPLICATE, listed("Security"), tagged(Name="Another"))
    with pytest.raises(NeedsDecision, match=r"Security \(ou-Security\) has been made in the meantime, with other tags"):
        create(aws, known)
    assert wire.asked[-1] == "ListTagsForResource"
    assert ("Security",) not in known.units


def test_a_duplicate_that_is_not_listed_is_told_and_not_guessed(aws: Connection, wire: Wire) -> None:
    wire.says(DUPLICATE, listed("SECURITY"))
    with pytest.raises(StepFailed, match="lists none of that name"):
        create(aws, directory())


def test_a_unit_below_one_that_is_not_there_is_out_of_order(aws: Connection, wire: Wire) -> None:
    with pytest.raises(OutOfOrder, match="unit Security is not there"):
        create(aws, directory(), CreateUnit(path=("Security", "Audit"), tags=()))
    assert wire.asked == []


def test_units_are_read_parents_first_and_no_deeper_than_aws_allows(aws: Connection, wire: Wire) -> None:
    wire.says(listed("B", "A"), listed("y"), listed("x"), listed(), *[listed("x")] * 3)
    paths = [unit.path for unit in read_units(aws, "r-root")]
    assert paths == [*(("A", *["x"] * depth) for depth in range(5)), ("B",), ("B", "y")]
    assert len(wire.asked) == 7
    assert ("B",) in paths


def test_a_unit_with_a_slash_in_its_name_is_one_unit(aws: Connection, wire: Wire) -> None:
    wire.says(listed("CI/CD", "CI", "/"), listed(), listed("CD"), listed(), listed())
    paths = [unit.path for unit in read_units(aws, "r-root")]
    assert paths == [("/",), ("CI",), ("CI", "CD"), ("CI/CD",)]


def test_a_tag_that_the_bulk_read_does_not_know_yet_is_asked_for(aws: Connection, wire: Wire) -> None:
    """Without this, a unit made a moment ago would be tagged again, and its verification would fail."""
    tags = {"Name": "Security", "ManagedBy": "orgkit"}
    output: dict[str, Any] = {"organization": {}, "units": {"Security": {"Name": "Security"}, "Lab": {}}}
    wire.says(Answer.json(Tags=[{"Key": key, "Value": value} for key, value in tags.items()]))
    tree = _with_confirmed_tags(aws, desired_of(), observed_of(output))
    assert {unit.path: dict(unit.tags) for unit in tree.units} == {("Security",): tags, ("Lab",): {}}
    assert wire.asked == ["ListTagsForResource"]
