"""Phase 10: create budgets and alerts, so that a growing bill is noticed."""

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.phases.billing.adoption import adopt
from orgkit.phases.billing.evidence import EVIDENCE
from orgkit.phases.billing.handover import HANDOVER
from orgkit.phases.billing.inventory import INVENTORY
from orgkit.phases.billing.planner import plan
from orgkit.phases.billing.section import SECTION
from orgkit.phases.billing.steps import (
    READS,
    ActivateCostTag,
    CreateAnomalyMonitor,
    CreateAnomalySubscription,
    CreateBudget,
    sends_no_alert,
)
from orgkit.phases.descriptor import Phase

PHASE = Phase(
    number="10",
    name="billing",
    title="Create budgets and alerts, so that a growing bill is noticed",
    label="billing",
    requires=("organization", "accounts"),
    reads=READS,
    section=SECTION,
    steps=(
        CreateBudget,
        CreateAnomalyMonitor,
        CreateAnomalySubscription,
        ActivateCostTag,
    ),
    evidence=EVIDENCE,
    planner=plan,
    handover=HANDOVER,
    adopt=adopt,
    stoppable=sends_no_alert,
    in_bootstrap=False,
    is_requested=lambda desired: bool(desired.section(BillingSpec).alerts),
    request_hint="[billing] of the file names alerts",
    inventory=INVENTORY,
)
