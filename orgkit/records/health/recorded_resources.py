"""What the last record knows of resources that have another name today: their ids stay."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from orgkit.model.desired import UnitPath, format_path, parse_path
from orgkit.model.inventory import Key, Resource
from orgkit.model.observed import Observed
from orgkit.model.unit_matching import RecordedUnits
from orgkit.phases.accounts.inventory import KIND as ACCOUNT
from orgkit.phases.organizational_units.inventory import KIND as UNIT
from orgkit.phases.organizational_units.inventory import ROOT
from orgkit.records.health.comparison import Snapshot, plain_name

PLACES = {UNIT: "parent", ACCOUNT: "unit"}  # the attribute that is the path of a unit


def recorded_units(last: Snapshot) -> RecordedUnits:
    """Return the id of each unit, by the path that it had in the file, or in AWS where the file did not name it."""
    return RecordedUnits({_path_of(name): key[1] for key, name in last.names.items() if key[0] == UNIT})


def with_present_paths(last: Snapshot, observed: Observed) -> Snapshot:
    """Return the inventory of the last run with the paths of today: one renamed unit moves nothing that is in it.

    Args:
        last: The inventory of the last run.
        observed: One reading of AWS.
    """
    present_paths = {unit.id: unit.path for unit in observed.units}
    renamed = {
        path: format_path(present_paths[unit_id])
        for path, unit_id in _paths(last)
        if unit_id in present_paths and format_path(present_paths[unit_id]) != path
    }
    values = {key: _with_place(key, attributes, renamed) for key, attributes in last.values.items()}
    return replace(last, values=values)


def matched_by_id(resources: tuple[Resource, ...], last: Snapshot) -> tuple[Resource, ...]:
    """Return the inventory with one resource for each of the file that AWS has under another name.

    The planner knows a policy by its name, and an account by its email. With another one it is not there, and AWS has
    one that the file does not name. The last record has the id of both.

    Args:
        resources: The inventory.
        last: The inventory of the last run.
    """
    ids = {(key[0], plain_name(name)): key for key, name in last.names.items()}
    unmanaged = {item.key: item for item in resources if item.is_unmanaged}
    matches = {
        place: unmanaged[key]
        for place, item in enumerate(resources)
        if item.values is None and item.spec_values is not None
        if (key := ids.get((item.kind, plain_name(item.name)))) in unmanaged
    }
    matched = {item.key for item in matches.values()}
    return tuple(
        _as_in_file(item, matches[place], last) if place in matches else item
        for place, item in enumerate(resources)
        if item.key not in matched
    )


def _as_in_file(missing: Resource, present: Resource, last: Snapshot) -> Resource:
    """Return the resource that is there, with what the file asks for of the one that is not."""
    assert missing.spec_values is not None
    former_name = last.values[present.key].get("name")
    name = {"name": former_name} if former_name == missing.name else {}
    return replace(present, name=missing.name, spec_values={**name, **missing.spec_values})


def _paths(last: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield the path in AWS of each unit of the last run, and its id."""
    for (kind, unit_id), attributes in last.values.items():
        if kind == UNIT and "name" in attributes:
            parent = attributes.get("parent", ROOT)
            above: UnitPath = () if parent == ROOT else _path_of(parent)
            yield format_path((*above, attributes["name"])), unit_id


def _path_of(text: str) -> UnitPath:
    """Return the path that a record has; one name, where a secret was hidden in it so that it is no path."""
    try:
        return parse_path(text)
    except ValueError:
        return (text,)


def _with_place(key: Key, attributes: Mapping[str, str], renamed: Mapping[str, str]) -> Mapping[str, str]:
    attribute = PLACES.get(key[0], "")
    place = attributes.get(attribute, "")
    return {**attributes, attribute: renamed[place]} if place in renamed else attributes
