"""AWS calls that read, make, rename and tag organizational units."""

from functools import partial

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws, read_tags_of
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.desired import format_path, missing_tags, replaced_tags
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Unit
from orgkit.model.plan import starting_value
from orgkit.phases.handler import handle
from orgkit.phases.organizational_units.steps import CreateUnit, RenameUnit, TagUnit

MAX_DEPTH = 5  # AWS's levels of organizational units: the deepest have no children to ask for


def read_units(aws: Connection, root_id: str) -> tuple[Unit, ...]:
    """Return every organizational unit without its tags, parents before their children; those of a level at once."""
    units: list[Unit] = []
    level = [Unit((), root_id, ())]
    for _ in range(MAX_DEPTH):
        level = [unit for children in aws.executor.map(partial(_children, aws), level) for unit in children]
        units += level
    return tuple(sorted(units, key=lambda unit: unit.path))


def _children(aws: Connection, parent: Unit) -> list[Unit]:
    items = aws.pages("organizations", "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent.id)
    return [Unit((*parent.path, str(item["Name"])), str(item["Id"]), ()) for item in items]


def create_unit(aws: Connection, step: CreateUnit, id_index: IdIndex) -> None:
    """Make it with its tags; one that an attempt with a lost response has made counts as made."""
    *parent_path, name = step.path
    parent = id_index.parent(tuple(parent_path))
    try:
        answer = aws.mutate(
            "organizations",
            "CreateOrganizationalUnit",
            expect="OrganizationalUnit",
            ParentId=parent,
            Name=name,
            Tags=as_aws(step.tags),
        )
        id_index.units[step.path] = answer["OrganizationalUnit"]["Id"]
    except Rejected as rejection:
        if rejection.code != "DuplicateOrganizationalUnitException":
            raise
        id_index.units[step.path] = _adopt(aws, step, parent, name)


def rename_unit(aws: Connection, step: RenameUnit, id_index: IdIndex) -> None:
    """Give it the new name; later steps find it and the units below it by their new paths."""
    aws.mutate(
        "organizations",
        "UpdateOrganizationalUnit",
        expect="OrganizationalUnit",
        OrganizationalUnitId=_id_before_rename(step, id_index),
        Name=step.path[-1],
    )
    depth = len(step.path)
    moved = {path: item for path, item in id_index.units.items() if path[:depth] == step.former_path}
    id_index.units |= {(*step.path, *path[depth:]): item for path, item in moved.items()}


def _id_before_rename(step: RenameUnit, id_index: IdIndex) -> str:
    """Return the unit's id: by its new path where an attempt with a lost response has renamed it."""
    known = id_index.units
    return known.get(step.former_path) or known.get(step.path) or id_index.parent(step.former_path)


def tag_unit(aws: Connection, step: TagUnit, id_index: IdIndex) -> None:
    """Set the tags that the step names; the others stay."""
    aws.mutate("organizations", "TagResource", ResourceId=id_index.parent(step.path), Tags=as_aws(step.tags))


def unit_id(aws: Connection, step: CreateUnit, id_index: IdIndex) -> str:
    """Return the unit that has this name under this parent now."""
    return starting_value(_find(aws, id_index.parent(step.path[:-1]), step.path[-1]))


def name_of_unit(aws: Connection, step: RenameUnit, id_index: IdIndex) -> str:
    """Return the unit's id and its name now."""
    unit_id = _id_before_rename(step, id_index)
    answer = aws.read("organizations", "DescribeOrganizationalUnit", OrganizationalUnitId=unit_id)
    return starting_value({"id": unit_id, "name": str(answer["OrganizationalUnit"]["Name"])})


def tags_of_unit(aws: Connection, step: TagUnit, id_index: IdIndex) -> str:
    """Return the unit's current values under the keys of the step."""
    return starting_value(replaced_tags(step.tags, read_tags_of(aws, id_index.parent(step.path))))


HANDLERS = (
    handle(CreateUnit, create_unit, unit_id),
    handle(RenameUnit, rename_unit, name_of_unit),
    handle(TagUnit, tag_unit, tags_of_unit),
)


def _adopt(aws: Connection, step: CreateUnit, parent: str, name: str) -> str:
    """Return the id of the existing unit, if its tags show that an attempt with a lost response made it."""
    unit_id = _find(aws, parent, name)
    if unit_id is None:
        raise StepFailed(
            f"AWS says that a unit like {format_path(step.path)} is there, and lists none of that name.",
            "look at the units under its parent in AWS; then run the phase again.",
        )
    if missing_tags(step.tags, read_tags_of(aws, unit_id)):
        raise NeedsDecision(
            f"organizational unit {format_path(step.path)} ({unit_id}) has been made in the meantime, with other tags.",
            "find out who made it; then plan again: the plan says which tags would change.",
        )
    return unit_id


def _find(aws: Connection, parent: str, name: str) -> str | None:
    units = aws.pages("organizations", "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent)
    return next((str(unit["Id"]) for unit in units if unit["Name"] == name), None)
