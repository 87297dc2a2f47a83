"""What phase 05 should do: a log bucket, a records bucket, a key where asked, and one organization trail."""

from collections.abc import Iterator

from orgkit.errors import CouldNotRead
from orgkit.model.desired import Desired, ImportSpec
from orgkit.model.matching import match
from orgkit.model.observed import Observed, Trail, TrailFacts, Unread
from orgkit.model.trail import CreateTrail, StartLogging, UpdateTrail
from orgkit.plan import Plan, Step
from orgkit.trail.choice import Choice, choose, trail_warnings
from orgkit.trail.storage import Storage, storage_of

PRINCIPAL = "cloudtrail.amazonaws.com"


def plan(observed: Observed, desired: Desired) -> Plan:
    """Buckets and key first, then the trail that writes to them, then its logging.

    An organization trail that is there is adopted, whatever its name and bucket: a second one would be a paid copy.
    """
    trails = _trails(observed)
    account = match(desired.log_archive, observed)
    account_id = account.id if account else None
    choice = choose(trails, desired.trail)
    storage = storage_of(_facts(observed, account_id), observed, desired, choice, account_id)
    return Plan(
        phase="trail",
        target=observed.target,
        steps=(*storage.steps, *_trail_steps(choice, desired, storage)),
        needs=tuple(_needs(observed, desired, account_id)),
        unmanaged=storage.unmanaged,
        warnings=(*trail_warnings(trails, choice, desired.trail), *storage.warnings),
    )


def _trail_steps(choice: Choice, desired: Desired, storage: Storage) -> Iterator[Step]:
    there, spec = choice.trail, desired.trail
    alias = storage.key_alias
    if there is None:
        yield CreateTrail(
            trail=choice.name, region=choice.region, bucket=spec.bucket, key_alias=alias, tags=spec.tags,
            why="the management account has no organization trail",
        )  # fmt: skip
    elif changes := tuple(_changes(there, choice, storage)):
        yield UpdateTrail(
            trail=there.name,
            region=there.home_region,
            bucket=choice.bucket,
            key_alias=alias if choice.ours else None,
            changes=changes,
            why="the trail is there, and differs",
        )
    if there is None or not there.logging:
        yield StartLogging(
            trail=choice.name, region=choice.region, bucket=choice.bucket, key_alias=alias if choice.ours else None,
            why="a trail that does not log is none",
        )  # fmt: skip


def _changes(there: Trail, choice: Choice, storage: Storage) -> Iterator[str]:
    if not there.organization:
        yield "log every account of the organization"
    if not there.multi_region:
        yield "log every region"
    if not there.validated:
        yield "switch on log file validation"
    if there.bucket != choice.bucket:
        yield f"write to bucket {choice.bucket} instead of {there.bucket}"
    to_be_made = storage.key_alias and storage.key_arn is None
    if choice.ours and (to_be_made or (there.key or None) != storage.key_arn):
        yield f"encrypt with KMS key {storage.key_alias}" if storage.key_alias else "encrypt with no KMS key"


def _needs(observed: Observed, desired: Desired, account_id: str | None) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
    elif PRINCIPAL not in observed.organization.trusted_access:
        yield f"trusted access for {PRINCIPAL} is not enabled: run 01-organization"
    phase = "04-imports" if isinstance(desired.log_archive, ImportSpec) else "03-accounts"
    if account_id is None:
        yield f"log archive account {desired.log_archive.key} does not exist yet: run {phase}"
    elif not _readable(observed, account_id):
        yield f"orgkit-read cannot be assumed in log archive account {desired.log_archive.key}: run {phase}"


def _trails(observed: Observed) -> tuple[Trail, ...]:
    if observed.trail is None:
        if observed.organization is None:
            return ()  # a preview: the organization comes first
        raise CouldNotRead("nobody looked at the trails.", "read the organization again, with the trail phase.")
    if isinstance(observed.trail.trails, Unread):
        raise CouldNotRead(
            f"the management account's trails: {observed.trail.trails.why}",
            observed.trail.trails.do
            or "allow cloudtrail:ListTrails, DescribeTrails and GetTrailStatus (see `orgkit permissions trail`).",
        )
    return observed.trail.trails


def _facts(observed: Observed, account_id: str | None) -> TrailFacts:
    """What is in the log archive account; nothing, as long as there is no such account or it cannot be looked into."""
    facts = observed.trail
    if facts is None or account_id is None or not _readable(observed, account_id):
        return TrailFacts(trails=())
    unread = next((found for found in (facts.buckets, facts.key) if isinstance(found, Unread)), None)
    if unread is not None:
        raise CouldNotRead(
            f"the buckets or the key in log archive account {account_id}: {unread.why}",
            unread.do
            or "run 03-accounts again, which brings the role orgkit-read up to date; a service control policy may also "
            "deny it.",
        )
    return facts


def _readable(observed: Observed, account_id: str) -> bool:
    member = observed.member(account_id)
    return member is not None and member.readable
