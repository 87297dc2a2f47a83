"""What a quantity of one priced thing costs a month, tier by tier."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from orgkit.costs.estimate.charge import QUANTUM, tiers
from orgkit.costs.prices.prices import NO_PROGRAM, Price, PriceBook
from orgkit.costs.rounding import ZERO, sum_exactly
from orgkit.dataclass import dataclass
from orgkit.errors import NoQuote, UnknownPrice

LIST_REMEDY = "take one of the ids that `orgkit prices list` shows."


@dataclass(frozen=True)
class QuotedTier:
    """The part of a quantity that falls into one tier; USD."""

    price_id: str
    start: Decimal
    end: Decimal | None
    quantity: Decimal
    free: Decimal
    unit: str
    unit_price: Decimal
    cost: Decimal


@dataclass(frozen=True)
class Quote:
    """Quantities of several things, as the payer owes them in a month; USD."""

    tiers: tuple[QuotedTier, ...]
    prices: tuple[Price, ...]
    price_book: str

    @property
    @sum_exactly()
    def total(self) -> Decimal:
        """To the last digit."""
        return sum((tier.cost for tier in self.tiers), ZERO)

    def facts(self) -> dict[str, Any]:
        """As JSON takes it: amounts are strings."""
        rows = [{name: _plain(value) for name, value in asdict(tier).items()} for tier in self.tiers]
        sources = {
            p.id: {"region": p.region, "source": p.source, "retrieved": p.retrieved, "effective": p.effective}
            for p in self.prices
        }
        book = {"price_book": self.price_book, "sources": sources}
        return {"total": _plain(self.total), "currency": "USD", "per": "month", "tiers": rows, **book}


@sum_exactly()
def quote(quantities: Sequence[tuple[str, Decimal]], book: PriceBook, *, free_tier: bool = True) -> Quote:
    """Price each quantity; the same thing asked twice is one quantity. UnknownPrice for what is not in the book."""
    quoted_book = book if free_tier else book.with_program(NO_PROGRAM)
    amounts: dict[str, Decimal] = {}
    for price_id, amount in quantities:
        amounts[price_id] = amounts.get(price_id, ZERO) + amount
    if missing := [price_id for price_id in amounts if price_id not in quoted_book.prices]:
        raise UnknownPrice(f"the price book has no price {', '.join(missing)}.", LIST_REMEDY)
    prices = tuple(quoted_book.price(price_id) for price_id in amounts)
    rows = [tier for price in prices for tier in _tiers(price, amounts[price.id])]
    return Quote(tuple(rows), prices, book.version)


def read_asked(text: str) -> tuple[str, Decimal]:
    """Parse `kms.request=30000` into a pair; raise NoQuote for anything else."""
    price_id, _, number = text.partition("=")
    try:
        amount = Decimal(number)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not price_id or not amount.is_finite() or not 0 <= amount < 10**15:
        raise NoQuote(f"{text!r} is not a quantity of a price.", "write ID=QUANTITY, as kms.request=30000.")
    return price_id, amount


def _tiers(price: Price, amount: Decimal) -> list[QuotedTier]:
    parts = tiers(price, amount.quantize(QUANTUM))
    return [
        QuotedTier(
            price.id,
            t.start,
            t.end,
            tier_quantity,
            free,
            price.unit,
            t.unit_price,
            t.unit_price * (tier_quantity - free),
        )
        for t, tier_quantity, free in parts
        if tier_quantity or not t.start
    ]


def _plain(value: object) -> object:
    """Return a number without trailing zeros and without an exponent."""
    if not isinstance(value, Decimal):
        return value
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
