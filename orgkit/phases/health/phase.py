"""Phase 08: compare the organization with the file and with the last run."""

from orgkit.phases.descriptor import Phase, PhaseSteps

READS = (
    "budgets:ViewBudget", "ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions", "ce:ListCostAllocationTags",
    "cloudtrail:LookupEvents", "organizations:DescribePolicy", "organizations:DescribeResourcePolicy",
    "organizations:ListDelegatedAdministrators", "organizations:ListDelegatedServicesForAccount",
    "organizations:ListHandshakesForOrganization", "organizations:ListPolicies", "organizations:ListTargetsForPolicy",
    "servicequotas:ListServiceQuotas",
)  # fmt: skip

# Phases take them for findings of 00, after a lost answer, or to show which policies are in force.
UNUSED_READS = (
    "account:GetContactInformation", "freetier:GetAccountPlanState", "iam:GetAccountSummary",
    "organizations:DescribeCreateAccountStatus", "organizations:DescribeEffectivePolicy",
    "organizations:ListAccountsWithInvalidEffectivePolicy", "organizations:ListCreateAccountStatus",
    "organizations:ListParents", "sso:ListInstances",
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
    unused_reads=UNUSED_READS,
    in_bootstrap=False,
)
