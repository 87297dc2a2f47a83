"""Phase 02: create and rename the organizational units."""

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.organizational_units.steps import CreateUnit, RenameUnit, TagUnit

    return PhaseSteps(
        steps=(
            CreateUnit,
            RenameUnit,
            TagUnit,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.organizational_units.evidence import EVIDENCE
    from orgkit.phases.organizational_units.planner import plan

    return PhasePlanner(plan, EVIDENCE)


PHASE = Phase(
    number="02",
    name="organizational-units",
    title="Create the organizational units",
    label="units",
    requires=("organization",),
    load_steps=_steps,
    load_planner=_planner,
)
