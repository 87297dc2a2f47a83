"""The biggest differences between an estimate and a bill, in words: which driver it would take, and how much of it."""

from collections.abc import Sequence
from decimal import Decimal

from orgkit.costs.charge import Charge, quantity_for
from orgkit.costs.difference import ACTUAL_ONLY, Difference, Line, part_of, prorated
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
    charges, high = _of(estimate, line, "expected"), _of(estimate, line, "high")
    driver = max({charge.usage.driver for charge in high}, key=lambda name: (_cost(high, name), name), default="")
    mine = [charge for charge in charges if charge.usage.driver == driver]
    others = sum((prorated(c, difference.part) for c in charges if c.usage.driver != driver), ZERO)
    if not mine or line.gross is None or line.gross <= others or not _cost(high, driver):
        return ""
    price, usage = mine[0].price, mine[0].usage
    expected = sum((charge.quantity for charge in mine), ZERO) * part_of(mine[0], difference.part)
    counted = f"{_round(expected)} were expected ({usage.assumption})"
    if _shared(estimate, mine[0]):
        return f"{driver} could move it most, of which {counted}; its tiers are shared by all accounts."
    implied = quantity_for(price, line.gross - others, usage.regions)
    if implied is None:
        return ""
    each = f" at {price.tiers[0].unit_price.normalize():f} USD" if len(price.tiers) == 1 else ", tier by tier"
    told = f"about {_round(implied)} {price.unit} of {driver}{each}"
    return f"With everything else as expected that is {told}, where {counted}."


def _shared(estimate: Estimate, charge: Charge) -> bool:
    """Whether others fill the tiers and the allowance of this price as well: then no amount is a quantity."""
    price, pool = charge.price, charge.usage.pool(charge.price)
    plain = len(price.tiers) == 1 and not price.allowance
    everybody = {c.usage.account for c in estimate.charges["high"] if c.usage.pool(c.price) == pool and c.quantity}
    return not plain and len(everybody) > 1


@exact()
def _cost(charges: Sequence[Charge], driver: str) -> Decimal:
    return sum((charge.effective_cost for charge in charges if charge.usage.driver == driver), ZERO)


def _of(estimate: Estimate, line: Line, scenario: str) -> Sequence[Charge]:
    keys = {account.key for account in estimate.accounts if (account.id or account.key) == line.account}
    charges = estimate.charges[scenario]
    return [c for c in charges if c.usage.account in keys and c.price.service == line.service]


def _round(quantity: Decimal) -> str:
    return f"{quantity:,.0f}" if quantity >= 10 else f"{quantity:.2f}"
