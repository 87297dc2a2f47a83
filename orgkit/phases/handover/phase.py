"""Phase 11: hand the organization over to Terraform or OpenTofu."""

from orgkit.phases.descriptor import READS_OF_CHANGES, Phase, PhaseSteps

# In addition to what every phase reads. sts:AssumeRole is for the access role of the log archive account, too: the tags
# of a key are not among the actions of the read role.
READS = (
    "budgets:ListTagsForResource", "budgets:ViewBudget", "ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions",
    "ce:ListCostAllocationTags", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrail",
    "organizations:DescribePolicy", "organizations:ListDelegatedAdministrators",
    "organizations:ListDelegatedServicesForAccount", "organizations:ListPolicies", "sts:AssumeRole",
)  # fmt: skip

PHASE = Phase(
    number="11",
    name="handover",
    title="Hand the organization over to Terraform or OpenTofu",
    label="handover",
    requires=("organization",),
    load_steps=lambda: PhaseSteps(reads=READS),
    reads_members=True,
    reads_every_phase=True,
    unused_reads=(*READS_OF_CHANGES, "servicequotas:ListServiceQuotas"),
    in_bootstrap=False,
)
