"""Phase 05: log every account's API calls to the log archive account."""

from typing import TYPE_CHECKING

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps
from orgkit.phases.trail.file_warnings import file_warnings
from orgkit.phases.trail.reads import READS_IN_MANAGEMENT, member_reads

if TYPE_CHECKING:
    from orgkit.phases.adopted import Adopt
    from orgkit.phases.schema.section import Section
    from orgkit.phases.terraform.part import Handover


def _section() -> "Section":
    from orgkit.phases.trail.section import SECTION

    return SECTION


def _steps() -> PhaseSteps:
    from orgkit.phases.trail.all_steps import STEPS

    return PhaseSteps(
        reads=READS_IN_MANAGEMENT,
        steps=STEPS,
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.trail.choice import changes_control_tower
    from orgkit.phases.trail.evidence import EVIDENCE
    from orgkit.phases.trail.planner import plan

    return PhasePlanner(plan, EVIDENCE, changes_control_tower)


def _handover() -> "Handover":
    from orgkit.phases.trail.handover import HANDOVER

    return HANDOVER


def _adopt() -> "Adopt":
    from orgkit.phases.trail.adoption import adopt

    return adopt


PHASE = Phase(
    number="05",
    name="trail",
    title="Log every account's API calls to the log archive account",
    label="trail",
    requires=("organization", "accounts"),
    load_section=_section,
    load_steps=_steps,
    load_planner=_planner,
    load_handover=_handover,
    load_adopt=_adopt,
    accounts=lambda desired: (desired.log_archive,) if desired.log_archive else (),
    member_reads=member_reads,
    file_warnings=file_warnings,
)
