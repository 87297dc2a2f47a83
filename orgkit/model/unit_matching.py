"""Which organizational unit of AWS a path of the file means, also one that was renamed or made anew elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from orgkit.model.desired import Desired, UnitPath, UnitSpec
from orgkit.model.observed import Observed, Unit
from orgkit.model.renames import NAME_TAG, suspected_renames


@dataclass(frozen=True)
class RecordedUnits:
    """The id that each unit had in the last record, by its path: a fact of a reading that is compared with it."""

    ids: Mapping[UnitPath, str]


def units_of_file(desired: Desired, observed: Observed) -> dict[UnitPath, Unit]:
    """Return path of the file → its unit in AWS, for those that are there.

    First come units that were probably renamed, then those that had the path in the last record, where the reading
    knows of one, and those at the path itself. Last comes the one unit that has the name, and the tag Name, under a
    parent where the file has none: AWS moves no unit, so somebody made it anew.
    """
    specs = {spec.path: spec for spec in desired.units}
    units = {rename.path: rename.unit for rename in suspected_renames(desired, observed)}
    units |= _recorded_units(specs, observed, units)
    used = {unit.id for unit in units.values()}
    for path in specs.keys() - units.keys():
        unit = observed.unit(path)
        if unit is not None and unit.id not in used:
            units[path] = unit
    used = {unit.id for unit in units.values()}
    for path in sorted(specs.keys() - units.keys()):
        unit = _unit_made_anew(specs[path], observed, specs, used)
        if unit is not None:
            units[path] = unit
            used.add(unit.id)
    return units


def place_in_aws(path: UnitPath, units: Mapping[UnitPath, Unit]) -> UnitPath:
    """Return the path in AWS of a unit of the file; the path itself where AWS does not have the unit."""
    unit = units.get(path)
    return unit.path if unit else path


def _recorded_units(
    specs: Mapping[UnitPath, UnitSpec], observed: Observed, units: Mapping[UnitPath, Unit]
) -> dict[UnitPath, Unit]:
    """Return the units that the last record had at a path of the file, and that the file does not name today."""
    recorded = observed.facts(RecordedUnits)
    if recorded is None:
        return {}
    used = {unit.id for unit in units.values()}
    free = {unit.id: unit for unit in observed.units if unit.path not in specs and unit.id not in used}
    return {
        path: free[unit_id]
        for path, unit_id in recorded.ids.items()
        if path in specs and path not in units and unit_id in free
    }


def _unit_made_anew(
    spec: UnitSpec, observed: Observed, specs: Mapping[UnitPath, UnitSpec], used: set[str]
) -> Unit | None:
    name_tag = dict(spec.tags).get(NAME_TAG)
    candidates = [
        unit
        for unit in observed.units
        if unit.path[-1] == spec.name and unit.path not in specs and unit.id not in used
        if name_tag and dict(unit.tags).get(NAME_TAG) == name_tag
    ]
    return candidates[0] if len(candidates) == 1 else None
