"""Phase 12: create policies, and attach them to organizational units."""

from orgkit.model.desired import Desired
from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps
from orgkit.phases.policies.spec import PoliciesSpec


def _steps() -> PhaseSteps:
    from orgkit.phases.policies.steps import READS, AttachPolicy, ChangePolicy, CreatePolicy

    return PhaseSteps(
        reads=READS,
        steps=(
            CreatePolicy,
            ChangePolicy,
            AttachPolicy,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.policies.evidence import EVIDENCE
    from orgkit.phases.policies.planner import plan

    return PhasePlanner(plan, EVIDENCE)


def names_policies(desired: Desired) -> bool:
    """Return whether the file names a policy."""
    return bool(desired.section(PoliciesSpec).policies)


def file_warnings(desired: Desired) -> tuple[str, ...]:
    """Return what to know of the policies that the file names."""
    if not names_policies(desired):
        return ()
    from orgkit.phases.policies import planner

    return planner.file_warnings(desired)


PHASE = Phase(
    number="12",
    name="policies",
    title="Create policies, and attach them to organizational units",
    label="policies",
    requires=("organization", "units"),
    load_steps=_steps,
    load_planner=_planner,
    in_bootstrap=False,
    is_requested=names_policies,
    request_hint="[policies] of the file names one",
    file_warnings=file_warnings,
)
