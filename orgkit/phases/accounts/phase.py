"""Phase 03: create the member accounts and place them."""

from typing import TYPE_CHECKING

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps

if TYPE_CHECKING:
    from orgkit.phases.adopted import Adopt
    from orgkit.phases.schema.section import Section
    from orgkit.phases.terraform.part import Handover


def _section() -> "Section":
    from orgkit.phases.accounts.section import SECTION

    return SECTION


def _steps() -> PhaseSteps:
    from orgkit.phases.accounts.steps import READS, CreateAccount, MoveAccount, TagAccount
    from orgkit.phases.member_access.steps import CreateReadRole, RestrictReadRole

    return PhaseSteps(
        reads=READS,
        steps=(
            CreateAccount,
            MoveAccount,
            TagAccount,
            CreateReadRole,
            RestrictReadRole,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.accounts.evidence import EVIDENCE
    from orgkit.phases.accounts.planner import plan

    return PhasePlanner(plan, EVIDENCE)


def _handover() -> "Handover":
    from orgkit.phases.accounts.handover import HANDOVER

    return HANDOVER


def _adopt() -> "Adopt":
    from orgkit.phases.accounts.adoption import adopt

    return adopt


PHASE = Phase(
    number="03",
    name="accounts",
    title="Create the member accounts and place them",
    label="accounts",
    requires=("organization", "units"),
    load_section=_section,
    load_steps=_steps,
    load_planner=_planner,
    load_handover=_handover,
    load_adopt=_adopt,
    accounts=lambda desired: desired.accounts,
)
