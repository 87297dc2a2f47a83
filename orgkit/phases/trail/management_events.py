"""Whether a set of event selectors logs all management events, decided by AWS's documented rules and never guessed.

An event is logged when one selector matches it; a selector matches when each of its field selectors does. The operators
of one field that select (Equals, StartsWith, EndsWith) are alternatives; each of those that exclude applies alone.
[CloudTrail user guide, "How CloudTrail evaluates multiple conditions for a field"] What these rules do not decide for
certain counts as "not logged".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from typing import Any

Selector = Mapping[str, Any]  # as GetEventSelectors returns it
Event = Mapping[str, str]

READ, WRITE = "read", "write"
CATEGORY, READ_ONLY = "eventCategory", "readOnly"
MANAGEMENT = "Management"
_READ_WRITE_TYPES = {"All": (READ, WRITE), "ReadOnly": (READ,), "WriteOnly": (WRITE,)}
# The fields of text that every record of a management event has. Where a record may lack a field, nothing documents
# which operator matches: a selector that filters by another field is never relied on. [CloudTrail record contents]
TEXT_FIELDS = ("eventSource", "eventName", "eventType")
OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
_FIRST_PRIVATE_CHARACTER = 0xE000  # no name of a service, an operation or a type has one
MAX_COMPARISONS = 200_000  # of an event with a selector; AWS's limit of 500 values allows sets that need far more


def basic_gaps(selectors: Sequence[Selector]) -> tuple[str, ...]:
    """Return which kinds of management events basic selectors do not log for certain: read, write.

    AWS excludes KMS or RDS Data API events "on your trail": one selector that does so counts against all of them.
    """
    including = [selector for selector in selectors if selector.get("IncludeManagementEvents", True)]
    covered = {
        kind for selector in including for kind in _READ_WRITE_TYPES.get(selector.get("ReadWriteType", "All"), ())
    }
    if any(selector.get("ExcludeManagementEventSources") for selector in selectors):
        return (READ, WRITE)
    return tuple(kind for kind in (READ, WRITE) if kind not in covered)


def advanced_gaps(selectors: Sequence[Selector]) -> tuple[str, ...]:
    """Return which kinds of management events advanced selectors do not log for certain: read, write."""
    reliable = [conditions for selector in selectors if (conditions := _reliable_conditions(selector)) is not None]
    return tuple(kind for kind in (READ, WRITE) if not _covers(kind, reliable))


def is_management(selector: Selector) -> bool:
    """Return whether an advanced selector is about management events alone."""
    categories = [item for item in field_selectors(selector) if item.get("Field") == CATEGORY]
    return len(categories) == 1 and _operators(categories[0]) == {"Equals": (MANAGEMENT,)}


def may_log_management(selector: Selector) -> bool:
    """Return whether an advanced selector could log a management event; only another category excludes that."""
    categories = [item for item in field_selectors(selector) if item.get("Field") == CATEGORY]
    names = {name for item in categories for name in item.get("Equals", ())}
    return not names or MANAGEMENT in names


def field_selectors(selector: Selector) -> Sequence[Mapping[str, Any]]:
    """The field selectors of an advanced selector."""
    return selector.get("FieldSelectors") or ()


def _operators(item: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(item[name]) for name in OPERATORS if item.get(name)}


def _reliable_conditions(selector: Selector) -> list[Mapping[str, Any]] | None:
    """The conditions of a selector of management events, its category left out; None where one is not documented."""
    conditions = [item for item in field_selectors(selector) if item.get("Field") != CATEGORY]
    return conditions if is_management(selector) and all(map(_is_reliable, conditions)) else None


def _is_reliable(item: Mapping[str, Any]) -> bool:
    operators = _operators(item)
    values = [value for values in operators.values() for value in values]
    if not values or "" in values:
        return False
    if item.get("Field") == READ_ONLY:  # Equals is the only valid operator
        return operators in ({"Equals": ("true",)}, {"Equals": ("false",)})
    return item.get("Field") in TEXT_FIELDS


def _covers(kind: str, selectors: Sequence[Sequence[Mapping[str, Any]]]) -> bool:
    """Try one event for each way in which these selectors distinguish events."""
    read_only = {READ_ONLY: "true" if kind == READ else "false"}
    candidates = [
        [item for item in conditions if item["Field"] != READ_ONLY]
        for conditions in selectors
        if all(_matches(item, read_only) for item in conditions if item["Field"] == READ_ONLY)
    ]
    if not all(candidates):  # one has no further condition
        return True
    samples = [_samples(field, candidates) for field in TEXT_FIELDS]
    comparisons = len(candidates)
    for values in samples:
        comparisons *= len(values)
    if not all(samples) or comparisons > MAX_COMPARISONS:
        return False
    events = (dict(zip(TEXT_FIELDS, values, strict=True)) for values in product(*samples))
    return all(any(_matches_all(conditions, event) for conditions in candidates) for event in events)


def _samples(field: str, selectors: Iterable[Iterable[Mapping[str, Any]]]) -> list[str]:
    """Return values of a field such that any other value is matched by the same conditions as one of these.

    A value that equals none begins with a longest of the prefixes and ends with a longest of the suffixes (or with
    none); all that matters of it is which. Empty where these would be too many to try.
    """
    conditions = [item for item in chain.from_iterable(selectors) if item["Field"] == field]
    exact = {value for item in conditions for value in _values(item, "Equals", "NotEquals")}
    prefixes = {"", *(value for item in conditions for value in _values(item, "StartsWith", "NotStartsWith"))}
    suffixes = {"", *(value for item in conditions for value in _values(item, "EndsWith", "NotEndsWith"))}
    if len(prefixes) * len(suffixes) > MAX_COMPARISONS:
        return []
    separator = _unused_character("".join((*exact, *prefixes, *suffixes)))
    return sorted(exact | {f"{prefix}{separator}{suffix}" for prefix in prefixes for suffix in suffixes})


def _values(item: Mapping[str, Any], *operators: str) -> Iterator[str]:
    for name in operators:
        yield from item.get(name) or ()


def _unused_character(text: str) -> str:
    code = _FIRST_PRIVATE_CHARACTER
    while chr(code) in text:
        code += 1
    return chr(code)


def _matches_all(conditions: Iterable[Mapping[str, Any]], event: Event) -> bool:
    return all(_matches(item, event) for item in conditions)


def _matches(item: Mapping[str, Any], event: Event) -> bool:
    value = event[item["Field"]]
    alternatives = [
        *(value == text for text in _values(item, "Equals")),
        *(value.startswith(text) for text in _values(item, "StartsWith")),
        *(value.endswith(text) for text in _values(item, "EndsWith")),
    ]
    is_excluded = (
        value in _values(item, "NotEquals")
        or any(value.startswith(text) for text in _values(item, "NotStartsWith"))
        or any(value.endswith(text) for text in _values(item, "NotEndsWith"))
    )
    return not is_excluded and (not alternatives or any(alternatives))
