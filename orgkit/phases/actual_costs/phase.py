"""Phase 07: compare what AWS billed with the estimate."""

from orgkit.phases.descriptor import Phase, PhaseSteps

PHASE = Phase(
    number="07",
    name="actual-costs",
    title="Compare what AWS billed with the estimate",
    label="actual-costs",
    requires=("organization",),
    load_steps=lambda: PhaseSteps(reads=("ce:GetCostAndUsage",)),
    in_bootstrap=False,
)
