"""What phase 02 hands over to Terraform: the organizational units of the file, one resource for each level."""

from collections.abc import Iterator, Mapping, Sequence

from orgkit.model.desired import Desired, UnitPath, format_path
from orgkit.model.observed import Observed, Unit
from orgkit.phases.organizational_units.steps import CreateUnit, RenameUnit, TagUnit
from orgkit.phases.terraform.hcl import Attribute, Block, Call, Comment, Expression, Value, attributes
from orgkit.phases.terraform.part import Handover, HandoverPart, LeftOut, Resource
from orgkit.phases.terraform.provider import ROOT_ID, UNIT_IDS, value_of
from orgkit.phases.terraform.tree import NOT_IN_FILE, keys_of, managed_units

TYPE = "aws_organizations_organizational_unit"
UNITS = "organizational_units"


def hand_over(observed: Observed, desired: Desired) -> HandoverPart:
    """Return the units of the file that AWS has. A resource cannot refer to itself: each level has its own."""
    units = managed_units(observed, desired)
    foreign_units = [unit for unit in observed.units if unit not in units]
    return HandoverPart(
        "The organizational units, by their paths. A new one is a new entry of the map.",
        tuple(_items(units)) if units else (),
        tuple(
            LeftOut(f"organizational unit {format_path(unit.path)} ({unit.id})", NOT_IN_FILE) for unit in foreign_units
        ),
    )


def _items(units: Sequence[Unit]) -> Iterator[Block | Resource]:
    depths = sorted({len(unit.path) for unit in units})
    keys = keys_of(units)
    entries = {keys[unit.path]: _entry(unit, keys) for unit in units}
    yield Block("locals", (), (Attribute(UNITS, entries), *_ids(depths)))
    for depth in depths:
        yield Resource(
            TYPE,
            f"level_{depth}",
            attributes(name=value_of("name"), parent_id=_parent(depth), tags=value_of("tags")),
            instances={keys[unit.path]: unit.id for unit in units if len(unit.path) == depth},
            for_each=Expression(f"{{ for path, unit in local.{UNITS} : path => unit if unit.level == {depth} }}"),
        )


def _entry(unit: Unit, keys: Mapping[UnitPath, str]) -> Mapping[str, Value]:
    parent = {"parent": keys[unit.path[:-1]]} if unit.path[:-1] else {}
    return {"name": unit.path[-1], "level": len(unit.path), **parent, "tags": dict(unit.tags)}


def _parent(depth: int) -> Expression:
    return ROOT_ID if depth == 1 else Expression(f"{TYPE}.level_{depth - 1}[each.value.parent].id")


def _ids(depths: Sequence[int]) -> tuple[Comment | Attribute, ...]:
    levels = [Expression(f"{{ for path, unit in {TYPE}.level_{depth} : path => unit.id }}") for depth in depths]
    return (Comment("Ids by the same paths."), Attribute(UNIT_IDS, Call("merge", tuple(levels))))


RENAME = (
    "Terraform owns this and renames a unit in place: change `name` of its entry in organizational_units there, and "
    "leave the entry's key, since another key would be another unit"
)
HANDOVER = Handover(hand_over, (CreateUnit, RenameUnit, TagUnit), {RenameUnit: RENAME})
