"""The biggest differences between an estimate and a bill, in words: which driver it would take, and how much of it."""

from collections.abc import Sequence
from decimal import Decimal

from orgkit.costs.bills.difference import ACTUAL_ONLY, Difference, Line, part_of, prorated
from orgkit.costs.estimate.charge import Charge, quantity_for
from orgkit.costs.estimate.estimate import Estimate
from orgkit.costs.rounding import ZERO, cents, sum_exactly
from orgkit.sanitize.terminal import flat

MAX_SENTENCES = 5


def explain(estimate: Estimate, difference: Difference, limit: int = MAX_SENTENCES) -> tuple[str, ...]:
    """A sentence for each line outside its range, the farthest first. Pure."""
    differing = sorted(
        (line for line in difference.lines if line.outside_range), key=lambda line: -abs(line.outside_range)
    )
    sentences = [_sentence(estimate, difference, line) for line in differing[:limit]]
    if len(differing) > limit:
        sentences.append(f"{len(differing) - limit} more account(s) and service(s) lie outside their range by less.")
    return tuple(sentences)


def _sentence(estimate: Estimate, difference: Difference, line: Line) -> str:
    location = f"{flat(line.service)} in {flat(line.name or line.account)}"
    gross = cents(line.gross or ZERO)
    if line.status == ACTUAL_ONLY:
        return f"{location}: {gross} USD, which nothing in the estimate counts: what runs in the accounts is not in it."
    edge = f"above the high of {cents(line.high)}" if line.outside_range > 0 else f"below the low of {cents(line.low)}"
    head = f"{location}: {gross} USD, {abs(line.outside_range)} {edge}"
    driver = _driver(estimate, difference, line)
    if not line.gross and line.account in difference.bill.covered_accounts:
        return f"{head}: a commitment covers usage of this account, which counts as 0 in this bill."
    if not line.gross:
        return f"{head}: nothing of it was charged. It may not be switched on, or not yet."
    return f"{head}. {driver}" if driver else f"{head}."


@sum_exactly()
def _driver(estimate: Estimate, difference: Difference, line: Line) -> str:
    """The one thing that could move most, and the quantity at which it alone would make the difference."""
    charges, high = _line_charges(estimate, line, "expected"), _line_charges(estimate, line, "high")
    driver = max({charge.usage.driver for charge in high}, key=lambda name: (_cost(high, name), name), default="")
    driver_charges = [charge for charge in charges if charge.usage.driver == driver]
    other_drivers = sum((prorated(c, difference.part) for c in charges if c.usage.driver != driver), ZERO)
    if not driver_charges or line.gross is None or line.gross <= other_drivers or not _cost(high, driver):
        return ""
    price, usage = driver_charges[0].price, driver_charges[0].usage
    expected = sum((charge.quantity for charge in driver_charges), ZERO) * part_of(driver_charges[0], difference.part)
    counted = f"{_round(expected)} were expected ({usage.assumption})"
    if _is_pooled(estimate, driver_charges[0]):
        return f"{driver} could move it most, of which {counted}; its tiers are shared by all accounts."
    implied = quantity_for(price, line.gross - other_drivers, usage.regions)
    if implied is None:
        return ""
    unit_note = f" at {price.tiers[0].unit_price.normalize():f} USD" if len(price.tiers) == 1 else ", tier by tier"
    text = f"about {_round(implied)} {price.unit} of {driver}{unit_note}"
    return f"With everything else as expected that is {text}, where {counted}."


def _is_pooled(estimate: Estimate, charge: Charge) -> bool:
    """Whether others fill the tiers and the allowance of this price as well: then no amount is a quantity."""
    price, pool = charge.price, charge.usage.pool(charge.price)
    plain = len(price.tiers) == 1 and not price.allowance
    accounts = {c.usage.account for c in estimate.charges["high"] if c.usage.pool(c.price) == pool and c.quantity}
    return not plain and len(accounts) > 1


@sum_exactly()
def _cost(charges: Sequence[Charge], driver: str) -> Decimal:
    return sum((charge.effective_cost for charge in charges if charge.usage.driver == driver), ZERO)


def _line_charges(estimate: Estimate, line: Line, scenario: str) -> Sequence[Charge]:
    keys = {account.key for account in estimate.accounts if (account.id or account.key) == line.account}
    charges = estimate.charges[scenario]
    return [c for c in charges if c.usage.account in keys and c.price.service == line.service]


def _round(quantity: Decimal) -> str:
    return f"{quantity:,.0f}" if quantity >= 10 else f"{quantity:.2f}"
