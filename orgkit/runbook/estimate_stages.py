"""The stages of 06-costs, beside those that every runbook has."""

from orgkit.costs.estimate import Estimate
from orgkit.costs.estimate import estimate as estimate_costs
from orgkit.costs.sensitivity import sensitivity, sizes
from orgkit.errors import NotVerified
from orgkit.model.costs import SCENARIOS
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed
from orgkit.runbook.bars import Bars
from orgkit.runbook.run import Run
from orgkit.runbook.stages import stage
from orgkit.runbook.views import CHARGE_COLUMNS, Assumed, Charges, Moves, Verification


@stage
def estimate(run: Run, observed: Observed) -> Estimate:
    """What the organization of the file costs per account and month: low, expected and high."""
    made = estimate_costs(run.desired, known_ids(run.desired, observed))
    amounts = {"low": str(made.low), "expected": str(made.expected), "high": str(made.high)}
    run.journal.write("estimate", **amounts, prices_of=made.priced)
    return made


def bars(estimate: Estimate) -> Bars:
    """The estimate as a picture: a bar for each account, by service."""
    return Bars.of(estimate)


def assumed(estimate: Estimate) -> Assumed:
    """What the estimate assumes, with the source of each."""
    frame = estimate.by_assumption().reset_index()[["assumption", *SCENARIOS, "unit", "meaning", "source"]]
    return Assumed(tuple(frame.columns), tuple(frame.itertuples(index=False, name=None)))


def moves(run: Run) -> Moves:
    """Which assumptions move the total most, and what more accounts and regions would make of it."""
    return Moves(sensitivity(run.desired), sizes(run.desired))


def charges(estimate: Estimate) -> Charges:
    """Every row of the estimate, in FOCUS column names, with its price, the price's source and dates."""
    frame = estimate.to_frame()[list(CHARGE_COLUMNS)]
    return Charges(tuple(frame.itertuples(index=False, name=None)))


@stage
def pass_estimate(run: Run, estimate: Estimate) -> Verification:
    """An estimate holds together when its scenarios are in order and its rows add up to its totals."""
    left = [] if estimate.low <= estimate.expected <= estimate.high else ["low, expected and high are out of order"]
    if estimate.by_account().loc["Total", "expected"] != estimate.expected:
        left.append("the accounts' amounts do not add up to the total")
    run.journal.write("verified", passed=not left, left=left, waiting=[])
    if left:
        raise NotVerified(left[0], "report this: it is a fault of orgkit's estimate.")
    return Verification(None)
