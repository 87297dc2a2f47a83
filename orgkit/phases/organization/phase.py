"""Phase 01: create the organization and enable what it needs."""

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


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


PHASE = Phase(
    number="01",
    name="organization",
    title="Create the organization and enable what it needs",
    label="organization",
    requires=("management-account",),
    load_steps=_steps,
    load_planner=_planner,
)
