"""New versions of prices from AWS's price files: found, compared, and appended when a person accepts them."""

import csv
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.costs.prices.books import COLUMNS, parse, shipped_text
from orgkit.costs.prices.offer import find
from orgkit.costs.prices.own_book import read_book
from orgkit.costs.prices.price_update import PriceUpdate
from orgkit.costs.prices.prices import NO_REGION, Price, PriceBook
from orgkit.errors import OrgkitError, PriceChanged
from orgkit.journal.file_writes import rewrite_file
from orgkit.sanitize.csv import as_csv

UNLISTED_USAGE_TYPES = ("none", "unknown")  # usage types of what stands in no price file
Fetch = Callable[[str, str], Mapping[str, Any]]  # service code and region → a price file


@dataclass(frozen=True)
class Refresh:
    """All prices of a region looked up; `digest` stands for exactly the rows that would be appended."""

    updates: tuple[PriceUpdate, ...]
    rows: tuple[Mapping[str, str], ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(as_csv(COLUMNS, self.rows).encode()).hexdigest()

    @property
    def jumps(self) -> tuple[PriceUpdate, ...]:
        """The changes that need more than the digest: --accept-large-change."""
        return tuple(update for update in self.updates if update.doubt)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be found: one sentence for all prices of a file that cannot be read."""
        price_ids: dict[tuple[str, str, str], list[str]] = {}
        for update in self.updates:
            if update.new is None:
                price_ids.setdefault((update.price.service_code, update.region, update.problem), []).append(
                    update.price.id
                )
        return tuple(f"{', '.join(names)}: {problem}" for (_, _, problem), names in price_ids.items())


def look_up(book: PriceBook, region: str, fetch: Fetch, source: str, today: str) -> Refresh:
    """Look up every price of the book in AWS's price files; change nothing. `today` is an ISO date."""
    updates = tuple(_find_updates(book.prices, region, fetch))
    rows = [row for update in updates for row in _rows(update, source, today)]
    return Refresh(updates, tuple(rows))


def append(price_refresh: Refresh, place: Path, *, large: bool = False) -> int:
    """Append what was looked up to a price book, and return the number of rows; raise PriceChanged for a large change.

    Rows that are there already are not written again, and nothing is ever overwritten.
    """
    if price_refresh.jumps and not large:
        listed = "; ".join(f"{jump.sentence} ({jump.doubt})" for jump in price_refresh.jumps)
        raise PriceChanged(f"{listed}.", PriceChanged.remedy_for_change)
    content = read_book(place) if place.exists() else ""
    known = {_key(row) for row in csv.DictReader(content.splitlines())}
    rows = [row for row in price_refresh.rows if _key(row) not in known]
    text = as_csv(COLUMNS, rows) if not content else as_csv(COLUMNS, rows).partition("\n")[2]
    whole = content + ("\n" if content and not content.endswith("\n") else "") + text
    parse(shipped_text(), whole)  # what could not be read again is not written
    place.parent.mkdir(parents=True, exist_ok=True)
    rewrite_file(place, whole.encode())
    return len(rows)


def _find_updates(prices: Mapping[str, Price], region: str, fetch: Fetch) -> Iterable[PriceUpdate]:
    offers: dict[tuple[str, str], Mapping[str, Any] | OrgkitError] = {}
    for price in prices.values():
        if price.usage_type in UNLISTED_USAGE_TYPES:
            continue
        price_region = NO_REGION if price.region == NO_REGION else region
        key = (price.service_code, price_region)
        if key not in offers:
            offers[key] = _fetch_once(fetch, *key)
        yield _price_update(offers[key], price, price_region)


def _fetch_once(fetch: Fetch, service: str, region: str) -> Mapping[str, Any] | OrgkitError:
    try:
        return fetch(service, region)
    except OrgkitError as stop:  # reported with each price of that file; the other files are still read
        return stop


def _price_update(offer: Mapping[str, Any] | OrgkitError, price: Price, region: str) -> PriceUpdate:
    if isinstance(offer, OrgkitError):
        return PriceUpdate(price, region, None, offer.reason)
    try:
        return PriceUpdate(price, region, find(offer, price, region))
    except OrgkitError as stop:
        return PriceUpdate(price, region, None, stop.reason)


def _rows(update: PriceUpdate, source: str, today: str) -> list[dict[str, str]]:
    new, offered = update.new, update.offered
    if new is None or offered is None:
        return []
    common = {
        "price_id": new.id, "service_code": new.service_code, "service_name_ce": new.service,
        "usage_type": offered.usage_type, "selectors": new.selectors, "region_code": new.region, "unit": new.unit,
        "currency": new.currency, "tier_scope": new.tier_scope, "free_allowance": f"{new.free_allowance:f}",
        "free_scope": new.free_scope, "free_type": new.free_type, "billing_rule": new.billing_rule,
        "effective_date": offered.effective, "publication": offered.publication, "sku": offered.sku,
        "source_url": source, "source_kind": new.source_kind, "retrieved_at": today,
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
