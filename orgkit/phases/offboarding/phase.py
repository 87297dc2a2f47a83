"""Phase 16: put an account into quarantine, and close it after seven days; the only phase that closes one."""

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.offboarding.steps import READS, CloseAccount, QuarantineAccount, TagQuarantinedAccount
    from orgkit.phases.organizational_units.steps import CreateUnit
    from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy

    return PhaseSteps(
        reads=READS,
        steps=(
            CreateUnit, CreatePolicy, ChangePolicy, AttachPolicy, QuarantineAccount, TagQuarantinedAccount,
            CloseAccount,
        ),
    )  # fmt: skip


def _planner() -> PhasePlanner:
    from orgkit.phases.offboarding.evidence import EVIDENCE
    from orgkit.phases.offboarding.planner import plan

    return PhasePlanner(plan, EVIDENCE)


PHASE = Phase(
    number="16",
    name="offboarding",
    title="Put accounts that the file names into quarantine, and close them after seven days",
    label="offboarding",
    requires=("organization",),
    load_steps=_steps,
    load_planner=_planner,
    in_bootstrap=False,
    takes_away=True,
    needs_person=True,
)
