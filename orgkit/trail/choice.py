"""Which of the management account's trails is the organization trail, and what a person should know of the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orgkit.model.desired import TrailSpec
from orgkit.model.observed import Trail


@dataclass(frozen=True)
class Choice:
    """The trail to work with, or the name and place of the one to make."""

    trail: Trail | None
    name: str
    region: str
    bucket: str
    ours: bool  # by name or by bucket; somebody else's keeps its bucket and key
    prefix: str = ""


def choose(trails: Sequence[Trail], spec: TrailSpec) -> Choice:
    """An organization trail before anything else; a plain trail only if it has the name that the file gives."""
    organization = [trail for trail in trails if trail.organization]
    found = min(organization, key=lambda trail: _rank(trail, spec), default=None)
    if found is None:
        found = next((trail for trail in trails if trail.name == spec.name), None)
    if found is None:
        return Choice(None, spec.name, spec.region, spec.bucket, ours=True)
    ours = found.name == spec.name or found.bucket == spec.bucket
    return Choice(found, found.name, found.home_region, spec.bucket if ours else found.bucket, ours, found.prefix)


def _rank(trail: Trail, spec: TrailSpec) -> tuple[bool, bool, bool, bool, str]:
    by_file = (trail.name != spec.name, trail.bucket != spec.bucket)
    return (*by_file, not trail.multi_region, not trail.logging, trail.arn)


def trail_warnings(trails: Sequence[Trail], choice: Choice, spec: TrailSpec) -> Iterator[str]:
    """Adoption, paid copies, and logs that do not arrive."""
    chosen = choice.trail
    if chosen is not None and chosen.name != spec.name:
        yield f"Organization trail {chosen.name} is there already and is adopted; no trail {spec.name} is created."
    if not choice.ours:
        yield (
            f"Trail {choice.name} writes to bucket {choice.bucket}, which orgkit leaves as it is: "
            f"bucket {spec.bucket} is not created. To change that, name the trail in [trail]."
        )
    for trail in trails:
        if chosen is None or trail.arn != chosen.arn:
            yield _copy(trail)
    if chosen is not None and chosen.delivery_error:
        yield f"Trail {chosen.name} could not deliver its last log file: {chosen.delivery_error}."


def _copy(trail: Trail) -> str:
    kind = "organization trail" if trail.organization else "trail"
    return (
        f"The management account has another {kind}, {trail.name} (bucket {trail.bucket}): AWS charges for every "
        "copy of management events after the first, and ours is the paid second copy."
    )
