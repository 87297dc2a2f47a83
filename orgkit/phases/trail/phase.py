"""Phase 05: log every account's API calls to the log archive account."""

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps
from orgkit.phases.trail.file_warnings import file_warnings
from orgkit.phases.trail.reads import READS_IN_MANAGEMENT, member_reads


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


PHASE = Phase(
    number="05",
    name="trail",
    title="Log every account's API calls to the log archive account",
    label="trail",
    requires=("organization", "accounts"),
    load_steps=_steps,
    load_planner=_planner,
    accounts=lambda desired: (desired.log_archive,) if desired.log_archive else (),
    member_reads=member_reads,
    file_warnings=file_warnings,
)
