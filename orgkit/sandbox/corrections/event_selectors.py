"""CloudTrail's event selectors: one form at a time, replaced as a whole, and checked before they are kept."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail

from orgkit.sandbox.corrections.registry import corrects, refusal

Documents = list[dict[str, Any]]

DEFAULTS: Mapping[str, Any] = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
MAX_SELECTORS, MAX_RESOURCES, MAX_VALUES = 5, 250, 500  # [botocore: InvalidEventSelectorsException]
BASIC_TYPES = ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::S3::Object")  # [botocore: DataResource]
EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")  # [botocore: EventSelector]
ONLY_EQUALS = ("eventCategory", "readOnly", "resources.type")  # [botocore: AdvancedFieldSelector.Equals]


@corrects(
    CloudTrailBackend,
    moto="PutEventSelectors checks nothing, keeps both forms, and is taken in any region that asks.",
    source="botocore 1.44.5's model of CloudTrail: PutEventSelectors, InvalidEventSelectorsException.",
)
def put_event_selectors(
    self: CloudTrailBackend,
    trail_name: str,
    event_selectors: Documents | None,
    advanced_event_selectors: Documents | None,
) -> tuple[str, Documents, Documents]:
    """PutEventSelectors takes basic or advanced selectors, in the home region, and replaces those of both forms."""
    trail = self.get_trail(trail_name)
    if trail.region_name != self.region_name:
        raise refusal("InvalidHomeRegionException", f"The home region of trail {trail.arn} is {trail.region_name}.")
    if bool(event_selectors) == bool(advanced_event_selectors):
        raise _invalid("Specify either EventSelectors or AdvancedEventSelectors.")
    basic = [{**DEFAULTS, **selector} for selector in event_selectors or []]
    advanced = advanced_event_selectors or []
    for problem in (*_basic_problems(basic), *_advanced_problems(advanced)):
        raise _invalid(problem)
    trail.event_selectors, trail.advanced_event_selectors = basic, advanced
    return trail.arn, basic, advanced


def _invalid(message: str) -> Exception:
    return refusal("InvalidEventSelectorsException", message)


def _basic_problems(selectors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What AWS refuses of a set. [botocore; awsdocs/aws-cloudformation-user-guide#752]"""
    resources = [resource for selector in selectors for resource in selector["DataResources"]]
    if len(selectors) > MAX_SELECTORS or sum(len(item.get("Values", ())) for item in resources) > MAX_RESOURCES:
        yield "The number of event selectors or data resources is not valid."
    for selector in selectors:
        if selector["ReadWriteType"] not in ("All", "ReadOnly", "WriteOnly"):
            yield f"Value {selector['ReadWriteType']} for ReadWriteType is invalid."
        if not selector["IncludeManagementEvents"] and not selector["DataResources"]:
            yield (
                "Invalid combination of parameters in EventSelectors. When includeManagementEvents is false, "
                "DataResources must not be empty."
            )
        for source in set(selector["ExcludeManagementEventSources"]) - set(EXCLUDABLE):
            yield f"Value {source} for ExcludeManagementEventSources is invalid."
    for resource in resources:
        yield from _resource_problems(resource)


def _resource_problems(resource: Mapping[str, Any]) -> Iterator[str]:
    """What AWS refuses of a data resource. [botocore; aws-samples/aws-security-reference-architecture-examples#335]"""
    if resource.get("Type") not in BASIC_TYPES:
        yield f"Value {resource.get('Type')} for DataResources.Type is invalid."
    for value in resource.get("Values", ()):
        if value.endswith("*"):
            yield f"Value {value} for DataResources.Values is invalid."


def _advanced_problems(selectors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    conditions = [item for selector in selectors for item in selector.get("FieldSelectors", ())]
    if sum(len(values) for item in conditions for name, values in item.items() if name != "Field") > MAX_VALUES:
        yield "The number of values of the advanced event selectors is not valid."
    for selector in selectors:
        fields = [item["Field"] for item in selector.get("FieldSelectors", ())]
        if fields.count("eventCategory") != 1:
            yield "Each advanced event selector has one field selector eventCategory."
    for item in conditions:
        operators = [name for name in item if name != "Field"]
        if not operators or (item["Field"] in ONLY_EQUALS and operators != ["Equals"]):
            yield f"The operators of field {item['Field']} are not valid."


@corrects(Trail, moto="GetEventSelectors of a new trail: none, as if it recorded nothing.")
def get_event_selectors(self: Trail) -> tuple[Documents, Documents]:
    """GetEventSelectors of a new trail: all management events."""
    if self.event_selectors or self.advanced_event_selectors:
        return self.event_selectors, self.advanced_event_selectors
    return [{**DEFAULTS}], []
