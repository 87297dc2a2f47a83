"""What phase 10 should do: budgets and anomaly alerts from the high scenario, and tags that bills are split by."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from orgkit.costs.estimate import Estimate, estimate
from orgkit.costs.usage import MANAGEMENT
from orgkit.model.billing import (
    ORGANIZATION,
    OURS,
    ActivateCostTag,
    CreateAnomalyMonitor,
    CreateAnomalySubscription,
    CreateBudget,
)
from orgkit.model.desired import Desired
from orgkit.model.matching import known_ids
from orgkit.model.observed import BillingFacts, Observed, Unread
from orgkit.plan import Plan, Step

MONITOR = f"{OURS}services"
ALERT = f"{OURS}anomalies"
PART = Decimal("0.1")  # of the high scenario: an anomaly below that is noise
DOLLAR = Decimal(1)


def plan(observed: Observed, desired: Desired) -> Plan:
    """Things are known by their names; what is there already is left as it is, also with another amount."""
    facts = observed.billing or BillingFacts()
    made = estimate(desired, known_ids(desired, observed))
    return Plan(
        phase="billing",
        target=observed.target,
        steps=tuple(_steps(observed, desired, facts, made)),
        needs=() if observed.organization else ("the organization does not exist yet: run 01-organization",),
        unmanaged=tuple(f"budget {name}" for name, _ in facts.budgets if not name.startswith(OURS)),
        warnings=tuple(_warnings(desired, facts, made)),
    )


def limits(made: Estimate) -> dict[str, Decimal]:
    """Key of an account, or "" for all of them → the high scenario of a month in whole dollars, at least one."""
    table = made.by_account()["high"]
    keys = [account.key for account in made.accounts]
    return {ORGANIZATION: _dollars(table["Total"]), **{key: _dollars(table[key]) for key in keys}}


def name_of(key: str) -> str:
    """The name of an account's budget; no key of a file makes one of the first two."""
    if key == ORGANIZATION:
        return f"{OURS}organization"
    return f"{OURS}management" if key == MANAGEMENT else f"{OURS}account-{key}"


def _steps(observed: Observed, desired: Desired, facts: BillingFacts, made: Estimate) -> Iterator[Step]:
    emails = desired.billing.alerts
    if emails:
        yield from _budgets(observed, desired, facts, made)
        monitor = next((name for name, _ in facts.monitors), "")  # AWS allows one of all services
        if not monitor:
            yield CreateAnomalyMonitor(name=MONITOR, why="no monitor watches AWS's services")
        if ALERT not in facts.subscriptions:
            least = _dollars(limits(made)[ORGANIZATION] * PART)
            yield CreateAnomalySubscription(
                name=ALERT, monitor=monitor or MONITOR, at_least_usd=str(least), emails=emails,
                why="a tenth of what the organization costs in the high scenario",
            )  # fmt: skip
    for key in desired.billing.cost_allocation_tags:
        if dict(facts.tags).get(key) == "Inactive":
            yield ActivateCostTag(key=key, why="AWS knows this tag, and bills cannot be split by it yet")


def _budgets(observed: Observed, desired: Desired, facts: BillingFacts, made: Estimate) -> Iterator[Step]:
    there = {name for name, _ in facts.budgets}
    known = {ORGANIZATION, MANAGEMENT, *known_ids(desired, observed)}
    for key, limit in limits(made).items():
        if key in known and name_of(key) not in there:
            yield CreateBudget(
                name=name_of(key), account=key, limit_usd=str(limit), emails=desired.billing.alerts,
                why="the high scenario of the estimate, in whole dollars",
            )  # fmt: skip


def _warnings(desired: Desired, facts: BillingFacts, made: Estimate) -> Iterator[str]:
    if not desired.billing.alerts:
        yield "no e-mail stands under [billing] alerts: no budget and no alert is proposed."
    proposed = {name_of(key): limit for key, limit in limits(made).items()}
    for name, amount in facts.budgets:
        if name in proposed and amount is not None and amount != proposed[name]:
            yield f"budget {name} stands at {amount} USD, the high scenario is {proposed[name]}: it is left as it is."
    missing = [key for key in desired.billing.cost_allocation_tags if key not in dict(facts.tags)]
    if missing:
        yield (
            f"AWS does not know {', '.join(missing)} as a cost allocation tag yet: that takes up to a day after the "
            "tag was first used. Run this phase again then."
        )
    if isinstance(facts.sharing, Unread):
        yield f"the sharing preferences could not be read: {facts.sharing.why}."
    else:
        yield from (f"preference: {sentence}." for sentence in facts.sharing)


def _dollars(amount: Decimal) -> Decimal:
    return max(amount.quantize(DOLLAR, ROUND_CEILING), DOLLAR)
