"""Organizational units in the inventory: by their ids where AWS has them, also under another name or parent."""

from collections.abc import Iterator, Mapping

from orgkit.model.desired import Desired, UnitPath, UnitSpec, format_path
from orgkit.model.inventory import PRESENCE, Gap, InventoryPart, Resource, tag_values
from orgkit.model.observed import Observed, Unit
from orgkit.model.offboarding import OffboardingSpec
from orgkit.model.unit_matching import place_in_aws, units_of_file

KIND = "organizational unit"
ROOT = "the organization root"
CALLS = {
    "name": ("UpdateOrganizationalUnit",),
    "parent": ("CreateOrganizationalUnit", "DeleteOrganizationalUnit"),
    PRESENCE: ("CreateOrganizationalUnit", "DeleteOrganizationalUnit"),
    "tag": ("TagResource", "UntagResource"),
}


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield each unit of the file with the unit of AWS that it means, then the units that the file does not name."""
    units = units_of_file(desired, observed)
    for spec in sorted(desired.units, key=lambda unit: unit.path):
        yield _resource(observed, spec.path, units.get(spec.path), _spec_values(spec, units))
    matched = {unit.id for unit in units.values()}
    for unit in observed.units:
        if unit.id not in matched:
            is_named = desired.section(OffboardingSpec).names_unit(unit.path)
            yield _resource(observed, unit.path, unit, {} if is_named else None)


def _spec_values(spec: UnitSpec, units: Mapping[UnitPath, Unit]) -> dict[str, str]:
    """Return what the file asks for; a unit below one that was renamed is where the file wants it."""
    parent = format_path(place_in_aws(spec.parent, units)) or ROOT
    return {"name": spec.name, "parent": parent, **tag_values(spec.tags)}


def _resource(observed: Observed, path: UnitPath, unit: Unit | None, spec_values: dict[str, str] | None) -> Resource:
    values = None
    if unit is not None:
        values = {"name": unit.path[-1], "parent": format_path(unit.path[:-1]) or ROOT, **tag_values(unit.tags)}
    return Resource(
        kind=KIND,
        id=unit.id if unit else "",
        name=format_path(path),
        values=values,
        spec_values=spec_values,
        account=observed.target.account,
        calls=CALLS,
        identifiers=(unit.id, unit.path[-1]) if unit else (path[-1],),
    )


INVENTORY = InventoryPart((KIND,), resources)
