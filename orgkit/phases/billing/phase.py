"""Phase 10: create budgets and alerts, so that a growing bill is noticed."""

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.billing.steps import (
        READS,
        ActivateCostTag,
        CreateAnomalyMonitor,
        CreateAnomalySubscription,
        CreateBudget,
    )

    return PhaseSteps(
        reads=READS,
        steps=(
            CreateBudget,
            CreateAnomalyMonitor,
            CreateAnomalySubscription,
            ActivateCostTag,
        ),
    )


def _planner() -> PhasePlanner:
    from orgkit.phases.billing.evidence import EVIDENCE
    from orgkit.phases.billing.planner import plan
    from orgkit.phases.billing.steps import sends_no_alert

    return PhasePlanner(plan, EVIDENCE, sends_no_alert)


PHASE = Phase(
    number="10",
    name="billing",
    title="Create budgets and alerts, so that a growing bill is noticed",
    label="billing",
    requires=("organization", "accounts"),
    load_steps=_steps,
    load_planner=_planner,
    in_bootstrap=False,
    is_requested=lambda desired: bool(desired.section(BillingSpec).alerts),
    request_hint="[billing] of the file names alerts",
)
