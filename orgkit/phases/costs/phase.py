"""Phase 06: estimate the costs per account and month."""

from orgkit.phases.descriptor import Phase

PHASE = Phase(
    number="06",
    name="costs",
    title="Estimate the costs per account and month",
    label="costs",
)
