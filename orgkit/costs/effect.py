"""What the steps of a plan would cost per month: most cost nothing, and say why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from orgkit.costs.additions import Additions
from orgkit.costs.charge import Pool, Usage, cost
from orgkit.costs.estimate import book_for
from orgkit.costs.prices import PriceBook
from orgkit.costs.reasons import reason
from orgkit.costs.rounding import ZERO, exact, in_cents
from orgkit.costs.usage import volumes
from orgkit.model.costs import SCENARIOS
from orgkit.model.desired import Desired
from orgkit.plan import Plan, Step


@dataclass(frozen=True)
class Line:
    """What one step would cost per month in USD; `later` is the part of `expected` that orgkit does not switch on."""

    step: str
    sentence: str
    low: Decimal
    expected: Decimal
    high: Decimal
    later: Decimal
    why: str


@dataclass(frozen=True)
class Effect:
    """What a plan would cost per month in USD, and a line for each of its steps, in their order."""

    low: Decimal
    expected: Decimal
    high: Decimal
    lines: tuple[Line, ...]

    @property
    def later(self) -> Decimal:
        """The part of `expected` that comes only when somebody switches AWS Config on."""
        return _sum([line.later for line in self.lines])

    @property
    def sentence(self) -> str:
        """One line for the place where a person approves."""
        if not self.high:
            return "These steps cost nothing per month."
        told = f"These steps cost about {self.expected} USD per month (between {self.low} and {self.high})"
        config = f"; {self.later} of it only once AWS Config records, which orgkit does not switch on"
        return f"{told}{config if self.later else ''}."

    def facts(self) -> dict[str, Any]:
        """As review.json keeps it: amounts are strings, so that no digit is lost."""
        lines = [{name: str(value) for name, value in asdict(line).items()} for line in self.lines]
        return {"low": str(self.low), "expected": str(self.expected), "high": str(self.high), "lines": lines}


@exact()
def monthly_effect(plan: Plan, desired: Desired, *, trail_logs: bool = False, book: PriceBook | None = None) -> Effect:
    """The estimate with the plan's steps minus the estimate without them; pure.

    `trail_logs` says that the organization trail delivers already, so that a new account adds its files; otherwise
    they count where logging starts. Along the road of a bootstrap nothing is then counted twice.
    """
    prices = book_for(desired, book)
    additions = {name: Additions.of(plan, desired, v, trail_logs) for name, v in volumes(desired).items()}
    low, expected, high = (in_cents(_differences(additions[name], prices)) for name in SCENARIOS)
    later = in_cents(_differences(additions["expected"].later, prices))
    why = map(reason, plan.steps, additions["expected"].by_step)
    lines = tuple(map(_line, plan.steps, low, expected, high, later, why))
    return Effect(_sum(low), _sum(expected), _sum(high), lines)


def _line(step: Step, low: Decimal, expected: Decimal, high: Decimal, later: Decimal, why: str) -> Line:
    return Line(type(step).__name__, step.sentence, low, expected, high, later, why)


@exact()
def _sum(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def _differences(additions: Additions, book: PriceBook) -> list[Decimal]:
    """What each step adds to the payer's bill, tiers and allowances pooled with what is there before it."""
    pools: dict[Pool, Decimal] = {}
    _add(pools, additions.before, book)
    return [_add(pools, usages, book) for usages in additions.by_step]


def _add(pools: dict[Pool, Decimal], usages: Sequence[Usage], book: PriceBook) -> Decimal:
    """Pour usages into the pools; by how much that makes the bill larger."""
    more = ZERO
    for usage in usages:
        price = book.price(usage.price_id)
        pool = usage.pool(price)
        before = pools.get(pool, ZERO)
        pools[pool] = before + usage.quantity
        more += cost(price, pools[pool], usage.regions) - cost(price, before, usage.regions)
    return more
