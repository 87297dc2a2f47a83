"""What a quantity of one priced thing costs a month, tier by tier."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from orgkit.costs.charge import QUANTUM, tiers
from orgkit.costs.prices import WITHOUT, Price, PriceBook
from orgkit.costs.rounding import ZERO, exact
from orgkit.errors import NoQuote, UnknownPrice

LISTED = "take one of the ids that `orgkit prices list` shows."


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
    @exact()
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


@exact()
def quote(asked: Sequence[tuple[str, Decimal]], book: PriceBook, *, free_tier: bool = True) -> Quote:
    """Price each quantity; the same thing asked twice is one quantity. UnknownPrice for what is not in the book."""
    chosen = book if free_tier else book.under(WITHOUT)
    amounts: dict[str, Decimal] = {}
    for price_id, amount in asked:
        amounts[price_id] = amounts.get(price_id, ZERO) + amount
    if missing := [price_id for price_id in amounts if price_id not in chosen.prices]:
        raise UnknownPrice(f"the price book has no price {', '.join(missing)}.", LISTED)
    prices = tuple(chosen.price(price_id) for price_id in amounts)
    rows = [tier for price in prices for tier in _tiers(price, amounts[price.id])]
    return Quote(tuple(rows), prices, book.version)


def read_asked(text: str) -> tuple[str, Decimal]:
    """`kms.request=30000` as a pair; NoQuote when it is none."""
    price_id, _, number = text.partition("=")
    try:
        amount = Decimal(number)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not price_id or not amount.is_finite() or not 0 <= amount < 10**15:
        raise NoQuote(f"{text!r} is no quantity of a price.", "write ID=QUANTITY, as kms.request=30000.")
    return price_id, amount


def _tiers(price: Price, amount: Decimal) -> list[QuotedTier]:
    parts = tiers(price, amount.quantize(QUANTUM))
    return [
        QuotedTier(price.id, t.start, t.end, inside, free, price.unit, t.unit_price, t.unit_price * (inside - free))
        for t, inside, free in parts
        if inside or not t.start
    ]


def _plain(value: object) -> object:
    """Without a tail of noughts, and without an exponent."""
    if not isinstance(value, Decimal):
        return value
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
