"""Phase 04: import existing accounts."""

from typing import TYPE_CHECKING

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps

if TYPE_CHECKING:
    from orgkit.phases.adopted import Adopt
    from orgkit.phases.schema.section import Section
    from orgkit.phases.terraform.part import Handover


def _section() -> "Section":
    from orgkit.phases.account_imports.section import SECTION

    return SECTION


def _steps() -> PhaseSteps:
    from orgkit.phases.account_imports.steps import READS, AcceptInvitation, InviteAccount
    from orgkit.phases.accounts.steps import MoveAccount, TagAccount
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
            TagAccount,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.account_imports.evidence import EVIDENCE
    from orgkit.phases.account_imports.planner import plan

    return PhasePlanner(plan, EVIDENCE)


def _handover() -> "Handover":
    from orgkit.phases.account_imports.handover import HANDOVER

    return HANDOVER


def _adopt() -> "Adopt":
    from orgkit.phases.account_imports.adoption import adopt

    return adopt


PHASE = Phase(
    number="04",
    name="account-imports",
    title="Import existing accounts",
    label="imports",
    requires=("organization", "units"),
    load_section=_section,
    load_steps=_steps,
    load_planner=_planner,
    load_handover=_handover,
    load_adopt=_adopt,
    accounts=lambda desired: desired.imports,
)
