"""Phase 01: create the organization and enable what it needs."""

from typing import TYPE_CHECKING

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps

if TYPE_CHECKING:
    from orgkit.phases.adopted import Adopt
    from orgkit.phases.schema.section import Section
    from orgkit.phases.terraform.part import Handover


def _section() -> "Section":
    from orgkit.phases.organization.section import SECTION

    return SECTION


def _steps() -> PhaseSteps:
    from orgkit.phases.management_account.findings import READS  # its creation depends on the checks of 00
    from orgkit.phases.organization.steps import (
        CreateOrganization,
        EnablePolicyType,
        EnableRootFeature,
        EnableTrustedAccess,
    )

    return PhaseSteps(
        reads=READS,
        steps=(
            CreateOrganization,
            EnableTrustedAccess,
            EnablePolicyType,
            EnableRootFeature,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.organization.evidence import EVIDENCE
    from orgkit.phases.organization.planner import plan

    return PhasePlanner(plan, EVIDENCE)


def _handover() -> "Handover":
    from orgkit.phases.organization.handover import HANDOVER

    return HANDOVER


def _adopt() -> "Adopt":
    from orgkit.phases.organization.adoption import adopt

    return adopt


PHASE = Phase(
    number="01",
    name="organization",
    title="Create the organization and enable what it needs",
    label="organization",
    requires=("management-account",),
    load_section=_section,
    load_steps=_steps,
    load_planner=_planner,
    load_handover=_handover,
    load_adopt=_adopt,
)
