"""Whether AWS shows what a step of phase 10 makes."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.billing.facts import BillingFacts
from orgkit.phases.billing.steps import (
    ActivateCostTag,
    CreateAnomalyMonitor,
    CreateAnomalySubscription,
    CreateBudget,
)
from orgkit.phases.evidence import is_shown_by


def _budget(step: CreateBudget, observed: Observed, _: Desired) -> bool | None:
    facts = observed.facts(BillingFacts)
    return step.name in dict(facts.budgets) if facts else None


def _monitor(step: CreateAnomalyMonitor, observed: Observed, _: Desired) -> bool | None:
    facts = observed.facts(BillingFacts)
    return step.name in dict(facts.monitors) if facts else None


def _subscription(step: CreateAnomalySubscription, observed: Observed, _: Desired) -> bool | None:
    facts = observed.facts(BillingFacts)
    return step.name in facts.subscriptions if facts else None


def _cost_tag(step: ActivateCostTag, observed: Observed, _: Desired) -> bool | None:
    facts = observed.facts(BillingFacts)
    return (step.key, "Active") in facts.tags if facts else None


EVIDENCE = (
    is_shown_by(CreateBudget, _budget),
    is_shown_by(CreateAnomalyMonitor, _monitor),
    is_shown_by(CreateAnomalySubscription, _subscription),
    is_shown_by(ActivateCostTag, _cost_tag),
)
