"""What phase 02 should do: the organizational units that are missing, parents first, and their tags."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.tags import missing
from orgkit.model.units import CreateUnit, TagUnit
from orgkit.plan import Plan, Step


def plan(observed: Observed, desired: Desired) -> Plan:
    """A unit is known by its path of names; units that the file does not name are reported and left alone."""
    return Plan(
        phase="units",
        target=observed.target,
        steps=tuple(_steps(observed, desired)),
        needs=() if observed.organization else ("the organization does not exist yet: run 01-organization",),
        unmanaged=tuple(_unmanaged(observed, desired)),
        warnings=tuple(_warnings(desired)),
    )


def _steps(observed: Observed, desired: Desired) -> Iterator[Step]:
    for spec in sorted(desired.units, key=lambda unit: unit.path.split("/")):
        there = observed.unit(spec.path)
        if there is None:
            yield CreateUnit(path=spec.path, tags=spec.tags, why=f"not found under {spec.parent or 'the root'}")
        elif lacking := missing(spec.tags, there.tags):
            yield TagUnit(path=spec.path, tags=lacking, why="these tags are missing or differ")


def _unmanaged(observed: Observed, desired: Desired) -> Iterator[str]:
    wanted = {spec.path for spec in desired.units}
    yield from (f"organizational unit {unit.path}" for unit in observed.units if unit.path not in wanted)


def _warnings(desired: Desired) -> Iterator[str]:
    """Every OU is a place for policies: more OUs than accounts is structure without content."""
    units, accounts = len(desired.units), len(desired.members)
    if units > 6 and units > accounts:
        yield (
            f"{units} organizational units for {accounts} member accounts: start with few, "
            "by what their accounts may do; units can be added later, and moving accounts changes their policies."
        )
