"""What phase 10 should do: budgets and anomaly alerts from the high scenario, and tags that bills are split by."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.costs.estimate.estimate import Estimate, estimate
from orgkit.costs.estimate.usage import MANAGEMENT
from orgkit.model.desired import Desired
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import Plan, Step
from orgkit.phases.billing.facts import BillingFacts
from orgkit.phases.billing.steps import (
    NAME_PREFIX,
    ORGANIZATION,
    ActivateCostTag,
    CreateAnomalyMonitor,
    CreateAnomalySubscription,
    CreateBudget,
)

MONITOR = f"{NAME_PREFIX}services"
ALERT = f"{NAME_PREFIX}anomalies"
PART = Decimal("0.1")  # of the high scenario: an anomaly below that is noise
DOLLAR = Decimal(1)


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan what is missing, by name; what exists already is left unchanged, also with another amount."""
    facts = observed.facts(BillingFacts) or BillingFacts()
    cost_estimate = estimate(desired, known_ids(desired, observed))
    return Plan(
        phase="billing",
        target=observed.target,
        steps=tuple(_steps(observed, desired, facts, cost_estimate)),
        needs=() if observed.organization else ("the organization does not exist yet: run 01-organization",),
        unmanaged=tuple(f"budget {name}" for name, _ in facts.budgets if not name.startswith(NAME_PREFIX)),
        warnings=tuple(_warnings(desired, facts, cost_estimate)),
    )


def limits(cost_estimate: Estimate) -> dict[str, Decimal]:
    """Key of an account, or "" for all of them → the high scenario of a month in whole dollars, at least one."""
    table = cost_estimate.by_account()["high"]
    keys = [account.key for account in cost_estimate.accounts]
    return {ORGANIZATION: _dollars(table["Total"]), **{key: _dollars(table[key]) for key in keys}}


def name_of(key: str) -> str:
    """The name of an account's budget; no key of a file makes one of the first two."""
    if key == ORGANIZATION:
        return f"{NAME_PREFIX}organization"
    return f"{NAME_PREFIX}management" if key == MANAGEMENT else f"{NAME_PREFIX}account-{key}"


def _steps(observed: Observed, desired: Desired, facts: BillingFacts, cost_estimate: Estimate) -> Iterator[Step]:
    emails = desired.section(BillingSpec).alerts
    if emails:
        yield from _budgets(observed, desired, facts, cost_estimate)
        monitor = next((name for name, _ in facts.monitors), "")  # AWS allows one of all services
        if not monitor:
            yield CreateAnomalyMonitor(name=MONITOR, reason="no monitor watches AWS's services")
        if ALERT not in facts.subscriptions:
            threshold = _dollars(limits(cost_estimate)[ORGANIZATION] * PART)
            yield CreateAnomalySubscription(
                name=ALERT, monitor=monitor or MONITOR, at_least_usd=str(threshold), emails=emails,
                reason="a tenth of what the organization costs in the high scenario",
            )  # fmt: skip
    for key in desired.section(BillingSpec).cost_allocation_tags:
        if dict(facts.tags).get(key) == "Inactive":
            yield ActivateCostTag(key=key, reason="AWS knows this tag, and bills cannot be split by it yet")


def _budgets(observed: Observed, desired: Desired, facts: BillingFacts, cost_estimate: Estimate) -> Iterator[Step]:
    existing_names = {name for name, _ in facts.budgets}
    known = {ORGANIZATION, MANAGEMENT, *known_ids(desired, observed)}
    for key, limit in limits(cost_estimate).items():
        if key in known and name_of(key) not in existing_names:
            yield CreateBudget(
                name=name_of(key), account=key, limit_usd=str(limit), emails=desired.section(BillingSpec).alerts,
                reason="the high scenario of the estimate, in whole dollars",
            )  # fmt: skip


def _warnings(desired: Desired, facts: BillingFacts, cost_estimate: Estimate) -> Iterator[str]:
    if not desired.section(BillingSpec).alerts:
        yield "[billing] alerts names no email: no budget and no alert is proposed."
    proposed = {name_of(key): limit for key, limit in limits(cost_estimate).items()}
    for name, amount in facts.budgets:
        if name in proposed and amount is not None and amount != proposed[name]:
            yield f"budget {name} is {amount} USD, the high scenario is {proposed[name]}: orgkit leaves it unchanged."
    missing = [key for key in desired.section(BillingSpec).cost_allocation_tags if key not in dict(facts.tags)]
    if missing:
        yield (
            f"AWS does not know {', '.join(missing)} as a cost allocation tag yet: that takes up to a day after the "
            "tag was first used. Run this phase again then."
        )
    if isinstance(facts.sharing, Unread):
        yield f"the sharing preferences could not be read: {facts.sharing.reason}."
    else:
        yield from (f"preference: {sentence}." for sentence in facts.sharing)


def _dollars(amount: Decimal) -> Decimal:
    return max(amount.quantize(DOLLAR, ROUND_CEILING), DOLLAR)
