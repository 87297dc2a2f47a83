"""AWS calls that read the trails of an organization that is adopted, and look for the account that keeps the logs."""

from collections.abc import Iterable

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.desired import name_in
from orgkit.model.observed import Account, Observed, Unread
from orgkit.phases.adopted import members_of
from orgkit.phases.storage.bucket_aws import Foreign, Place, read_bucket
from orgkit.phases.trail.aws import read_trails
from orgkit.phases.trail.choice import best_organization_trail
from orgkit.phases.trail.facts import AdoptedTrails, LogStorage, Trail
from orgkit.phases.trail.section import (
    RECORDS_PREFIX,
    default_records_bucket,
    name_in_account,
    prefix_in_account,
)

HINTS = ("log", "archive", "audit", "security", "trail")  # in the names of accounts that keep logs


def read_to_adopt(aws: Connection, observed: Observed, read_role: str) -> Observed:
    """Read the trails; the accounts are entered through the read role until one has the organization trail's bucket."""
    organization = observed.organization
    assert organization is not None
    trails = read_trails(aws, aws.region, in_organization=True)
    trail = None if isinstance(trails, Unread) else best_organization_trail(trails)
    storage = _storage(aws, observed, trail, read_role) if trail else None
    return observed.with_facts(AdoptedTrails(trails, storage))


def _storage(aws: Connection, observed: Observed, trail: Trail, read_role: str) -> LogStorage:
    management = observed.target.account
    if any(bucket == trail.bucket for bucket in _own_buckets(aws, trail.bucket)):
        return LogStorage(management)
    accounts = [account for account in members_of(observed) if account.state == "ACTIVE"]
    refusal_count = 0
    for account in sorted(accounts, key=_likelihood):
        try:
            member = aws.assume(account.id, read_role)
            place = Place(member, trail.bucket, trail.home_region, account.id)
            if place.head() is None:
                continue
        except Rejected:
            refusal_count += 1
            continue
        except Foreign:
            continue
        return _read_storage(place, management, account.id)
    reason = f"none of {len(accounts)} member accounts shows it through role {read_role}"
    return LogStorage(
        Unread(reason + (f", which could not be assumed in {refusal_count} of them" if refusal_count else ""))
    )


def _likelihood(account: Account) -> tuple[bool, str]:
    return not any(hint in account.name.casefold() for hint in HINTS), account.id


def _own_buckets(aws: Connection, name: str) -> Iterable[str]:
    """Yield the buckets of the management account whose names begin so; none where it may not list them."""
    try:
        return [str(bucket["Name"]) for bucket in aws.read("s3", "ListBuckets", Prefix=name).get("Buckets", [])]
    except Rejected:
        return []


def _read_storage(place: Place, management: str, owner: str) -> LogStorage:
    try:
        bucket = read_bucket(place)
    except Rejected as rejection:
        return LogStorage(owner, Unread(str(rejection), rejection.remedy))
    is_regional = bool(prefix_in_account(place.bucket, owner, place.region))
    regional_name = name_in(name_in_account(RECORDS_PREFIX, place.region), owner)
    name = regional_name if is_regional else default_records_bucket(management)
    records = Place(place.member, name, place.region, owner)
    try:
        has_records = records.head() is not None
    except (Rejected, Foreign):
        has_records = False
    return LogStorage(owner, bucket, records.bucket if has_records else "")
