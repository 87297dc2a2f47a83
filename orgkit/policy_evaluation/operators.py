"""The operators of conditions: how one value of a policy is compared with one value of a request.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". A value that an operator cannot read raises
ValueError.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any

from orgkit.policy_evaluation.patterns import matches, matches_arn, unescape

Comparison = Callable[[str, str], bool]  # (value of the policy, value of the request)
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": eq, "lessthan": lt, "lessthanequals": le, "greaterthan": gt, "greaterthanequals": ge,
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_EPOCH = re.compile(r"[0-9]+")


def number(text: str) -> Decimal:
    """Return an integer or a decimal number."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def date(text: str) -> datetime:
    """Return a date of ISO 8601, in UTC where it names no zone, or seconds since 1970."""
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _is_in_network(network: str, address: str) -> bool:
    return ip_address(address) in ip_network(network, strict=False)


def _is_same_binary(value: str, actual: str) -> bool:
    return b64decode(value, validate=True) == b64decode(actual, validate=True)


def _equals_ignoring_case(value: str, actual: str) -> bool:
    return unescape(value).casefold() == actual.casefold()


def _in_order(read: Callable[[str], Any], order: Callable[[Any, Any], bool]) -> Comparison:
    return lambda value, actual: order(read(actual), read(value))


COMPARISONS: Mapping[str, Comparison] = {
    "stringequals": lambda value, actual: unescape(value) == actual,
    "stringequalsignorecase": _equals_ignoring_case,
    "stringlike": matches,
    "arnequals": matches_arn,  # the same as ArnLike
    "arnlike": matches_arn,
    "bool": lambda value, actual: value.lower() == actual.lower(),
    "binaryequals": _is_same_binary,
    "ipaddress": _is_in_network,
    **{f"numeric{name}": _in_order(number, order) for name, order in ORDERS.items()},
    **{f"date{name}": _in_order(date, order) for name, order in ORDERS.items()},
}
# What each negated operator denies; AWS has no other operators with "not" in their name.
NEGATED: Mapping[str, str] = {
    "stringnotequals": "stringequals", "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike", "arnnotequals": "arnequals", "arnnotlike": "arnlike",
    "notipaddress": "ipaddress", "numericnotequals": "numericequals", "datenotequals": "dateequals",
}  # fmt: skip
WITH_VARIABLES = frozenset(name for name in COMPARISONS if name.startswith(("string", "arn")))
