"""The stages of 06-costs, in addition to those that every runbook has."""

from decimal import Decimal

from orgkit.costs.estimate.assumptions import SCENARIOS
from orgkit.costs.estimate.estimate import Estimate
from orgkit.costs.estimate.estimate import estimate as estimate_costs
from orgkit.costs.estimate.sensitivity import sensitivity, sizes
from orgkit.errors import NotVerified
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed
from orgkit.runbook.run import Run
from orgkit.runbook.stages import stage
from orgkit.runbook.views.bar_chart import Bars
from orgkit.runbook.views.views import CHARGE_COLUMNS, AssumptionsView, Charges, SensitivityView, Verification


@stage
def estimate(run: Run, observed: Observed) -> Estimate:
    """What the organization of the file costs per account and month: low, expected and high."""
    ids = known_ids(run.desired, observed)
    cost_estimate = estimate_costs(run.desired, ids, credits_left=credits_left_to_lose(observed))
    amounts = {"low": str(cost_estimate.low), "expected": str(cost_estimate.expected), "high": str(cost_estimate.high)}
    for part, values in (("made", cost_estimate.made_by_orgkit), ("later", cost_estimate.switched_on_later)):
        amounts |= {f"{part}_{name}": str(value) for name, value in zip(SCENARIOS, values, strict=True)}
    run.journal.write("estimate", **amounts, prices_of=cost_estimate.priced)
    return cost_estimate


def credits_left_to_lose(observed: Observed) -> Decimal | None:
    """The credits that creating the organization would forfeit: 0 where it exists, None where they are unknown."""
    if observed.organization is not None:
        return Decimal(0)
    return Decimal(observed.credits_usd) if isinstance(observed.credits_usd, str) else None


def bars(estimate: Estimate) -> Bars:
    """The estimate as a picture: a bar for each account, by service."""
    return Bars.from_estimate(estimate)


def assumptions(estimate: Estimate) -> AssumptionsView:
    """What the estimate assumes, with the source of each."""
    frame = estimate.by_assumption().reset_index()[["assumption", *SCENARIOS, "unit", "meaning", "source"]]
    return AssumptionsView(tuple(frame.columns), tuple(frame.itertuples(index=False, name=None)))


def cost_drivers(run: Run) -> SensitivityView:
    """Which assumptions move the total most, and what more accounts and regions would make of it."""
    return SensitivityView(sensitivity(run.desired), sizes(run.desired))


def charges(estimate: Estimate) -> Charges:
    """Every row of the estimate, in FOCUS column names, with its price, the price's source and dates."""
    frame = estimate.to_frame()[list(CHARGE_COLUMNS)]
    return Charges(tuple(frame.itertuples(index=False, name=None)))


@stage
def pass_estimate(run: Run, estimate: Estimate) -> Verification:
    """An estimate holds together when its scenarios are in order and its rows add up to its totals."""
    problems = [] if estimate.low <= estimate.expected <= estimate.high else ["low, expected and high are out of order"]
    if estimate.by_account().loc["Total", "expected"] != estimate.expected:
        problems.append("the accounts' amounts do not add up to the total")
    run.journal.write("verified", passed=not problems, left=problems, waiting=[])
    if problems:
        raise NotVerified(problems[0], "report this: it is a fault of orgkit's estimate.")
    return Verification(None)


# So that the runbooks of projects made by version 0.1.0 still run.
moves, assumed = cost_drivers, assumptions
