"""The biggest differences between an estimate and a bill, in words: which driver it would take, and how much of it."""

from collections.abc import Sequence
from decimal import Decimal

from orgkit.costs.charge import Charge
from orgkit.costs.difference import ACTUAL_ONLY, Difference, Line, prorated
from orgkit.costs.estimate import Estimate
from orgkit.costs.rounding import ZERO, cents, exact
from orgkit.printable import flat

MOST = 5


def explain(estimate: Estimate, difference: Difference, most: int = MOST) -> tuple[str, ...]:
    """A sentence for each line outside its range, the farthest first. Pure."""
    away = sorted((line for line in difference.lines if line.outside), key=lambda line: -abs(line.outside))
    told = [_sentence(estimate, difference, line) for line in away[:most]]
    if len(away) > most:
        told.append(f"{len(away) - most} more account(s) and service(s) lie outside their range by less.")
    return tuple(told)


def _sentence(estimate: Estimate, difference: Difference, line: Line) -> str:
    where = f"{flat(line.service)} in {flat(line.name or line.account)}"
    gross = cents(line.gross or ZERO)
    if line.status == ACTUAL_ONLY:
        return f"{where}: {gross} USD, which nothing in the estimate counts: what runs in the accounts is not in it."
    edge = f"above the high of {cents(line.high)}" if line.outside > 0 else f"below the low of {cents(line.low)}"
    head = f"{where}: {gross} USD, {abs(line.outside)} {edge}"
    found = _driver(estimate, difference, line)
    if not line.gross:
        return f"{head}: nothing of it was charged. It may not be switched on, or not yet."
    return f"{head}. {found}" if found else f"{head}."


@exact()
def _driver(estimate: Estimate, difference: Difference, line: Line) -> str:
    """The one thing that could move most, and the quantity at which it alone would make the difference."""
    charges = _of(estimate, line, "expected")
    largest = max(_of(estimate, line, "high"), key=lambda charge: charge.effective_cost, default=None)
    if largest is None or not largest.tier.unit_price or line.gross is None:
        return ""
    driver = largest.usage.driver
    others = sum((prorated(c, difference.part) for c in charges if c.usage.driver != driver), ZERO)
    rest = line.gross - others
    if rest <= 0:
        return ""
    counted = sum((c.quantity for c in charges if c.usage.driver == driver), ZERO)
    implied = rest / largest.tier.unit_price
    told = next((f" ({c.usage.assumption})" for c in charges if c.usage.driver == driver), "")
    return (
        f"With everything else as expected that is about {_round(implied)} {largest.price.unit} of {driver} at "
        f"{largest.tier.unit_price.normalize():f} USD, where {_round(counted * difference.part)} were expected{told}."
    )


def _of(estimate: Estimate, line: Line, scenario: str) -> Sequence[Charge]:
    keys = {account.key for account in estimate.accounts if (account.id or account.key) == line.account}
    charges = estimate.charges[scenario]
    return [c for c in charges if c.usage.account in keys and c.price.service == line.service]


def _round(quantity: Decimal) -> str:
    return f"{quantity:,.0f}" if quantity >= 10 else f"{quantity:.2f}"
