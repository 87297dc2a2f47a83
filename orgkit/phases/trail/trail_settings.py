"""What orgkit's own organization trail logs, its tags, and whether its log files arrive."""

from collections.abc import Iterator

from orgkit.model.desired import TrailSpec, missing_tags, replaced_tags
from orgkit.model.plan import Step, starting_value
from orgkit.phases.trail.choice import Choice, is_repairable
from orgkit.phases.trail.facts import Trail
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail

_REMEDY = "See whether the policies of its bucket and key let CloudTrail write."
_REPAIRED = "The steps of this plan let CloudTrail deliver; AWS reports the error until the next delivery."


def setting_steps(choice: Choice, spec: TrailSpec, copy: str) -> Iterator[Step]:
    """Yield the steps for event selectors and tags of an existing trail; an adopted one logs all events already.

    Args:
        choice: The organization trail. Only orgkit's own is chosen without all management events.
        spec: The section of the file.
        copy: Where another trail logs the same events; counted here for a trail that logs, else where logging starts.
    """
    trail = choice.trail
    if trail is None:
        return
    selectors = trail.selectors.with_all_management_events()
    if selectors is not None and not trail.selectors.log_all_management_events:
        yield SetEventSelectors(
            trail=trail.name,
            region=trail.home_region,
            form=selectors.form,
            selectors=selectors.items,
            other_selectors=trail.selectors.other_count,
            second_copy=copy if trail.logging else "",
            starts_from=trail.selectors.value,
            reason=f"it logs {trail.selectors.description}",
        )
    tags = missing_tags(spec.tags, trail.tags or ())
    if tags and trail.tags is not None and is_repairable(trail, spec):
        yield TagTrail(
            trail=trail.name,
            region=trail.home_region,
            tags=tags,
            starts_from=starting_value(replaced_tags(tags, trail.tags)),
            reason="these tags are missing or differ",
        )


def undelivered(trail: Trail) -> Iterator[str]:
    """Yield which of the trail's log and digest files do not arrive."""
    subject = f"Trail {trail.name} (bucket {trail.bucket})"
    if trail.delivery_error:
        yield f"{subject} could not deliver its last log file: {trail.delivery_error}."
    if trail.digest_error:
        yield f"{subject} could not deliver its last digest file: {trail.digest_error}."
    if trail.silent_since and not trail.delivery_error:
        yield f"{subject} has delivered nothing for more than 24 hours, since {trail.silent_since}."


def trail_drift(trail: Trail, *, is_delivery_repaired: bool) -> Iterator[str]:
    """Yield errors of the organization trail that no step repairs."""
    if not is_delivery_repaired:
        yield from (f"{line} {_REMEDY}" for line in undelivered(trail))
    if trail.selectors.gaps and trail.selectors.with_all_management_events() is None:
        yield (
            f"Trail {trail.name} logs {trail.selectors.description}, and its {trail.selectors.form} event selectors "
            "are as many as AWS allows: remove one, then plan again."
        )


def repair_warnings(trail: Trail) -> Iterator[str]:
    """Say what the steps repair, and when that shows: CloudTrail reports the last delivery until the next one."""
    yield from (f"{line} {_REPAIRED}" for line in undelivered(trail))
