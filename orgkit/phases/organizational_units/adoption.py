"""`[units]` as AWS has them."""

from collections.abc import Iterator
from typing import Any

from orgkit.model.desired import UnitPath, format_path
from orgkit.model.observed import Observed
from orgkit.phases.adopted import Adopted, Advice, Unexpressed, members_of, own_tags
from orgkit.phases.schema.formats import unit_path
from orgkit.phases.schema.raw import Raw
from orgkit.phases.schema.section import unit_tags

MANY = 6  # as in the plan's own warning


def adopt(observed: Observed, raw: Raw) -> Adopted:
    """Return every unit whose name the file accepts; what lies below another one is listed with it."""
    values: dict[str, Any] = {}
    reasons: dict[UnitPath, str] = {}
    for unit in sorted(observed.units, key=lambda unit: unit.path):
        reason = reasons.get(unit.path[:-1], "") or _problem(unit.path)
        if reason:
            reasons[unit.path] = reason
            continue
        tags = own_tags(raw, unit_tags(unit.path[-1], {}, {}), unit.tags)
        values[format_path(unit.path)] = {"tags": tags} if tags else {}
    return Adopted(
        values=values,
        advice=tuple(_advice(observed)),
        not_expressed=tuple(_not_expressed(observed, reasons)),
    )


def _problem(path: UnitPath) -> str:
    try:
        unit_path(list(path))
    except ValueError as error:
        return str(error)
    return ""


def _not_expressed(observed: Observed, reasons: dict[UnitPath, str]) -> Iterator[Unexpressed]:
    units = {unit.path: unit for unit in observed.units}
    for path, reason in reasons.items():
        yield Unexpressed(f"organizational unit {format_path(path)} ({units[path].id})", reason)
        for key, value in units[path].tags:
            yield Unexpressed(f"tag {key} = {value} of unit {units[path].id}", "its unit is not in the file")


def _advice(observed: Observed) -> Iterator[Advice]:
    units, accounts = len(observed.units), len(members_of(observed))
    if units > MANY and units > accounts:
        yield Advice(
            "low",
            f"{units} organizational units for {accounts} member accounts",
            "a unit is there for the policies of its accounts: empty ones hide which policies hold",
            "remove the empty ones by hand; orgkit deletes nothing",
        )
