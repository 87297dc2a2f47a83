"""Organizational units on the wire: what a duplicate means, and tags that the bulk read does not know yet."""

import json
from typing import Any

import pytest

from orgkit.apply import HANDLERS
from orgkit.aws.session import Connection
from orgkit.errors import OutOfOrder, StepFailed
from orgkit.model.directory import Directory
from orgkit.model.units import CreateUnit
from orgkit.read import _with_sure_tags
from orgkit.units.aws import read_units
from tests.aws.conftest import Answer, Wire
from tests.plans.loader import desired_of, observed_of

STEP = CreateUnit(path="Security", tags=(("Name", "Security"),))
DUPLICATE = Answer.error("DuplicateOrganizationalUnitException")


def directory() -> Directory:
    return Directory(observed_of({"organization": {}}), desired_of())


def create(aws: Connection, known: Directory, step: CreateUnit = STEP) -> None:
    HANDLERS[CreateUnit](aws, step, known)


def listed(*names: str) -> Answer:
    return Answer.json(OrganizationalUnits=[{"Id": f"ou-{name}", "Name": name} for name in names])


def test_the_id_of_a_new_unit_is_known_to_the_steps_after_it(aws: Connection, wire: Wire) -> None:
    known = directory()
    wire.says(Answer.json(OrganizationalUnit={"Id": "ou-1"}))
    create(aws, known)
    assert known.parent("Security") == "ou-1"
    assert json.loads(wire.bodies[0]) == {
        "ParentId": "r-root", "Name": "Security", "Tags": [{"Key": "Name", "Value": "Security"}],
    }  # fmt: skip


def test_a_unit_that_is_there_meanwhile_is_taken_and_tagged(aws: Connection, wire: Wire) -> None:
    known = directory()
    wire.says(DUPLICATE, listed("Other", "Security"), Answer())
    create(aws, known)
    assert known.parent("Security") == "ou-Security"
    assert wire.asked == ["CreateOrganizationalUnit", "ListOrganizationalUnitsForParent", "TagResource"]


def test_a_duplicate_that_is_not_listed_is_told_and_not_guessed(aws: Connection, wire: Wire) -> None:
    wire.says(DUPLICATE, listed("SECURITY"))
    with pytest.raises(StepFailed, match="lists none of that name"):
        create(aws, directory())


def test_a_unit_below_one_that_is_not_there_is_out_of_order(aws: Connection, wire: Wire) -> None:
    with pytest.raises(OutOfOrder, match="unit Security is not there"):
        create(aws, directory(), CreateUnit(path="Security/Audit", tags=()))
    assert wire.asked == []


def test_units_are_read_parents_first_and_no_deeper_than_aws_allows(aws: Connection, wire: Wire) -> None:
    wire.says(listed("B", "A"), *[listed("x")] * 4, listed("y"), listed(), listed(), listed(), listed())
    paths = [unit.path for unit in read_units(aws, "r-root", {"ou-A": (("k", "v"),)})]
    assert paths[:5] == ["A", "A/x", "A/x/x", "A/x/x/x", "A/x/x/x/x"]
    assert max(path.count("/") for path in paths) == 4
    assert "B" in paths


def test_a_tag_that_the_bulk_read_does_not_know_yet_is_asked_for(aws: Connection, wire: Wire) -> None:
    """Without this, a unit made a moment ago would be tagged again, and its verification would fail."""
    tags = {"Name": "Security", "ManagedBy": "orgkit"}
    told: dict[str, Any] = {"organization": {}, "units": {"Security": {"Name": "Security"}, "Lab": {}}}
    wire.says(Answer.json(Tags=[{"Key": key, "Value": value} for key, value in tags.items()]))
    tree = _with_sure_tags(aws, desired_of(), observed_of(told))
    assert {unit.path: dict(unit.tags) for unit in tree.units} == {"Security": tags, "Lab": {}}
    assert wire.asked == ["ListTagsForResource"]
