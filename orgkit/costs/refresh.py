"""New versions of prices from AWS's price files: found, compared, and appended when a person accepts them."""

import csv
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from orgkit.costs.books import read_book
from orgkit.costs.offer import Offered, find
from orgkit.costs.prices import COLUMNS, HOME, NOWHERE, Price, PriceBook, Tier, parse, shipped_text
from orgkit.errors import OrgkitError, PriceChanged
from orgkit.spreadsheet import as_csv

TOO_MUCH = Decimal("0.5")  # of a price: a change that is rather a mistake than a change
UNLISTED = ("none", "unknown")  # usage types of what stands in no price file
Fetch = Callable[[str, str], Mapping[str, Any]]  # service code and region → a price file


@dataclass(frozen=True)
class Found:
    """One price of the book, and what AWS's file says now; or why nothing could be found."""

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
        allowance = self.offered.allowance or self.price.free_allowance
        return replace(self.price, tiers=tiers, region=self.region, free_allowance=allowance, sku=self.offered.sku)

    @property
    def is_new(self) -> bool:
        """Whether the book had no price for this region."""
        return self.price.region != self.region

    @property
    def changed(self) -> bool:
        return self.new is not None and (_money(self.new) != _money(self.price) or self.is_new)

    @property
    def jump(self) -> Decimal:
        """The largest change of a tier's price, as a part of it; another number of tiers, or from nothing, counts 1."""
        if self.new is None or self.is_new:
            return Decimal(0)
        before, after = self.price.tiers, self.new.tiers
        if len(before) != len(after):
            return Decimal(1)
        return max(_change(old.unit_price, new.unit_price) for old, new in zip(before, after, strict=True))

    @property
    def sentence(self) -> str:
        """What changes, in a line."""
        if self.new is None:
            return f"{self.price.id}: {self.problem}"
        told = _spelled(self.new)
        if self.is_new:
            return f"{self.price.id} in {self.region}: {told} (new; {HOME} has {_spelled(self.price)})"
        if self.changed:
            return f"{self.price.id}: {_spelled(self.price)} becomes {told}"
        return f"{self.price.id}: {told}, as it was"


@dataclass(frozen=True)
class Refresh:
    """All prices of a region looked up; `digest` stands for exactly the rows that would be appended."""

    found: tuple[Found, ...]
    rows: tuple[Mapping[str, str], ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(as_csv(COLUMNS, self.rows).encode()).hexdigest()

    @property
    def jumps(self) -> tuple[Found, ...]:
        return tuple(each for each in self.found if each.jump > TOO_MUCH)


def look_up(book: PriceBook, region: str, fetch: Fetch, source: str, today: str) -> Refresh:
    """Ask AWS's price files for every price of the book; makes no change. `today` is the ISO date of the reading."""
    found = tuple(_found(book.prices, region, fetch))
    rows = [row for each in found for row in _rows(each, source, today)]
    return Refresh(found, tuple(rows))


def append(made: Refresh, place: Path, *, large: bool = False) -> int:
    """Write what was looked up at the end of a price book, and say how many rows; PriceChanged for a jump.

    Rows that stand there already are not written again, and nothing is ever overwritten.
    """
    if made.jumps and not large:
        listed = "; ".join(each.sentence for each in made.jumps)
        raise PriceChanged(f"{listed}.", PriceChanged.sure)
    before = read_book(place) if place.exists() else ""
    known = {_key(row) for row in csv.DictReader(before.splitlines())}
    rows = [row for row in made.rows if _key(row) not in known]
    text = as_csv(COLUMNS, rows) if not before else as_csv(COLUMNS, rows).partition("\n")[2]
    whole = before + ("\n" if before and not before.endswith("\n") else "") + text
    parse(shipped_text(), whole)  # what could not be read again is not written
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_suffix(".new")
    beside.write_text(whole, encoding="utf-8")
    beside.replace(place)
    return len(rows)


def _found(prices: Mapping[str, Price], region: str, fetch: Fetch) -> Iterable[Found]:
    offers: dict[tuple[str, str], Mapping[str, Any] | OrgkitError] = {}
    for price in prices.values():
        if price.usage_type in UNLISTED:
            continue
        where = NOWHERE if price.region == NOWHERE else region
        key = (price.service_code, where)
        if key not in offers:
            offers[key] = _fetched(fetch, *key)
        yield _of_one(offers[key], price, where)


def _fetched(fetch: Fetch, service: str, region: str) -> Mapping[str, Any] | OrgkitError:
    try:
        return fetch(service, region)
    except OrgkitError as stop:  # told with each price of that file; the others go on
        return stop


def _of_one(offer: Mapping[str, Any] | OrgkitError, price: Price, region: str) -> Found:
    if isinstance(offer, OrgkitError):
        return Found(price, region, None, offer.why)
    try:
        return Found(price, region, find(offer, price, region))
    except OrgkitError as stop:
        return Found(price, region, None, stop.why)


def _rows(found: Found, source: str, today: str) -> list[dict[str, str]]:
    new, offered = found.new, found.offered
    if new is None or offered is None:
        return []
    common = {
        "price_id": new.id, "service_code": new.service_code, "service_name_ce": new.service,
        "usage_type": offered.usage_type, "selectors": new.selectors, "region_code": new.region, "unit": new.unit,
        "currency": new.currency, "tier_scope": new.tier_scope, "free_allowance": f"{new.free_allowance:f}",
        "free_scope": new.free_scope, "free_type": new.free_type, "billing_rule": new.billing_rule,
        "effective_date": offered.effective, "publication": offered.publication, "sku": offered.sku,
        "source_url": source, "source_kind": "bulk_price_list", "retrieved_at": today,
    }  # fmt: skip
    return [
        {
            **common,
            "tier_start": f"{rate.start:f}",
            "tier_end": "" if rate.end is None else f"{rate.end:f}",
            "price_per_unit": f"{rate.unit_price:f}",
            "rate_code": rate.rate_code,
            "note": f"AWS's unit: {rate.unit}",
        }
        for rate in offered.rates
    ]


def _key(row: Mapping[str, str]) -> tuple[str, ...]:
    names = ("price_id", "region_code", "retrieved_at", "effective_date", "publication", "tier_start")
    return tuple(row[name] for name in names)


def _money(price: Price) -> tuple[tuple[Decimal, Decimal | None, Decimal], ...]:
    return tuple((tier.start, tier.end, tier.unit_price) for tier in price.tiers)


def _change(before: Decimal, after: Decimal) -> Decimal:
    if before == after:
        return Decimal(0)
    return abs(after - before) / before if before else Decimal(1)


def _spelled(price: Price) -> str:
    """Its tiers in words: 0.001 up to 100000, 0.0008 up to 500000, 0.0005 beyond."""
    parts = [
        f"{tier.unit_price.normalize():f}" + (f" up to {tier.end.normalize():f}" if tier.end is not None else "")
        for tier in price.tiers
    ]
    return ", ".join([*parts[:-1], f"{parts[-1]} beyond"] if len(parts) > 1 else parts) + f" USD per {price.unit}"
