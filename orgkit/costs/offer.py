"""One of AWS's bulk price files: which of its products is a price of our book, and what its tiers are."""

import datetime
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from orgkit.costs.prices import HOME, NOWHERE, Price
from orgkit.errors import NotOnePrice

ON_DEMAND = "JRTCKXETXF"  # AWS's code of the term
DIGITS = 40  # of a number; AWS writes 0.0000000000
GREATEST = 15  # the power of ten: what a hostile file calls a number could fill the memory when it is written out
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
    """The one product that is this price in this region; NotOnePrice when there is none, or more than one."""
    wanted = _usage_type(price, region)
    found = [
        (str(sku), attributes, rates)
        for sku, attributes in _products(offer)
        if wanted.fullmatch(str(attributes.get("usagetype", "")))
        and _fits(attributes, price, region)
        and (rates := _rates(offer, str(sku)))
    ]
    if len(found) != 1:
        raise NotOnePrice(_told(price, region, [(sku, attributes) for sku, attributes, _ in found]), NotOnePrice.look)
    sku, attributes, (effective, dimensions) = found[0]
    allowance, tiers = _without_allowance(dimensions)
    return Offered(str(attributes["usagetype"]), sku, tiers, allowance, effective, _text(offer, "publicationDate"))


def _usage_type(price: Price, region: str) -> re.Pattern[str]:
    """Exactly the book's at home, since others contain it; elsewhere the same behind another region's prefix."""
    stem = PREFIX.sub("", price.usage_type)
    if region in (HOME, NOWHERE):
        return re.compile(re.escape(price.usage_type))
    return re.compile(rf"([A-Z]{{2,4}}[0-9]?|{re.escape(region)})-{re.escape(stem)}")


def _fits(attributes: Mapping[str, Any], price: Price, region: str) -> bool:
    where = attributes.get("regionCode") or NOWHERE
    selectors = (pair.partition("=") for pair in price.selectors.split(";") if pair)
    return (region == NOWHERE or where == region) and all(attributes.get(name) == value for name, _, value in selectors)


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
    ends = [rate.end for rate in rates]
    if not rates or [rate.start for rate in rates] != [Decimal(0), *ends[:-1]] or ends[-1] is not None:
        raise NotOnePrice(f"the tiers of {sku} in AWS's price file leave a gap or overlap.", NotOnePrice.look)
    return _date(_text(term, "effectiveDate")[:10], sku), rates


def _date(text: str, sku: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise NotOnePrice(f"{sku} in AWS's price file holds since {text!r}: no date.", NotOnePrice.look) from None


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
        raise NotOnePrice(f"a price of {sku} in AWS's price file cannot be read.", NotOnePrice.look) from None


def _number(value: object) -> Decimal:
    text = str(value)
    number = Decimal(text)
    if not number.is_finite() or number < 0 or len(text) > DIGITS or abs(number.adjusted()) > GREATEST:
        raise InvalidOperation
    return number


def _without_allowance(rates: Sequence[Rate]) -> tuple[Decimal, tuple[Rate, ...]]:
    """First tiers that cost nothing are what is always free: the first that costs then begins at 0."""
    first, *further = itertools.dropwhile(lambda rate: not rate.unit_price and rate.end is not None, rates)
    return first.start, (replace(first, start=Decimal(0)), *further)


def _told(price: Price, region: str, found: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    told = f"{price.id} ({price.usage_type}) is {len(found) or 'no'} product{'s' if len(found) != 1 else ''}"
    listed = "; ".join(f"{sku} {attributes}" for sku, attributes in found[:5])
    return f"{told} of AWS's price file for {region}{f': {listed}' if listed else ''}."


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    if not isinstance(found, dict):
        raise NotOnePrice(
            f"AWS's price file has no {name}: it is not of the format that orgkit reads.", NotOnePrice.look
        )
    return found


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name, ""))
