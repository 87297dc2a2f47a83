"""The event selectors of a trail as blocks of Terraform."""

from collections.abc import Iterator, Mapping
from typing import Any

from orgkit.phases.terraform.hcl import Block, attributes
from orgkit.phases.trail.event_selectors import ADVANCED, EventSelectors
from orgkit.phases.trail.facts import DEFAULT_SELECTORS

# A condition of an advanced selector, and its argument in Terraform.
CONDITIONS = {
    "Equals": "equals", "NotEquals": "not_equals", "StartsWith": "starts_with", "NotStartsWith": "not_starts_with",
    "EndsWith": "ends_with", "NotEndsWith": "not_ends_with",
}  # fmt: skip


def selector_blocks(selectors: EventSelectors) -> Iterator[Block]:
    """Yield a block for each selector; none for the default, which Terraform does not list either."""
    if selectors.value == DEFAULT_SELECTORS.value:
        return
    make_block = _advanced if selectors.form == ADVANCED else _basic
    yield from map(make_block, selectors.documents)


def _basic(selector: Mapping[str, Any]) -> Block:
    excluded = selector.get("ExcludeManagementEventSources") or None
    body = attributes(
        read_write_type=selector.get("ReadWriteType", "All"),
        include_management_events=selector.get("IncludeManagementEvents", True),
        exclude_management_event_sources=excluded,
    )
    data = [
        Block("data_resource", (), attributes(type=item["Type"], values=item.get("Values", [])))
        for item in selector.get("DataResources") or ()
    ]
    return Block("event_selector", (), (*body, *data))


def _advanced(selector: Mapping[str, Any]) -> Block:
    fields = [Block("field_selector", (), _field(item)) for item in selector.get("FieldSelectors") or ()]
    return Block("advanced_event_selector", (), (*attributes(name=selector.get("Name") or None), *fields))


def _field(item: Mapping[str, Any]) -> tuple[Any, ...]:
    values = {argument: item[condition] for condition, argument in CONDITIONS.items() if item.get(condition)}
    return attributes(field=item["Field"], **values)
