"""What phase 02 should do: the units that have another name or are missing, parents first, and their tags."""

from collections.abc import Iterator

from orgkit.model.declared_renames import DeclaredRename, declared_renames, renamed_view
from orgkit.model.desired import Desired, format_path, missing_tags, replaced_tags
from orgkit.model.lookalikes import refuse_lookalike_unit, unit_warnings
from orgkit.model.observed import Observed
from orgkit.model.offboarding import OffboardingSpec, offboarding_note
from orgkit.model.plan import Plan, Step, starting_value
from orgkit.model.renames import Renames, held_by, suspected_renames
from orgkit.phases.organizational_units.steps import CreateUnit, RenameUnit, TagUnit


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan what is missing, by the units' paths; units that are not in the file are reported and left unchanged.

    What follows the renames is planned as if they were done.
    """
    new_names = declared_renames(desired, observed)
    observed = renamed_view(observed, new_names)
    renames = suspected_renames(desired, observed)
    return Plan(
        phase="units",
        target=observed.target,
        steps=(*map(_rename, new_names), *_steps(observed, desired, renames)),
        needs=() if observed.organization else ("the organization does not exist yet: run 01-organization",),
        waiting=tuple(rename.waiting for rename in renames),
        unmanaged=tuple(_unmanaged(observed, desired)),
        warnings=(*_warnings(desired), *_both_names(observed, desired, renames), *unit_warnings(desired, observed)),
    )


def _rename(rename: DeclaredRename) -> RenameUnit:
    return RenameUnit(
        path=rename.spec.path, former_name=rename.unit.path[-1],
        starts_from=starting_value({"id": rename.unit.id, "name": rename.unit.path[-1]}),
        reason="the file has its old name as renamed_from",
    )  # fmt: skip


def _steps(observed: Observed, desired: Desired, renames: Renames) -> Iterator[Step]:
    for spec in sorted(desired.units, key=lambda unit: unit.path):
        existing_unit = observed.unit(spec.path)
        if held_by(spec.path, renames):
            continue
        if existing_unit is None:
            refuse_lookalike_unit(spec.path, observed)
            reason = f"not found under {format_path(spec.parent) or 'the root'}"
            yield CreateUnit(path=spec.path, tags=spec.tags, reason=reason)
        elif missing := missing_tags(spec.tags, existing_unit.tags):
            yield TagUnit(
                path=spec.path, tags=missing, starts_from=starting_value(replaced_tags(missing, existing_unit.tags)),
                reason="these tags are missing or differ",
            )  # fmt: skip


def _unmanaged(observed: Observed, desired: Desired) -> Iterator[str]:
    desired_paths = {spec.path for spec in desired.units}
    for unit in observed.units:
        if unit.path not in desired_paths:
            note = offboarding_note(desired.section(OffboardingSpec).names_unit(unit.path))
            yield f"organizational unit {format_path(unit.path)}{note}"


def _both_names(observed: Observed, desired: Desired, renames: Renames) -> Iterator[str]:
    """Warn of a unit that is there under both names; where neither is known to be orgkit's, a person decides."""
    for spec in sorted(desired.units, key=lambda unit: unit.path):
        former = observed.unit((*spec.parent, spec.renamed_from)) if spec.renamed_from else None
        if former is not None and observed.unit(spec.path) is not None and held_by(spec.path, renames) is None:
            yield (
                f"organizational units {format_path(spec.path)} and {format_path(former.path)} ({former.id}) are both "
                "there: neither is renamed, since AWS takes no name twice under one parent"
            )


def _warnings(desired: Desired) -> Iterator[str]:
    """Warn of more OUs than accounts: an OU is there for the policies of its accounts."""
    units, accounts = len(desired.units), len(desired.members)
    if units > 6 and units > accounts:
        yield (
            f"{units} organizational units for {accounts} member accounts: start with few, "
            "by what their accounts may do; units can be added later, and moving accounts changes their policies."
        )
