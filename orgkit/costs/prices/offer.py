"""One of AWS's bulk price files: which of its products is a price of our book, and what its tiers are."""

import datetime
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from orgkit.costs.prices.prices import HOME, NO_REGION, Price
from orgkit.dataclass import dataclass
from orgkit.errors import AmbiguousPrice

ON_DEMAND = "JRTCKXETXF"  # AWS's code of the term
DIGITS = 40  # of a number; AWS writes 0.0000000000
MAX_EXPONENT = 15  # the power of ten: what a hostile file calls a number could fill the memory when it is written out
PREFIX = re.compile(r"^(USE1|us-east-1)-")  # of usage types in us-east-1; some services write none there


@dataclass(frozen=True)
class Rate:
    """One price dimension: a tier as AWS publishes it, for single units, in USD."""

    start: Decimal
    end: Decimal | None
    unit_price: Decimal
    unit: str
    rate_code: str


@dataclass(frozen=True)
class Offered:
    """One product's on-demand price, as a price file has it; what is free at first is an allowance, not a tier."""

    usage_type: str
    sku: str
    rates: tuple[Rate, ...]
    allowance: Decimal
    effective: str  # ISO date
    publication: str


def find(offer: Mapping[str, Any], price: Price, region: str) -> Offered:
    """The one product that is this price in this region; AmbiguousPrice when there is none, or more than one."""
    usage_type = _usage_type(price, region)
    matches = [
        (str(sku), attributes, rates)
        for sku, attributes in _products(offer)
        if usage_type.fullmatch(str(attributes.get("usagetype", "")))
        and _fits(attributes, price, region)
        and (rates := _rates(offer, str(sku)))
    ]
    if len(matches) != 1:
        raise AmbiguousPrice(
            _match_report(price, region, [(sku, attributes) for sku, attributes, _ in matches]),
            AmbiguousPrice.remedy_for_selectors,
        )
    sku, attributes, (effective, dimensions) = matches[0]
    allowance, tiers = _without_allowance(dimensions)
    return Offered(str(attributes["usagetype"]), sku, tiers, allowance, effective, _text(offer, "publicationDate"))


def _usage_type(price: Price, region: str) -> re.Pattern[str]:
    """Exactly the book's at home, since others contain it; elsewhere the same behind another region's prefix."""
    stem = PREFIX.sub("", price.usage_type)
    if region in (HOME, NO_REGION):
        return re.compile(re.escape(price.usage_type))
    return re.compile(rf"([A-Z]{{2,4}}[0-9]?|{re.escape(region)})-{re.escape(stem)}")


def _fits(attributes: Mapping[str, Any], price: Price, region: str) -> bool:
    region_code = attributes.get("regionCode") or NO_REGION
    selectors = (pair.partition("=") for pair in price.selectors.split(";") if pair)
    return (region == NO_REGION or region_code == region) and all(
        attributes.get(name) == value for name, _, value in selectors
    )


def _products(offer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for sku, product in _mapping(offer, "products").items():
        attributes = product.get("attributes") if isinstance(product, dict) else None
        if isinstance(attributes, dict):
            yield sku, attributes


def _rates(offer: Mapping[str, Any], sku: str) -> tuple[str, list[Rate]] | None:
    """The price dimensions of the product's one on-demand term, lowest tier first; None when it has no such term."""
    terms = _mapping(_mapping(offer, "terms"), "OnDemand").get(sku)
    term = terms.get(f"{sku}.{ON_DEMAND}") if isinstance(terms, dict) else None
    if not isinstance(term, dict):
        return None
    rates = sorted((_rate(sku, d) for d in _mapping(term, "priceDimensions").values()), key=lambda rate: rate.start)
    rate_ends = [rate.end for rate in rates]
    if not rates or [rate.start for rate in rates] != [Decimal(0), *rate_ends[:-1]] or rate_ends[-1] is not None:
        raise AmbiguousPrice(
            f"the tiers of {sku} in AWS's price file leave a gap or overlap.", AmbiguousPrice.remedy_for_selectors
        )
    return _date(_text(term, "effectiveDate")[:10], sku), rates


def _date(text: str, sku: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise AmbiguousPrice(
            f"{sku} in AWS's price file takes effect on {text!r}, not a date.", AmbiguousPrice.remedy_for_selectors
        ) from None


def _rate(sku: str, dimension: Any) -> Rate:
    try:
        end = dimension["endRange"]
        prices = dimension["pricePerUnit"]
        return Rate(
            _number(dimension["beginRange"]),
            None if end == "Inf" else _number(end),
            _number(prices["USD"]),
            str(dimension["unit"]),
            str(dimension["rateCode"]),
        )
    except (KeyError, TypeError, InvalidOperation):
        raise AmbiguousPrice(
            f"a price of {sku} in AWS's price file cannot be read.", AmbiguousPrice.remedy_for_selectors
        ) from None


def _number(value: object) -> Decimal:
    text = str(value)
    number = Decimal(text)
    if not number.is_finite() or number < 0 or len(text) > DIGITS or abs(number.adjusted()) > MAX_EXPONENT:
        raise InvalidOperation
    return number


def _without_allowance(rates: Sequence[Rate]) -> tuple[Decimal, tuple[Rate, ...]]:
    """First tiers that cost nothing are what is always free: the first that costs then begins at 0."""
    first, *remaining_rates = itertools.dropwhile(lambda rate: not rate.unit_price and rate.end is not None, rates)
    return first.start, (replace(first, start=Decimal(0)), *remaining_rates)


def _match_report(price: Price, region: str, matches: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    text = f"{price.id} ({price.usage_type}) is {len(matches) or 'no'} product{'s' if len(matches) != 1 else ''}"
    listed = "; ".join(f"{sku} {attributes}" for sku, attributes in matches[:5])
    return f"{text} of AWS's price file for {region}{f': {listed}' if listed else ''}."


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = values.get(name)
    if not isinstance(value, dict):
        raise AmbiguousPrice(
            f"AWS's price file has no {name}: it is not of the format that orgkit reads.",
            AmbiguousPrice.remedy_for_selectors,
        )
    return value


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name, ""))
