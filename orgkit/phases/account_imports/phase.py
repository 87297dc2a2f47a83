"""Phase 04: import existing accounts."""

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.account_imports.steps import READS, AcceptInvitation, InviteAccount
    from orgkit.phases.accounts.steps import MoveAccount, RenameAccount, TagAccount
    from orgkit.phases.member_access.steps import CreateReadRole, MakeManageable, RestrictReadRole

    return PhaseSteps(
        reads=READS,
        steps=(
            InviteAccount,
            AcceptInvitation,
            MakeManageable,
            CreateReadRole,
            RestrictReadRole,
            MoveAccount,
            RenameAccount,
            TagAccount,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.account_imports.evidence import EVIDENCE
    from orgkit.phases.account_imports.planner import plan

    return PhasePlanner(plan, EVIDENCE)


PHASE = Phase(
    number="04",
    name="account-imports",
    title="Import existing accounts",
    label="imports",
    requires=("organization", "units"),
    load_steps=_steps,
    load_planner=_planner,
    accounts=lambda desired: desired.imports,
)
