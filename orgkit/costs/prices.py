"""The price book: one row per tier, each with its source; what has none is refused, never guessed."""

import csv
import datetime
import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources

from orgkit.errors import UnknownPrice

REQUIRED = ("price_id", "service_code", "service_name_ce", "usage_type", "region_code", "unit", "source_url")
ADVICE = "correct the row, or append one that has its source, in the price book (orgkit/costs/prices.csv)."


@dataclass(frozen=True)
class Tier:
    """One step of a price: from `start` units on, up to `end` (None: without limit), each unit costs `unit_price`."""

    start: Decimal
    end: Decimal | None
    unit_price: Decimal


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

    @property
    def allowance(self) -> Decimal:
        """Free units a month; only what is always free: the 12-month offers and credits end with the organization."""
        return self.free_allowance if self.free_type == "always_free" else Decimal(0)

    @property
    def pooled(self) -> bool:
        """Whether the usage of all accounts is added up before tiers and allowance apply."""
        return self.tier_scope.startswith("payer") or (self.allowance > 0 and self.free_scope.startswith("payer"))


@dataclass(frozen=True)
class PriceBook:
    """The newest version of every price."""

    prices: Mapping[str, Price]
    version: str  # of the file's bytes: an old estimate tells which book it was made with

    def price(self, price_id: str) -> Price:
        """The price; UnknownPrice when the book does not have it."""
        if price_id not in self.prices:
            raise UnknownPrice(f"the price book has no price {price_id}.", ADVICE)
        return self.prices[price_id]


def parse(text: str) -> PriceBook:
    """Read prices.csv; a later version of a price (by retrieval, then effective date) replaces an earlier one."""
    rows = list(csv.DictReader(text.splitlines()))
    for number, row in enumerate(rows, start=2):
        _refuse_unsourced(number, row)
    versions = itertools.groupby(sorted(rows, key=_version), key=_version)
    prices = (_price(list(tiers)) for _, tiers in versions)
    return PriceBook({price.id: price for price in prices}, hashlib.sha256(text.encode()).hexdigest()[:12])


@cache
def shipped() -> PriceBook:
    """The price book that comes with orgkit."""
    return parse(resources.files("orgkit.costs").joinpath("prices.csv").read_text(encoding="utf-8"))


def _version(row: Mapping[str, str]) -> tuple[str, str, str]:
    return row["price_id"], row["retrieved_at"], row["effective_date"]


def _refuse_unsourced(number: int, row: Mapping[str, str | None]) -> None:
    missing = [name for name in REQUIRED if not (row.get(name) or "").strip()]
    if missing:
        raise UnknownPrice(
            f"row {number} of the price book ({row.get('price_id')}) has no {', '.join(missing)}.", ADVICE
        )
    if row.get("currency") != "USD":
        raise UnknownPrice(f"row {number} of the price book is not in USD but {row.get('currency')!r}.", ADVICE)
    for name in ("retrieved_at", "effective_date"):
        # AWS's price pages seldom say since when a price holds: that date may be open, the day it was read may not.
        if (row.get(name) or name == "retrieved_at") and not _is_date(row.get(name) or ""):
            raise UnknownPrice(f"row {number} of the price book has {name} {row.get(name)!r}, not a date.", ADVICE)


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _price(rows: Iterable[Mapping[str, str]]) -> Price:
    ordered = sorted(rows, key=lambda row: _number(row, "tier_start"))
    first = ordered[0]
    return Price(
        id=first["price_id"],
        service_code=first["service_code"],
        service=first["service_name_ce"],
        usage_type=first["usage_type"],
        region=first["region_code"],
        unit=first["unit"],
        currency=first["currency"],
        tiers=_contiguous([_tier(row) for row in ordered], first["price_id"]),
        tier_scope=first["tier_scope"],
        free_allowance=_number(first, "free_allowance"),
        free_scope=first["free_scope"],
        free_type=first["free_type"],
        billing_rule=first["billing_rule"],
        effective=first["effective_date"],
        source=first["source_url"],
        retrieved=first["retrieved_at"],
    )


def _tier(row: Mapping[str, str]) -> Tier:
    end = _number(row, "tier_end") if row["tier_end"] else None
    return Tier(_number(row, "tier_start"), end, _number(row, "price_per_unit"))


def _number(row: Mapping[str, str], name: str) -> Decimal:
    try:
        number = Decimal(row[name])
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise UnknownPrice(f"{name} of {row['price_id']} in the price book is {row[name]!r}, not an amount.", ADVICE)
    return number


def _contiguous(tiers: list[Tier], price_id: str) -> tuple[Tier, ...]:
    """Each tier begins where the one before it ends, the first at 0, and the last never ends."""
    starts = [tier.start for tier in tiers]
    ends = [tier.end for tier in tiers]
    if starts != [Decimal(0), *ends[:-1]] or ends[-1] is not None:
        raise UnknownPrice(f"the tiers of {price_id} in the price book leave a gap or overlap.", ADVICE)
    return tuple(tiers)
