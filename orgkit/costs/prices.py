"""The price book: one row per tier, each with its source; what has none is refused, never guessed."""

import csv
import datetime
import hashlib
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources

from orgkit.errors import UnknownPrice

COLUMNS = (
    "price_id", "service_code", "service_name_ce", "usage_type", "selectors", "region_code", "unit", "currency",
    "tier_start", "tier_end", "price_per_unit", "tier_scope", "free_allowance", "free_scope", "free_type",
    "billing_rule", "effective_date", "publication", "sku", "rate_code", "source_url", "source_kind", "retrieved_at",
    "note",
)  # fmt: skip
REQUIRED = ("price_id", "service_code", "service_name_ce", "usage_type", "region_code", "unit", "source_url")
ADVICE = "correct the row, or append one that has its source, in the price book (orgkit/costs/prices.csv)."
HOME = "us-east-1"  # whose prices orgkit ships
NOWHERE = "aws-other"  # the region of what has none
OLD = datetime.timedelta(days=180)
WITHOUT = "without"  # no free tier at all, not even what is always free
# The offers that AWS makes to an account beside what is always free; credits do not lower a price, and end.
PROGRAMMES = ("none", "legacy_12_month", "post_2025_07_credits")
NONE = "none"  # of a price: no allowance, or nobody's; of a payer: no programme. Never a reason to grant one
# Where a row comes from that was read in AWS's price file; the second's allowance was a free first tier there.
READ = "bulk_price_list"
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
    programme: str = NONE  # the free tier that the payer has

    @property
    def allowance(self) -> Decimal:
        """Free units a month: what is always free, and the offer that the payer's programme makes."""
        return self.free_allowance if self.free_type in self._granted else Decimal(0)

    @property
    def _granted(self) -> tuple[str, ...]:
        if self.programme == WITHOUT:
            return ()
        return ("always_free", "included", *([self.programme] if self.programme != NONE else []))

    @property
    def pooled(self) -> bool:
        """Whether the usage of all accounts is added up before tiers and allowance apply."""
        return self.tier_scope.startswith("payer") or (self.allowance > 0 and self.free_scope.startswith("payer"))


@dataclass(frozen=True)
class PriceBook:
    """The newest version of every price, as one region has it; where that is not known, as us-east-1 has it."""

    prices: Mapping[str, Price]
    version: str  # of the file's bytes: an old estimate tells which book it was made with
    elsewhere: Mapping[str, Mapping[str, Price]] = field(default_factory=dict)  # region → price id → price

    def in_region(self, region: str) -> "PriceBook":
        """With the prices of another region, as far as they are in the book."""
        return replace(self, prices={**self.prices, **self.elsewhere.get(region, {})})

    def under(self, programme: str) -> "PriceBook":
        """With the allowances of a free-tier programme, one of PROGRAMMES; or WITHOUT any."""
        return replace(self, prices={key: replace(price, programme=programme) for key, price in self.prices.items()})

    def old(self, today: datetime.date) -> tuple[Price, ...]:
        """Those that nobody has read again for 180 days."""
        return tuple(p for p in self.prices.values() if today - datetime.date.fromisoformat(p.retrieved) > OLD)

    def warning(self, today: datetime.date) -> str:
        """A sentence about old prices; "" when there are none."""
        old = self.old(today)
        if not old:
            return ""
        first = min(price.retrieved for price in old)
        count = f"{len(old)} of {len(self.prices)} prices were"
        return f"{count} read over {OLD.days} days ago, the oldest on {first}: run orgkit prices refresh."

    def price(self, price_id: str) -> Price:
        """The price; UnknownPrice when the book does not have it."""
        if price_id not in self.prices:
            raise UnknownPrice(f"the price book has no price {price_id}.", ADVICE)
        return self.prices[price_id]


def parse(*texts: str) -> PriceBook:
    """Read price books, laid over each other: a later version of a price replaces an earlier one.

    Later is what was read later, then what holds later, then what AWS published later.
    """
    rows = [row for text in texts for row in _rows(text)]
    newest: dict[tuple[str, str], Price] = {}
    for _, tiers in itertools.groupby(sorted(rows, key=_version), key=_version):
        price = _price(list(tiers))
        newest[price.id, price.region] = price
    at_home = {key: price for (key, region), price in newest.items() if region in (HOME, NOWHERE)}
    elsewhere: dict[str, dict[str, Price]] = {}
    for (key, region), price in newest.items():
        if region not in (HOME, NOWHERE):
            elsewhere.setdefault(region, {})[key] = price
    version = hashlib.sha256("".join(texts).encode()).hexdigest()[:12]
    return PriceBook(at_home, version, elsewhere)


def borrowed(prices: Collection[Price], region: str) -> str:
    """A sentence about those that are us-east-1's, for want of the region's own; "" when there are none."""
    count = sum(price.region == HOME != region for price in prices)
    told = f"{count} of {len(prices)} prices {'is that' if count == 1 else 'are those'} of {HOME}"
    return f"{told}: the book has none for {region}." if count else ""


def shipped_text() -> str:
    """prices.csv as it comes with orgkit."""
    return resources.files("orgkit.costs").joinpath("prices.csv").read_text(encoding="utf-8")


@cache
def shipped() -> PriceBook:
    """The price book that comes with orgkit."""
    return parse(shipped_text())


@cache
def priced(rows: str) -> PriceBook:
    """The shipped prices, and over them the rows of another price book."""
    return parse(shipped_text(), rows) if rows else shipped()


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
    ends = [tier.end for tier in tiers]
    if starts != [Decimal(0), *ends[:-1]] or ends[-1] is not None:
        raise UnknownPrice(f"the tiers of {price_id} in the price book leave a gap or overlap.", ADVICE)
    return tuple(tiers)
