"""One of AWS's bulk price files: which of its products is a price of our book, and what its tiers are."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from orgkit.costs.prices import HOME, NOWHERE, Price
from orgkit.errors import NotOnePrice

ON_DEMAND = "JRTCKXETXF"  # AWS's code of the term
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
    allowance, tiers = _without_allowance(price.id, dimensions)
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
    return _text(term, "effectiveDate")[:10], rates


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


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or number < 0:
        raise InvalidOperation
    return number


def _without_allowance(price_id: str, rates: Sequence[Rate]) -> tuple[Decimal, tuple[Rate, ...]]:
    """A first tier that costs nothing is what is always free: the next one then begins at 0."""
    if len(rates) == 1 or rates[0].unit_price:
        return Decimal(0), tuple(rates)
    if rates[0].end is None:  # not reached: tiers after an endless one leave a gap
        raise NotOnePrice(f"the tiers of {price_id} do not end.", NotOnePrice.look)
    second = rates[1]
    begun = Rate(Decimal(0), second.end, second.unit_price, second.unit, second.rate_code)
    return rates[0].end, (begun, *rates[2:])


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
