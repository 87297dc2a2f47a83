"""Phase 03: create the member accounts and place them."""

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.accounts.steps import READS, CreateAccount, MoveAccount, RenameAccount, TagAccount
    from orgkit.phases.member_access.steps import CreateReadRole, RestrictReadRole

    return PhaseSteps(
        reads=READS,
        steps=(
            CreateAccount,
            MoveAccount,
            RenameAccount,
            TagAccount,
            CreateReadRole,
            RestrictReadRole,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.accounts.evidence import EVIDENCE
    from orgkit.phases.accounts.planner import plan

    return PhasePlanner(plan, EVIDENCE)


PHASE = Phase(
    number="03",
    name="accounts",
    title="Create the member accounts and place them",
    label="accounts",
    requires=("organization", "units"),
    load_steps=_steps,
    load_planner=_planner,
    accounts=lambda desired: desired.accounts,
)
