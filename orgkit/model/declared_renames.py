"""Organizational units that the file renames: AWS has them under the name that `renamed_from` gives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from orgkit.model.desired import Desired, UnitPath, UnitSpec
from orgkit.model.observed import Observed, Unit


@dataclass(frozen=True)
class DeclaredRename:
    """A unit of the file, and the unit of AWS that gets its name."""

    spec: UnitSpec
    unit: Unit

    @property
    def new_path(self) -> UnitPath:
        """Its path in AWS once it has the new name, and the units above it still have their old ones."""
        return (*self.unit.path[:-1], self.spec.name)


def declared_renames(desired: Desired, observed: Observed) -> tuple[DeclaredRename, ...]:
    """Return the renames that are still to be done, parents first.

    An entry `renamed_from` may stay in the file: once the unit has its new name, there is nothing to rename.
    """
    former_names: dict[UnitPath, UnitPath] = {}  # path in the file → path in AWS
    renames = []
    for spec in sorted(desired.units, key=lambda unit: unit.path):
        parent = former_names.get(spec.parent, spec.parent)
        path = (*parent, spec.name)
        unit = observed.unit((*parent, spec.renamed_from)) if spec.renamed_from else None
        if unit is not None and observed.unit(path) is None:
            renames.append(DeclaredRename(spec, unit))
            path = unit.path
        former_names[spec.path] = path
    return tuple(renames)


def renamed_view(observed: Observed, renames: Iterable[DeclaredRename]) -> Observed:
    """Return the same reading as it is once these units have their new names."""
    return renamed_paths(observed, {rename.unit.path: rename.spec.name for rename in renames})


def renamed_paths(observed: Observed, names: Mapping[UnitPath, str]) -> Observed:
    """Return the same reading with other names for the units at these paths."""
    if not names:
        return observed
    return replace(
        observed,
        units=tuple(replace(unit, path=_renamed(unit.path, names)) for unit in observed.units),
        accounts=tuple(replace(account, unit=_renamed(account.unit, names)) for account in observed.accounts),
    )


def _renamed(path: UnitPath, names: Mapping[UnitPath, str]) -> UnitPath:
    return tuple(names.get(path[: depth + 1], name) for depth, name in enumerate(path))
