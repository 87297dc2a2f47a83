"""Prices as values: what AWS asks for a usage type, tier by tier, and the book that holds the newest of each."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import field, replace
from decimal import Decimal

from orgkit.dataclass import dataclass
from orgkit.errors import UnknownPrice

ADVICE = "correct the row, or append one that has its source, in the price book (orgkit/costs/prices/prices.csv)."
HOME = "us-east-1"  # whose prices orgkit ships
NO_REGION = "aws-other"  # the region of what has none
MAX_AGE = datetime.timedelta(days=180)
NO_PROGRAM = "without"  # no free tier at all, not even what is always free
# AWS's offers to an account in addition to what is always free; credits do not lower a price, and expire.
PROGRAMMES = ("none", "legacy_12_month", "post_2025_07_credits")
NO_ALLOWANCE = "none"  # of a price: no allowance; of a payer: no programme. Never a reason to grant one
# Where a row comes from that was read in AWS's price file; the second's allowance was a free first tier there.
PRICE_LIST_SOURCE = "bulk_price_list"
READ_WITH_FREE_TIER = "bulk_price_list+free_tier"


@dataclass(frozen=True)
class Tier:
    """One step of a price: from `start` units on, up to `end` (None: without limit), each unit costs `unit_price`."""

    start: Decimal
    end: Decimal | None
    unit_price: Decimal
    rate_code: str = ""  # AWS's name of it, where known


@dataclass(frozen=True)
class Price:
    """What AWS asks for one usage type, and where and when that was read."""

    id: str
    service_code: str
    service: str  # as Cost Explorer calls it
    usage_type: str
    region: str  # "aws-other" for what has no region
    unit: str
    currency: str
    tiers: tuple[Tier, ...]
    tier_scope: str  # payer_global | payer_region | account_region | none
    free_allowance: Decimal
    free_scope: str
    free_type: str  # always_free | legacy_12_month | none …
    billing_rule: str
    effective: str  # ISO date, "" when the source does not say
    source: str
    retrieved: str  # ISO date
    selectors: str = ""  # further attributes of AWS's price list that single it out: volumeType=Standard
    publication: str = ""  # of AWS's price list, for a price that was read there
    sku: str = ""
    source_kind: str = ""  # stored_copy, READ …
    programme: str = NO_ALLOWANCE  # the free tier that the payer has

    @property
    def allowance(self) -> Decimal:
        """Free units a month: what is always free, and the offer that the payer's programme makes."""
        return self.free_allowance if self.free_type in self._grant else Decimal(0)

    @property
    def _grant(self) -> tuple[str, ...]:
        if self.programme == NO_PROGRAM:
            return ()
        return ("always_free", "included", *([self.programme] if self.programme != NO_ALLOWANCE else []))

    @property
    def is_pooled(self) -> bool:
        """Whether the usage of all accounts is added up before tiers and allowance apply."""
        return self.tier_scope.startswith("payer") or (self.allowance > 0 and self.free_scope.startswith("payer"))


@dataclass(frozen=True)
class PriceBook:
    """The newest version of every price, as one region has it; where that is not known, as us-east-1 has it."""

    prices: Mapping[str, Price]
    version: str  # of the file's bytes: an old estimate names the book it was made with
    regional: Mapping[str, Mapping[str, Price]] = field(default_factory=dict)  # region → price id → price

    def in_region(self, region: str) -> "PriceBook":
        """Return a copy with the prices of another region, where the book has them."""
        return replace(self, prices={**self.prices, **self.regional.get(region, {})})

    def with_program(self, programme: str) -> "PriceBook":
        """With the allowances of a free-tier programme, one of PROGRAMMES; or WITHOUT any."""
        return replace(self, prices={key: replace(price, programme=programme) for key, price in self.prices.items()})

    def old(self, today: datetime.date) -> tuple[Price, ...]:
        """Return the prices that were not read again for 180 days."""
        return tuple(p for p in self.prices.values() if today - datetime.date.fromisoformat(p.retrieved) > MAX_AGE)

    def warning(self, today: datetime.date) -> str:
        """A sentence about old prices; "" when there are none."""
        old = self.old(today)
        if not old:
            return ""
        first = min(price.retrieved for price in old)
        count = f"{len(old)} of {len(self.prices)} prices were"
        return f"{count} read over {MAX_AGE.days} days ago, the oldest on {first}: run orgkit prices refresh."

    def price(self, price_id: str) -> Price:
        """The price; UnknownPrice when the book does not have it."""
        if price_id not in self.prices:
            raise UnknownPrice(f"the price book has no price {price_id}.", ADVICE)
        return self.prices[price_id]


def borrowed_note(prices: Collection[Price], region: str) -> str:
    """Return a sentence about prices that are us-east-1's, since the region's own are unknown; "" if there are none."""
    count = sum(price.region == HOME != region for price in prices)
    text = f"{count} of {len(prices)} prices {'is that' if count == 1 else 'are those'} of {HOME}"
    return f"{text}: the book has none for {region}." if count else ""
