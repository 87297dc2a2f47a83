"""How AWS is asked about organizational units, and to make and tag them."""

from collections.abc import Iterator
from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.aws.tags import Tags, as_aws, read_tags_of
from orgkit.errors import StepFailed
from orgkit.model.directory import Directory
from orgkit.model.observed import Unit
from orgkit.model.units import CreateUnit, TagUnit
from orgkit.plan import Step

DEEPEST = 5  # AWS's levels of organizational units: the deepest have no children to ask for


def read_units(
    aws: Connection, parent_id: str, tags: dict[str, Tags] | None, parent: str = "", depth: int = 1
) -> Iterator[Unit]:
    """Every organizational unit below a parent, parents before their children."""
    found = aws.pages("organizations", "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent_id)
    for item in sorted(found, key=lambda unit: str(unit["Name"])):
        path = f"{parent}/{item['Name']}".lstrip("/")
        yield Unit(path, item["Id"], read_tags_of(aws, item["Id"]) if tags is None else tags.get(item["Id"], ()))
        if depth < DEEPEST:
            yield from read_units(aws, item["Id"], tags, path, depth + 1)


def create_unit(aws: Connection, step: CreateUnit, directory: Directory) -> None:
    """Make it with its tags; one of the same name under the same parent is taken as made."""
    parent_path, _, name = step.path.rpartition("/")
    parent = directory.parent(parent_path)
    try:
        answer = aws.mutate(
            "organizations",
            "CreateOrganizationalUnit",
            expect="OrganizationalUnit",
            ParentId=parent,
            Name=name,
            Tags=as_aws(step.tags),
        )
        directory.units[step.path] = answer["OrganizationalUnit"]["Id"]
    except Refused as refused:
        if refused.code != "DuplicateOrganizationalUnitException":
            raise
        directory.units[step.path] = _adopt(aws, step, parent, name)


def tag_unit(aws: Connection, step: TagUnit, directory: Directory) -> None:
    """Set the tags that the step names; the others stay."""
    aws.mutate("organizations", "TagResource", ResourceId=directory.parent(step.path), Tags=as_aws(step.tags))


STEPS: dict[type[Step], Any] = {CreateUnit: create_unit, TagUnit: tag_unit}


def _adopt(aws: Connection, step: CreateUnit, parent: str, name: str) -> str:
    """The id of the unit that AWS says is there, with the tags that the step would have given it."""
    found = aws.pages("organizations", "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent)
    there = next((str(unit["Id"]) for unit in found if unit["Name"] == name), None)
    if there is None:
        raise StepFailed(
            f"AWS says that a unit like {step.path} is there, and lists none of that name.",
            "look for one whose name differs in upper and lower case; then run the phase again.",
        )
    aws.mutate("organizations", "TagResource", ResourceId=there, Tags=as_aws(step.tags))
    return there
