"""New versions of prices from AWS's price files: found, compared, and appended when a person accepts them."""

import csv
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.costs.book_rows import COLUMNS, parse
from orgkit.costs.books import read_book, shipped_text
from orgkit.costs.found import Found
from orgkit.costs.offer import find
from orgkit.costs.prices import NOWHERE, Price, PriceBook
from orgkit.errors import OrgkitError, PriceChanged
from orgkit.spreadsheet import as_csv

UNLISTED = ("none", "unknown")  # usage types of what stands in no price file
Fetch = Callable[[str, str], Mapping[str, Any]]  # service code and region → a price file


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
        """What nobody accepts by the digest alone."""
        return tuple(each for each in self.found if each.doubt)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be found: one sentence for all prices of a file that cannot be had."""
        told: dict[tuple[str, str, str], list[str]] = {}
        for each in self.found:
            if each.new is None:
                told.setdefault((each.price.service_code, each.region, each.problem), []).append(each.price.id)
        return tuple(f"{', '.join(names)}: {problem}" for (_, _, problem), names in told.items())


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
        listed = "; ".join(f"{each.sentence} ({each.doubt})" for each in made.jumps)
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
