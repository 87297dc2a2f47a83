"""Price books: the shipped one and the one next to a parameters file. Each row is a tier with its source."""

import csv
import datetime
import hashlib
import itertools
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from pathlib import Path

from orgkit.costs.prices.own_book import read_book
from orgkit.costs.prices.prices import ADVICE, HOME, NO_REGION, Price, PriceBook, Tier
from orgkit.errors import UnknownPrice


def shipped_text() -> str:
    """prices.csv as it comes with orgkit."""
    return resources.files("orgkit.costs.prices").joinpath("prices.csv").read_text(encoding="utf-8")


@cache
def shipped_book() -> PriceBook:
    """The price book that comes with orgkit."""
    return parse(shipped_text())


@cache
def price_columns(rows: str) -> PriceBook:
    """Return the shipped prices, replaced by the rows of another price book."""
    return parse(shipped_text(), rows) if rows else shipped_book()


def book_of(place: Path) -> PriceBook:
    """Return the shipped prices, replaced by those of one price book where it exists."""
    return price_columns(read_book(place)) if place.exists() else shipped_book()


COLUMNS = (
    "price_id", "service_code", "service_name_ce", "usage_type", "selectors", "region_code", "unit", "currency",
    "tier_start", "tier_end", "price_per_unit", "tier_scope", "free_allowance", "free_scope", "free_type",
    "billing_rule", "effective_date", "publication", "sku", "rate_code", "source_url", "source_kind", "retrieved_at",
    "note",
)  # fmt: skip
REQUIRED_COLUMNS = ("price_id", "service_code", "service_name_ce", "usage_type", "region_code", "unit", "source_url")


def parse(*texts: str) -> PriceBook:
    """Merge price books: a later version of a price replaces an earlier one.

    Versions are ordered by the day they were read, then by the day they take effect, then by AWS's publication date.
    """
    rows = [row for text in texts for row in _rows(text)]
    newest: dict[tuple[str, str], Price] = {}
    for _, tiers in itertools.groupby(sorted(rows, key=_version), key=_version):
        price = _price(list(tiers))
        newest[price.id, price.region] = price
    at_home = {key: price for (key, region), price in newest.items() if region in (HOME, NO_REGION)}
    regional_prices: dict[str, dict[str, Price]] = {}
    for (key, region), price in newest.items():
        if region not in (HOME, NO_REGION):
            regional_prices.setdefault(region, {})[key] = price
    version = hashlib.sha256("".join(texts).encode()).hexdigest()[:12]
    return PriceBook(at_home, version, regional_prices)


def _rows(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(text.splitlines())
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
        raise UnknownPrice(f"the price book has no column {', '.join(missing)}.", "begin it with the header row.")
    rows = list(reader)
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise UnknownPrice(f"row {number} of the price book has not {len(COLUMNS)} fields.", ADVICE)
        _refuse_unsourced(number, row)
    return rows


def _version(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("price_id", "region_code", "retrieved_at", "effective_date", "publication"))


def _refuse_unsourced(number: int, row: Mapping[str, str | None]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if not (row.get(name) or "").strip()]
    if missing:
        raise UnknownPrice(
            f"row {number} of the price book ({row.get('price_id')}) has no {', '.join(missing)}.", ADVICE
        )
    if row.get("currency") != "USD":
        raise UnknownPrice(f"row {number} of the price book is not in USD but {row.get('currency')!r}.", ADVICE)
    for name in ("retrieved_at", "effective_date"):
        # AWS's price pages rarely give the date from which a price holds: it may be empty, the day of reading may not.
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
        selectors=first["selectors"],
        publication=first["publication"],
        sku=first["sku"],
        source_kind=first["source_kind"],
    )


def _tier(row: Mapping[str, str]) -> Tier:
    end = _number(row, "tier_end") if row["tier_end"] else None
    return Tier(_number(row, "tier_start"), end, _number(row, "price_per_unit"), row["rate_code"])


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
    tier_ends = [tier.end for tier in tiers]
    if starts != [Decimal(0), *tier_ends[:-1]] or tier_ends[-1] is not None:
        raise UnknownPrice(f"the tiers of {price_id} in the price book leave a gap or overlap.", ADVICE)
    return tuple(tiers)
