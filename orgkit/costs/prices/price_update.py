"""One price of the book compared with AWS's price file: the new price, and whether a person has to check it.

Free usage: a first tier of 0 USD in the file is a monthly allowance, always free. A file without such a tier removes
only an allowance that was read as one. AWS publishes other allowances elsewhere (KMS's requests, CloudWatch's, S3's
first 12 months): they are kept from the book, and the output says so.

These changes need --accept-large-change:

- an amount that changes by more than half
- different tiers
- a free allowance that appears or disappears
- a region's first price that is over three times us-east-1's, or under a third of it
"""

from dataclasses import replace
from decimal import Decimal

from orgkit.costs.prices.offer import Offered
from orgkit.costs.prices.prices import (
    HOME,
    NO_ALLOWANCE,
    NO_REGION,
    PRICE_LIST_SOURCE,
    READ_WITH_FREE_TIER,
    Price,
    Tier,
)
from orgkit.dataclass import dataclass

MAX_CHANGE = Decimal("0.5")  # of an amount: a larger change is more likely a mistake
MAX_REGION_FACTOR = Decimal(3)  # AWS's most expensive regions cost about twice as much as us-east-1


@dataclass(frozen=True)
class PriceUpdate:
    """One price of the book and its value in AWS's file now; or why it was not found."""

    price: Price
    region: str
    offered: Offered | None
    problem: str = ""

    @property
    def new(self) -> Price | None:
        """The price as it would stand in the book."""
        if self.offered is None:
            return None
        tiers = tuple(Tier(rate.start, rate.end, rate.unit_price, rate.rate_code) for rate in self.offered.rates)
        read = replace(self.price, tiers=tiers, region=self.region, sku=self.offered.sku, source_kind=PRICE_LIST_SOURCE)
        if self.offered.allowance:
            return _with_free_tier(read, self.offered.allowance)
        return (
            read
            if self.keeps_allowance
            else replace(read, free_allowance=Decimal(0), free_scope=NO_ALLOWANCE, free_type=NO_ALLOWANCE)
        )

    @property
    def keeps_allowance(self) -> bool:
        """Whether the book's allowance stays though AWS's file shows none: it was not read there as a tier."""
        by_book = _free(self.price)[0] and self.price.source_kind != READ_WITH_FREE_TIER
        return bool(by_book) and self.offered is not None and not self.offered.allowance

    @property
    def is_new(self) -> bool:
        """Whether the book had no price for this region."""
        return self.price.region != self.region

    @property
    def differs(self) -> bool:
        return self.new is not None and (_money(self.new) != _money(self.price) or self.is_new)

    @property
    def jump(self) -> Decimal:
        """The largest change of a tier's price, its end or the allowance, as a fraction of it.

        For a region's first price, the largest factor between it and us-east-1's. Infinite for different tiers.
        """
        if self.new is None:
            return Decimal(0)
        if not _are_alike(self.price, self.new):
            return Decimal("Infinity")
        measure = _factor if self.is_new else _change
        return max(map(measure, _amounts(self.price), _amounts(self.new)))

    @property
    def doubt(self) -> str:
        """Why it is more likely a mistake than a price; "" if it can be accepted without --accept-large-change."""
        if self.new is not None and not _are_alike(self.price, self.new):
            return "other tiers, or another free allowance"
        if self.is_new:
            return f"over a factor of {MAX_REGION_FACTOR} from {HOME}" if self.jump > MAX_REGION_FACTOR else ""
        return "by more than half" if self.jump > MAX_CHANGE else ""

    @property
    def sentence(self) -> str:
        """What changes, in a line."""
        if self.new is None:
            return f"{self.price.id}: {self.problem}"
        text = _format_tiers(self.new) + (" (allowance kept from the book)" if self.keeps_allowance else "")
        if self.is_new:
            return f"{self.price.id} in {self.region}: {text} (new; {HOME} has {_format_tiers(self.price)})"
        if self.differs:
            return f"{self.price.id}: {_format_tiers(self.price)} becomes {text}"
        return f"{self.price.id}: {text}, as it was"


def _with_free_tier(price: Price, allowance: Decimal) -> Price:
    """AWS adds up a tier's usage over all accounts of a payer, in each region apart."""
    scope = "payer_global" if price.region == NO_REGION else "payer_region"
    return replace(
        price, free_allowance=allowance, free_type="always_free", source_kind=READ_WITH_FREE_TIER,
        free_scope=scope if price.free_scope == NO_ALLOWANCE else price.free_scope,
    )  # fmt: skip


def _free(price: Price) -> tuple[Decimal, str]:
    """Return what is free, and under which offer; an allowance of type "none" does not count."""
    has_allowance = price.free_allowance and price.free_type != NO_ALLOWANCE
    return (price.free_allowance, price.free_type) if has_allowance else (Decimal(0), NO_ALLOWANCE)


def _money(price: Price) -> tuple[object, ...]:
    return _free(price), *((tier.start, tier.end, tier.unit_price) for tier in price.tiers)


def _are_alike(first: Price, second: Price) -> bool:
    """Whether their amounts can be compared one by one."""
    return len(first.tiers) == len(second.tiers) and _free(first)[1] == _free(second)[1]


def _amounts(price: Price) -> tuple[Decimal, ...]:
    """Return all amounts that can change; two prices with the same tiers have equally many."""
    tier_ends = [tier.end for tier in price.tiers if tier.end is not None]
    return _free(price)[0], *(tier.unit_price for tier in price.tiers), *tier_ends


def _factor(old: Decimal, new: Decimal) -> Decimal:
    """Return the factor between both amounts, at least 1; infinite if one of them is 0."""
    low, high = sorted((old, new))
    if low == high:
        return Decimal(1)
    return high / low if low else Decimal("Infinity")


def _change(old: Decimal, new: Decimal) -> Decimal:
    if old == new:
        return Decimal(0)
    return abs(new - old) / old if old else Decimal(1)


def _format_tiers(price: Price) -> str:
    """Its tiers in words, and what is free: 0.001 up to 100000, 0.0008 beyond USD per Request, 20000 free (type)."""
    parts = [
        _plain(tier.unit_price) + (f" up to {_plain(tier.end)}" if tier.end is not None else "") for tier in price.tiers
    ]
    tiers = ", ".join([*parts[:-1], f"{parts[-1]} beyond"] if len(parts) > 1 else parts) + f" USD per {price.unit}"
    allowance, kind = _free(price)
    return f"{tiers}, {_plain(allowance)} free ({kind})" if allowance else tiers


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
