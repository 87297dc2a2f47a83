"""The event selectors of a trail: what they log, and the same set with all management events in addition."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.model.canonical_json import compact_json
from orgkit.model.plan import starting_value
from orgkit.phases.trail.management_events import (
    READ,
    WRITE,
    Selector,
    advanced_gaps,
    basic_gaps,
    is_management,
    may_log_management,
)

BASIC, ADVANCED = "basic", "advanced"  # a trail has selectors of one form; AWS replaces those of the other
MAX_BASIC_SELECTORS = 5  # of a trail
MAX_ADVANCED_VALUES = 500  # in all conditions of all advanced selectors of a trail
# What AWS's console writes, and what a trail that was never given any selector has.
ALL_BASIC: Mapping[str, Any] = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
ALL_ADVANCED: Mapping[str, Any] = {
    "Name": "All management events",
    "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
}


@dataclass(frozen=True)
class EventSelectors:
    """The whole set of a trail, which PutEventSelectors replaces as a whole.

    Attributes:
        form: "basic" or "advanced".
        items: Each selector as JSON, with every member that AWS returns.
    """

    form: str
    items: tuple[str, ...]

    @classmethod
    def from_documents(cls, form: str, documents: Sequence[Selector]) -> "EventSelectors":
        """Return the set that these selectors are."""
        return cls(form, tuple(map(compact_json, documents)))

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> "EventSelectors":
        """Return the set in an answer of GetEventSelectors; a trail without any logs all management events."""
        if answer.get("AdvancedEventSelectors"):
            return cls.from_documents(ADVANCED, answer["AdvancedEventSelectors"])
        return cls.from_documents(BASIC, answer.get("EventSelectors") or [ALL_BASIC])

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The selectors as AWS takes them."""
        return [json.loads(item) for item in self.items]

    @property
    def value(self) -> str:
        """The set as a step starts from it."""
        return starting_value({"form": self.form, "selectors": self.documents})

    @property
    def gaps(self) -> tuple[str, ...]:
        """Which kinds of management events are not logged for certain: read, write."""
        return (advanced_gaps if self.form == ADVANCED else basic_gaps)(self.documents)

    @property
    def log_all_management_events(self) -> bool:
        """Whether every management event is logged, for certain."""
        return not self.gaps

    @property
    def may_log_management_events(self) -> bool:
        """Whether some management event could be logged."""
        if self.form == ADVANCED:
            return any(map(may_log_management, self.documents))
        return any(selector.get("IncludeManagementEvents", True) for selector in self.documents)

    @property
    def description(self) -> str:
        """What is logged, in words: "all management events", "no management events", "write events only"."""
        if not self.may_log_management_events:
            return "no management events"
        if not self.gaps:
            return "all management events"
        sources = sorted({name for item in self.documents for name in item.get("ExcludeManagementEventSources") or ()})
        if sources:
            return f"management events without those of {' and '.join(sources)}"
        if len(self.gaps) == 1:
            return f"{READ if self.gaps == (WRITE,) else WRITE} management events only"
        return "some of the management events only"

    @property
    def other_count(self) -> int:
        """The number of selectors of other events: data, network activity."""
        if self.form == ADVANCED:
            return sum(not is_management(item) for item in self.documents)
        return sum(bool(item.get("DataResources")) for item in self.documents)

    def with_all_management_events(self) -> "EventSelectors | None":
        """Return the set, in its form, with all management events and every other selector as it is.

        Returns:
            None where AWS's limits leave no place for one more.
        """
        if self.form == ADVANCED:
            selectors = _in_place_of(ALL_ADVANCED, self.documents, [is_management(item) for item in self.documents])
            too_large = sum(map(_count_values, selectors)) > MAX_ADVANCED_VALUES
            return None if too_large else EventSelectors.from_documents(ADVANCED, selectors)
        documents = _basic_with_all(self.documents)
        return None if documents is None else EventSelectors.from_documents(BASIC, documents)


def _in_place_of(
    selector: Selector, selectors: Sequence[Selector], is_obsolete: Sequence[bool]
) -> list[Mapping[str, Any]]:
    """Put `selector` where the first obsolete one is, else in front; the other obsolete ones are left out."""
    position = is_obsolete.index(True) if True in is_obsolete else 0
    remaining = [item for item, obsolete in zip(selectors, is_obsolete, strict=True) if not obsolete]
    index = sum(not obsolete for obsolete in is_obsolete[:position])
    return [*remaining[:index], selector, *remaining[index:]]


def _count_values(selector: Selector) -> int:
    """Return the number of values in all conditions, which AWS limits."""
    conditions = selector.get("FieldSelectors") or ()
    return sum(len(values) for item in conditions for values in item.values() if isinstance(values, list))


def _basic_with_all(selectors: Sequence[Selector]) -> list[Mapping[str, Any]] | None:
    """Return basic selectors with all management events; the ReadWriteType of one with data events never changes."""
    free = [{**item, "ExcludeManagementEventSources": []} for item in selectors]
    is_obsolete = [not item.get("DataResources") for item in selectors]
    if True in is_obsolete or len(selectors) < MAX_BASIC_SELECTORS:
        return _in_place_of(ALL_BASIC, free, is_obsolete)
    including = [{**item, "IncludeManagementEvents": True} for item in free]
    if not basic_gaps(including):
        return list(including)
    pairs = combinations(range(len(free)), 2)
    pair = next(((a, b) for a, b in pairs if _read_write_type(free[a]) == _read_write_type(free[b])), None)
    return None if pair is None else [ALL_BASIC, *_merge(free, *pair)]


def _merge(selectors: Sequence[Selector], first: int, second: int) -> Iterator[Mapping[str, Any]]:
    """Merge two selectors of one ReadWriteType into one with the data resources of both, which logs the same events."""
    resources = [*selectors[first]["DataResources"], *selectors[second]["DataResources"]]
    for number, item in enumerate(selectors):
        if number != second:
            yield {**item, "DataResources": resources} if number == first else item


def _read_write_type(selector: Selector) -> str:
    return str(selector.get("ReadWriteType", "All"))
