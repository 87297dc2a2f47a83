"""Phase 08: compare the organization with the file and with the last run."""

from orgkit.phases.descriptor import READS_OF_CHANGES, Phase, PhaseSteps

READS = (
    "budgets:ViewBudget", "ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions", "ce:ListCostAllocationTags",
    "cloudtrail:LookupEvents", "organizations:DescribePolicy", "organizations:DescribeResourcePolicy",
    "organizations:ListDelegatedAdministrators", "organizations:ListDelegatedServicesForAccount",
    "organizations:ListHandshakesForOrganization", "organizations:ListPolicies", "organizations:ListTargetsForPolicy",
    "servicequotas:ListServiceQuotas",
)  # fmt: skip

PHASE = Phase(
    number="08",
    name="health",
    title="Compare the organization with the file and with the last run",
    label="health",
    requires=("organization",),
    load_steps=lambda: PhaseSteps(reads=READS),
    reads_members=True,
    reads_every_phase=True,
    unused_reads=READS_OF_CHANGES,
    in_bootstrap=False,
)
