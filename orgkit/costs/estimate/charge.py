"""From usage to charges: pooled at the payer, tier by tier, and handed back to accounts to the last digit."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from orgkit.costs.prices.prices import Price, PriceBook, Tier
from orgkit.costs.rounding import EXACT, ZERO, apportion, sum_exactly
from orgkit.dataclass import dataclass

QUANTUM = Decimal("0.000001")  # of a quantity: finer than AWS meters, coarse enough for exact products in Decimal

Pool = tuple[str, Decimal, str]  # price, regions, and the account where the price is not pooled


@dataclass(frozen=True)
class Usage:
    """How much of one priced unit an account uses in a month, and how that was calculated."""

    account: str  # key
    price_id: str
    quantity: Decimal
    driver: str
    assumption: str
    rule: str  # why this account and no other
    made_by_orgkit: bool  # by orgkit's phases; otherwise assumed to be switched on later
    regions: Decimal = Decimal(1)  # alike, each with tiers of its own

    @sum_exactly()
    def __post_init__(self) -> None:
        object.__setattr__(self, "quantity", self.quantity.quantize(QUANTUM))

    def pool(self, price: Price) -> Pool:
        """The pool that shares tiers and allowance with this usage."""
        return self.price_id, self.regions, "" if price.is_pooled else self.account


@dataclass(frozen=True)
class Charge:
    """One account's part of one tier: what it uses, and how much of that is free."""

    usage: Usage
    price: Price
    tier: Tier
    quantity: Decimal
    free: Decimal

    @property
    def list_cost(self) -> Decimal:
        return EXACT.multiply(self.tier.unit_price, self.quantity)

    @property
    def free_discount(self) -> Decimal:
        return EXACT.multiply(self.tier.unit_price, self.free)

    @property
    def effective_cost(self) -> Decimal:
        return EXACT.subtract(self.list_cost, self.free_discount)


@sum_exactly()
def charges(usages: Iterable[Usage], book: PriceBook) -> tuple[Charge, ...]:
    """Every usage as charges, one a tier; UnknownPrice where the book has no price for it."""

    def pool(usage: Usage) -> Pool:
        return usage.pool(book.price(usage.price_id))

    # Sorted by names, so that the order of accounts in the file moves no remainder.
    ordered = sorted(usages, key=lambda usage: (pool(usage), usage.account, usage.driver, usage.assumption))
    pools = itertools.groupby(ordered, key=pool)
    return tuple(charge for (price_id, *_), group in pools for charge in _pool_costs(book.price(price_id), list(group)))


def tiers(price: Price, quantity: Decimal, regions: Decimal = Decimal(1)) -> Iterator[tuple[Tier, Decimal, Decimal]]:
    """How much of `quantity` falls into each tier, and how much of that is free; the allowance fills from below."""
    free = min(price.allowance, quantity)
    for tier in price.tiers:
        end = quantity if tier.end is None else min(quantity, (tier.end * regions).quantize(QUANTUM))
        end_of_tier = max(ZERO, end - (tier.start * regions).quantize(QUANTUM))
        yield tier, end_of_tier, min(free, end_of_tier)
        free -= min(free, end_of_tier)


@sum_exactly()
def cost(price: Price, quantity: Decimal, regions: Decimal = Decimal(1)) -> Decimal:
    """What the payer owes for a pooled quantity."""
    return sum(
        (tier.unit_price * (tier_quantity - free) for tier, tier_quantity, free in tiers(price, quantity, regions)),
        ZERO,
    )


@sum_exactly()
def quantity_for(price: Price, amount: Decimal, regions: Decimal = Decimal(1)) -> Decimal | None:
    """Return the quantity that costs this amount, the inverse of `cost`, beyond the allowance; None if all is free."""
    quantity, amount_left = price.allowance, amount
    for tier in price.tiers:
        end = None if tier.end is None else tier.end * regions
        if end is not None and end <= quantity:
            continue
        tier_cost = None if end is None else (end - quantity) * tier.unit_price
        if tier.unit_price and (tier_cost is None or amount_left <= tier_cost):
            return quantity + amount_left / tier.unit_price
        if end is None or tier_cost is None:
            return None
        quantity, amount_left = end, amount_left - tier_cost
    return None


@sum_exactly()
def payer_total(usages: Iterable[Usage], book: PriceBook) -> Decimal:
    """Return what the payer owes in total: the sum of `charges`, without the split by account."""
    pools: dict[Pool, Decimal] = {}
    for usage in usages:
        pool = usage.pool(book.price(usage.price_id))
        pools[pool] = pools.get(pool, ZERO) + usage.quantity
    return sum((cost(book.price(name), amount, regions) for (name, regions, _), amount in pools.items()), ZERO)


def _pool_costs(price: Price, usages: Sequence[Usage]) -> Iterator[Charge]:
    remainders = [usage.quantity for usage in usages]
    for number, (tier, tier_quantity, free) in enumerate(tiers(price, sum(remainders, ZERO), usages[0].regions)):
        # By what is left of each, not by all of it: then no part can exceed what its account uses.
        parts = apportion(tier_quantity, remainders, QUANTUM)
        frees = apportion(free, parts, QUANTUM)
        for usage, part, part_free in zip(usages, parts, frees, strict=True):
            if part or not number:  # the first tier is listed even without usage
                yield Charge(usage, price, tier, part, part_free)
        remainders = [remainder - part for remainder, part in zip(remainders, parts, strict=True)]
