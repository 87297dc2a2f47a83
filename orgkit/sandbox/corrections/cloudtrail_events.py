"""CloudTrail's event history: LookupEvents by time and one attribute, in pages, twice a second."""

import json
from collections.abc import Callable
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse

from orgkit.sandbox.corrections.event_history import visible
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

PAGE = 50
RATE = (2.0, 2.0)  # a second and at once, for each account and region
# Each lookup attribute of the API, and what an event has of it; events name no resources here.
ATTRIBUTES: dict[str, Callable[[dict[str, Any]], str]] = {
    "AccessKeyId": lambda event: str(event["AccessKeyId"]),
    "EventId": lambda event: str(event["EventId"]),
    "EventName": lambda event: str(event["EventName"]),
    "EventSource": lambda event: str(event["EventSource"]),
    "ReadOnly": lambda event: str(event["ReadOnly"]),
    "ResourceName": lambda _event: "",
    "ResourceType": lambda _event: "",
    "Username": lambda event: str(event["Username"]),
}


@corrects(CloudTrailResponse, moto="LookupEvents is not there.")
def lookup_events(self: CloudTrailResponse) -> str:
    """LookupEvents returns an account's calls of a region, newest first, minutes after them; twice a second at most."""
    if world().throttled(f"{self.current_account} {self.region}", "LookupEvents", *RATE):
        raise refusal("ThrottlingException", "Rate exceeded")
    start, end, attributes = (self._get_param(name) for name in ("StartTime", "EndTime", "LookupAttributes"))
    _check(start, end, attributes or [])
    if self._get_param("EventCategory"):  # the only category is insight, and no trail here logs such events
        return json.dumps({"Events": []})
    events = visible(self.current_account, self.region)
    matching = [event for event in events if _is_asked_for(event, start, end, attributes or [])]
    size, first = _size(self._get_param("MaxResults")), _first(self._get_param("NextToken"), matching)
    page = matching[first : first + size]
    continuation = {"NextToken": page[-1]["EventId"]} if first + size < len(matching) else {}
    return json.dumps({"Events": page, **continuation})


def _check(start: float | None, end: float | None, attributes: list[dict[str, str]]) -> None:
    if start is not None and end is not None and start > end:
        raise refusal("InvalidTimeRangeException", "The start time is after the end time.")
    if len(attributes) > 1 or any(attribute["AttributeKey"] not in ATTRIBUTES for attribute in attributes):
        raise refusal("InvalidLookupAttributesException", "One lookup attribute can be given, of those that are known.")


def _is_asked_for(
    event: dict[str, Any], start: float | None, end: float | None, attributes: list[dict[str, str]]
) -> bool:
    in_window = (start is None or start <= event["EventTime"]) and (end is None or event["EventTime"] <= end)
    return in_window and all(ATTRIBUTES[a["AttributeKey"]](event) == a["AttributeValue"] for a in attributes)


def _size(size: int | None) -> int:
    if size is not None and not 1 <= size <= PAGE:
        raise refusal("InvalidMaxResultsException", f"A page has 1 to {PAGE} results.")
    return size or PAGE


def _first(token: str | None, events: list[dict[str, Any]]) -> int:
    """Return the index after the last event of the previous page: newer ones may have arrived in the meantime."""
    if not token:
        return 0
    places = [place for place, event in enumerate(events) if event["EventId"] == token]
    if not places:
        raise refusal("InvalidNextTokenException", "The token is invalid.")
    return places[0] + 1
