"""Phase 13: detach policies, and delete them; the only phase that does."""

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.policy_removal.steps import READS, DeletePolicy, DetachPolicy

    return PhaseSteps(
        reads=READS,
        steps=(
            DetachPolicy,
            DeletePolicy,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.policy_removal.evidence import EVIDENCE
    from orgkit.phases.policy_removal.planner import plan

    return PhasePlanner(plan, EVIDENCE)


PHASE = Phase(
    number="13",
    name="policy-removal",
    title="Detach policies that the file names, and delete them where it asks for that",
    label="policy-removal",
    requires=("organization",),
    load_steps=_steps,
    load_planner=_planner,
    in_bootstrap=False,
    takes_away=True,
)
