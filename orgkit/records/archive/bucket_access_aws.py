"""How an archive's bucket is reached: by the log archive account's access role, narrowed to that bucket."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import NotArchived
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import Desired, ObjectLockSpec, is_name_of, name_in
from orgkit.phases.storage.bucket_aws import Foreign, Place
from orgkit.records.archive.model import Archive
from orgkit.records.archive.s3_store_aws import Store

AccountAccess = tuple[str, Connection]  # an account, and who calls there


def open_store(aws: Connection, desired: Desired, ids: Mapping[str, str], archive: Archive) -> Store | None:
    """The bucket, entered; None when it is in no account of ours that could have it, or is not there.

    `ids` are the accounts that are there, by their keys in the file.
    """
    foreign, log_archive = False, ids.get(desired.trail.log_archive_account)
    if log_archive is not None:
        archive = replace(archive, bucket=name_in(archive.bucket, log_archive))
    for account, member in _accesses(aws, desired, ids, archive):
        place = Place(member, archive.bucket, desired.trail.region, account)
        try:
            region = place.head()
        except Foreign:
            foreign = True
            continue
        return _store(Place(member, archive.bucket, region, account), desired, archive) if region else None
    if foreign:
        raise NotArchived(
            f"bucket {archive.bucket} is there, and neither the log archive account nor this one may look into it.",
            "name a bucket of one of them; bucket names are shared by all of AWS.",
        )
    return None


def _accesses(aws: Connection, desired: Desired, ids: Mapping[str, str], archive: Archive) -> Iterator[AccountAccess]:
    """The records bucket is looked for in the log archive account alone; any other in the caller's own first."""
    records_bucket = desired.trail.records_bucket
    if not (records_bucket and is_name_of(records_bucket, archive.bucket)):
        yield aws.caller().account, aws
    account, archive_spec = ids.get(desired.trail.log_archive_account), desired.log_archive
    if account is not None and archive_spec is not None:
        try:
            policy = compact_json(archive.policy(aws.partition))
            yield account, aws.assume(account, archive_spec.role_name, policy=policy)
        except Rejected as rejection:
            raise NotArchived(
                f"the log archive account {account} cannot be entered through role {archive_spec.role_name}: "
                f"{rejection}.",
                rejection.remedy or "see `orgkit records archive --permissions` for what the caller needs.",
            ) from None


def _store(place: Place, desired: Desired, archive: Archive) -> Store:
    configuration = place.setting("GetObjectLockConfiguration").get("ObjectLockConfiguration", {})
    versions = place.read("GetBucketVersioning").get("Status") == "Enabled"
    store = Store(place, archive, "", versions=versions, expires=_expires(place))
    if configuration.get("ObjectLockEnabled") != "Enabled":
        return store
    default = configuration.get("Rule", {}).get("DefaultRetention", {})
    if default.get("Mode"):
        days = default.get("Days") or 365 * (default.get("Years") or 0)
        return replace(store, lock=f"{default['Mode']} {days}")
    return _with_own_lock(store, desired.trail.object_lock)


def _expires(place: Place) -> int:
    rules = place.setting("GetBucketLifecycleConfiguration").get("Rules", [])
    days = (rule.get("Expiration", {}).get("Days", 0) for rule in rules if rule["Status"] == "Enabled")
    return min(filter(None, days), default=0)


def _with_own_lock(store: Store, lock: ObjectLockSpec | None) -> Store:
    """A bucket that locks nothing by itself: then what [trail] asks for is said with each object."""
    return replace(store, lock=f"{lock.mode} {lock.days}", headers=lock) if lock else store
