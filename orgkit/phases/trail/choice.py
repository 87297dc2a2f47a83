"""The choice of the organization trail among the management account's trails, and warnings about the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orgkit.costs.estimate.usage import MANAGEMENT
from orgkit.model.desired import TrailSpec, is_name_of
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import Step
from orgkit.phases.trail.facts import Key, Trail, TrailFacts
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.steps import EVERY_ACCOUNT, CreateTrail, RotateKey, SetKeyPolicy, StartLogging

ORGKIT_TAG = ("ManagedBy", "orgkit")  # of the trails that orgkit makes, where the file has no other value for it


@dataclass(frozen=True)
class Choice:
    """The trail to work with, or the name and place of the one to make."""

    trail: Trail | None
    name: str
    region: str
    bucket: str
    is_own: bool  # by name or by bucket, unless the file leaves the bucket as it is; otherwise bucket and key stay
    prefix: str = ""


def choose(trails: Sequence[Trail], spec: TrailSpec) -> Choice:
    """Choose an organization trail if there is one; another trail only if it has the name in the file.

    orgkit does not adopt an organization trail of someone else that does not log all management events: it leaves that
    trail unchanged.
    """
    organization = [trail for trail in trails if trail.organization and not _is_left_alone(trail, spec)]
    candidate = min(organization, key=lambda trail: _rank(trail, spec), default=None)
    if candidate is None:
        candidate = next((trail for trail in trails if trail.name == spec.name), None)
    if candidate is None:
        return Choice(None, spec.name, spec.region, spec.bucket, is_own=spec.bucket_settings)
    is_managed = spec.bucket_settings and (candidate.name == spec.name or candidate.bucket == spec.bucket)
    return Choice(
        candidate,
        candidate.name,
        candidate.home_region,
        spec.bucket if is_managed else candidate.bucket,
        is_managed,
        candidate.prefix,
    )


def best_organization_trail(trails: Sequence[Trail]) -> Trail | None:
    """Return the organization trail that logs most, whatever its name; None where there is none."""
    organization = [trail for trail in trails if trail.organization]
    return min(organization, key=_completeness, default=None)


def _completeness(trail: Trail) -> tuple[bool | str, ...]:
    is_incomplete = not trail.selectors.log_all_management_events
    return (is_incomplete, not trail.multi_region, not trail.logging, trail.arn)


def _rank(trail: Trail, spec: TrailSpec) -> tuple[bool | str, ...]:
    by_file = (trail.name != spec.name, trail.bucket != spec.bucket)
    return (*by_file, *_completeness(trail))


def is_repairable(trail: Trail, spec: TrailSpec) -> bool:
    """Return whether orgkit sets what a trail logs, and its tags: of the one that the file names, or that it made."""
    return trail.name == spec.name or ORGKIT_TAG in (trail.tags or ())


def _is_left_alone(trail: Trail, spec: TrailSpec) -> bool:
    return not (is_repairable(trail, spec) or trail.selectors.log_all_management_events)


def second_copy(trails: Sequence[Trail], choice: Choice) -> str:
    """Return where another trail logs the same management events, in the form of `StartLogging.second_copy`."""
    copies = [
        trail
        for trail in trails
        if trail != choice.trail and trail.logging and trail.selectors.may_log_management_events
    ]
    if not copies:
        return ""
    return EVERY_ACCOUNT if any(trail.organization for trail in copies) else MANAGEMENT


def trail_warnings(trails: Sequence[Trail], choice: Choice, spec: TrailSpec) -> Iterator[str]:
    """Yield warnings about adoption, trails that are left unchanged, and paid copies."""
    org_trail = choice.trail
    if org_trail is not None and org_trail.name != spec.name:
        yield f"Organization trail {org_trail.name} is there already and is adopted; no trail {spec.name} is created."
    if not choice.is_own and spec.bucket_settings:
        yield (
            f"Trail {choice.name} writes to bucket {choice.bucket}, which orgkit leaves unchanged: "
            f"bucket {spec.bucket} is not created. To change that, name the trail in [trail]."
        )
    for trail in trails:
        if org_trail is None or trail.arn != org_trail.arn:
            yield _copy(trail, choice)


def _copy(trail: Trail, choice: Choice) -> str:
    kind = "organization trail" if trail.organization else "trail"
    addition = f" and creates {choice.name} in addition" if choice.trail is None else ""
    state = f"it logs {trail.selectors.description}, so orgkit leaves it unchanged{addition}. "
    cost = (
        "AWS charges for every copy of management events after the first, and ours is the paid second copy."
        if trail.selectors.may_log_management_events
        else "Ours is the first copy of management events, which AWS does not charge."
    )
    return (
        f"The management account has another {kind}, {trail.name} (bucket {trail.bucket}): "
        f"{'' if trail.selectors.log_all_management_events else state}{cost}"
    )


def changes_control_tower(step: Step, observed: Observed) -> bool:
    """Return whether a step changes a trail, bucket or key of Control Tower; to create or start a trail never does.

    AWS reserves names that begin with aws-controltower; its trail may write to a bucket, or use a key, of any name.
    """
    if isinstance(step, CreateTrail | StartLogging):
        return False
    facts = observed.facts(TrailFacts)
    trails = () if facts is None or isinstance(facts.trails, Unread) else facts.trails
    owned = [trail for trail in trails if _is_reserved(trail.name)]
    if isinstance(step, SetKeyPolicy | RotateKey | CreateAlias) and facts is not None and isinstance(facts.key, Key):
        return _is_reserved(step.subject) or facts.key.arn in {trail.key for trail in owned}
    return _is_reserved(step.subject) or any(is_name_of(step.subject, trail.bucket) for trail in owned)


def _is_reserved(name: str) -> bool:
    return name.removeprefix("alias/").casefold().replace("-", "").startswith("awscontroltower")
