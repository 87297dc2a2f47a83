"""Phase 07: compare what AWS billed with the estimate."""

from orgkit.phases.descriptor import Phase

PHASE = Phase(
    number="07",
    name="actual-costs",
    title="Compare what AWS billed with the estimate",
    label="actual-costs",
    requires=("organization",),
    reads=("ce:GetCostAndUsage",),
    in_bootstrap=False,
)
