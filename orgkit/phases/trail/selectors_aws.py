"""AWS calls that read the event selectors, tags and deliveries of trails, and that set selectors and tags."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws, tags_of
from orgkit.model.desired import Tags, replaced_tags
from orgkit.model.matching import IdIndex
from orgkit.model.plan import starting_value
from orgkit.phases.handler import handle
from orgkit.phases.trail.documents import trail_arn
from orgkit.phases.trail.event_selectors import ADVANCED, EventSelectors
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail

MAX_ARNS = 20  # of one ListTags
# A trail that logs anything delivers within minutes, and to plan is to be logged. Digest files prove nothing: AWS
# delivers one each hour, also of a trail that logs no event.
MAX_SILENCE = timedelta(hours=24)


def read_selectors(aws: Connection, arn: str, region: str) -> EventSelectors:
    """Return the event selectors of a trail, by ARN and in its home region."""
    return EventSelectors.from_answer(aws.read("cloudtrail", "GetEventSelectors", region=region, TrailName=arn))


def read_tags(aws: Connection, trails: Iterable[Mapping[str, Any]]) -> dict[str, Tags]:
    """Return the tags of trails by ARN; AWS lists those of one region at a time."""
    by_region: dict[str, list[str]] = {}
    for trail in trails:
        by_region.setdefault(trail["HomeRegion"], []).append(trail["TrailARN"])
    return {
        item["ResourceId"]: tags_of(item.get("TagsList", []))
        for region, arns in sorted(by_region.items())
        for start in range(0, len(arns), MAX_ARNS)
        for item in aws.pages(
            "cloudtrail", "ListTags", "ResourceTagList", region=region, ResourceIdList=arns[start : start + MAX_ARNS]
        )
    }


def silent_since(status: Mapping[str, Any], now: datetime) -> str:
    """Return when a logging trail last delivered, or was started, if that is over 24 hours ago; "" otherwise.

    Args:
        status: An answer of GetTrailStatus: what has no value is left out, or an empty string.
        now: The time by the clock of the connection.
    """
    moments = [status.get(name) for name in ("StartLoggingTime", "LatestDeliveryTime")]
    known = [moment for moment in moments if isinstance(moment, datetime)]
    if not status.get("IsLogging") or not known or now - max(known) <= MAX_SILENCE:
        return ""
    return f"{max(known).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def set_event_selectors(aws: Connection, step: SetEventSelectors, id_index: IdIndex) -> None:
    """Replace the whole set, and wait until AWS reports it; doing it twice changes nothing."""
    arn, selectors = _arn(aws, step, id_index), EventSelectors(step.form, step.selectors)
    member = "AdvancedEventSelectors" if step.form == ADVANCED else "EventSelectors"
    aws.mutate(
        "cloudtrail",
        "PutEventSelectors",
        region=step.region,
        expect="TrailARN",
        TrailName=arn,
        **{member: selectors.documents},
    )
    aws.wait_for(
        f"trail {step.trail} to have its event selectors",
        lambda: read_selectors(aws, arn, step.region).value == selectors.value or None,
        every=2,
        at_most=60,
    )


def selectors_of_trail(aws: Connection, step: SetEventSelectors, id_index: IdIndex) -> str:
    """Return the current set."""
    return read_selectors(aws, _arn(aws, step, id_index), step.region).value


def tag_trail(aws: Connection, step: TagTrail, id_index: IdIndex) -> None:
    """Set the tags that the step names; the others stay."""
    arn = _arn(aws, step, id_index)
    aws.mutate("cloudtrail", "AddTags", region=step.region, ResourceId=arn, TagsList=as_aws(step.tags))


def tags_of_trail(aws: Connection, step: TagTrail, id_index: IdIndex) -> str:
    """Return the trail's current values under the keys of the step."""
    arn = _arn(aws, step, id_index)
    present = read_tags(aws, [{"HomeRegion": step.region, "TrailARN": arn}]).get(arn, ())
    return starting_value(replaced_tags(step.tags, present))


HANDLERS = (
    handle(SetEventSelectors, set_event_selectors, selectors_of_trail),
    handle(TagTrail, tag_trail, tags_of_trail),
)


def _arn(aws: Connection, step: SetEventSelectors | TagTrail, id_index: IdIndex) -> str:
    return trail_arn(aws.partition, step.region, id_index.target.account, step.trail)
