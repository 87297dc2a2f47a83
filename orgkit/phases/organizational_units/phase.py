"""Phase 02: create the organizational units."""

from typing import TYPE_CHECKING

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps

if TYPE_CHECKING:
    from orgkit.phases.adopted import Adopt
    from orgkit.phases.schema.section import Section
    from orgkit.phases.terraform.part import Handover


def _section() -> "Section":
    from orgkit.phases.organizational_units.section import SECTION

    return SECTION


def _steps() -> PhaseSteps:
    from orgkit.phases.organizational_units.steps import CreateUnit, TagUnit

    return PhaseSteps(
        steps=(
            CreateUnit,
            TagUnit,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.organizational_units.evidence import EVIDENCE
    from orgkit.phases.organizational_units.planner import plan

    return PhasePlanner(plan, EVIDENCE)


def _handover() -> "Handover":
    from orgkit.phases.organizational_units.handover import HANDOVER

    return HANDOVER


def _adopt() -> "Adopt":
    from orgkit.phases.organizational_units.adoption import adopt

    return adopt


PHASE = Phase(
    number="02",
    name="organizational-units",
    title="Create the organizational units",
    label="units",
    requires=("organization",),
    load_section=_section,
    load_steps=_steps,
    load_planner=_planner,
    load_handover=_handover,
    load_adopt=_adopt,
)
