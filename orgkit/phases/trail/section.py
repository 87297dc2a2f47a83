"""`[trail]`: the organization trail, the buckets in the log archive account, and names that AWS accepts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from orgkit.model.desired import LOG_ARCHIVE_ID, ObjectLockSpec, TrailSpec
from orgkit.phases.schema.formats import quote, refuse, suggest
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import Raw, common_tags, members, number, section, tags, text
from orgkit.phases.schema.section import Defaults, Section, too_many_tags, trail_tags
from orgkit.phases.schema.types import Region, SectionModel, Tags, checked_text, editor_check
from orgkit.phases.storage.bucket_names import ACCOUNT_REGIONAL, IP_ADDRESS, Bucket, bucket_name

RECORDS_PREFIX = "orgkit-records"
# Regular expressions that the JSON Schema of the file has too.
_TRAIL = r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*"


def trail_name(value: str) -> str:
    """Check the name of a trail by CloudTrail's rules."""
    if not 3 <= len(value) <= 128:
        refuse(value, f"has {len(value)} characters; CloudTrail takes names of 3 to 128.")
    if IP_ADDRESS.fullmatch(value):
        refuse(value, "looks like an IP address, which CloudTrail refuses as a name: add a word.")
    if not re.fullmatch(_TRAIL, value):
        refuse(value, "is not a trail name: write letters and digits, joined by single . _ or -, as org-trail.")
    return value


def default_bucket(trail: str, management_account_id: str) -> str:
    """Return the default log bucket; its name has the account id, since all of AWS shares one namespace."""
    return f"{re.sub('[._]', '-', trail.lower())}-{management_account_id}"


def name_in_account(prefix: str, region: str) -> str:
    """Return the name of a bucket in the log archive account's own namespace, which nobody else can take."""
    return f"{prefix}-{LOG_ARCHIVE_ID}-{region}-an"


def prefix_in_account(bucket: str, account: str, region: str) -> str:
    """Return the prefix of a bucket's name in the account's own namespace; "" for any other name."""
    suffix = name_in_account("", region).replace(LOG_ARCHIVE_ID, account)
    return bucket.removesuffix(suffix) if bucket.endswith(suffix) else ""


def bucket_prefixes(name: str, bucket: str | None, records_bucket: str | None) -> tuple[str, str]:
    """Return the prefixes before account and region in the names of the two buckets."""
    return bucket or re.sub("[._]", "-", name.lower()), records_bucket or RECORDS_PREFIX


def default_records_bucket(management_account_id: str) -> str:
    """Return the default bucket of sealed records."""
    return f"orgkit-records-{management_account_id}"


STANDARD_IA_DAYS = 30  # S3 moves nothing to Standard-IA earlier


# Settings that may be stronger in AWS than the default; unless the file has the key, that is reported and stays.
_MAY_BE_STRONGER = ("expire_days", "kms_key", "noncurrent_days")


def _name_or_false(value: Any) -> Any:
    """Return "" for false."""
    return "" if value is False else value


def _bucket_or_none(value: str | None) -> str | None:
    """Check the name of a bucket; "" stands for none."""
    return bucket_name(value) if value else value


class ObjectLockModel(SectionModel):
    """Write-once protection of the log bucket."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(examples=['"GOVERNANCE"'])
    days: int = Field(ge=1, le=36500, examples=["90"])


class TrailModel(SectionModel):
    """`[trail]`."""

    name: Annotated[str, checked_text(trail_name), editor_check(_TRAIL, minLength=3, maxLength=128)] = "org-trail"
    log_archive_account: str = Field(examples=['"log-archive"'])
    bucket: Bucket | None = None
    records_bucket: Annotated[
        str | None,
        BeforeValidator(_name_or_false, json_schema_input_type=Bucket | Literal[False]),
        AfterValidator(_bucket_or_none),
    ] = None
    bucket_namespace: Literal["global", "account-regional"] = "global"
    bucket_settings: bool = True
    region: Region | None = None
    kms_key: bool = False
    transition_days: int = Field(default=90, ge=0, le=36500)
    expire_days: int = Field(default=0, ge=0, le=36500)
    noncurrent_days: int = Field(default=365, ge=0, le=36500)
    object_lock: ObjectLockModel | None = None
    tags: Tags = {}


def build(model: TrailModel | None, defaults: Defaults) -> TrailSpec:
    """Return the frozen value; names of buckets that the file leaves out hold the management account's id."""
    if model is None:
        return _without_trail(defaults)
    lock, region = model.object_lock, model.region or defaults.home_region
    bucket = model.bucket or default_bucket(model.name, defaults.management_account_id)
    records_bucket = model.records_bucket or default_records_bucket(defaults.management_account_id)
    has_records = model.records_bucket != ""
    if model.bucket_namespace == ACCOUNT_REGIONAL:
        prefixes = bucket_prefixes(model.name, model.bucket, model.records_bucket)
        bucket, records_bucket = (name_in_account(prefix, region) for prefix in prefixes)
    return TrailSpec(
        name=model.name,
        log_archive_account=model.log_archive_account,
        bucket=bucket,
        records_bucket=records_bucket if has_records else "",
        region=region,
        kms_key=model.kms_key,
        transition_days=model.transition_days,
        expire_days=model.expire_days,
        noncurrent_days=model.noncurrent_days,
        object_lock=ObjectLockSpec(lock.mode, lock.days) if lock else None,
        tags=trail_tags(defaults.common_tags, model.tags),
        bucket_namespace=model.bucket_namespace,
        bucket_settings=model.bucket_settings,
        left_out=tuple(sorted(set(_MAY_BE_STRONGER) - model.model_fields_set)),
    )


def _without_trail(defaults: Defaults) -> TrailSpec:
    """Return what stands for [trail] in a file without it: the defaults, of which only name and region are read."""
    model = TrailModel(log_archive_account="", records_bucket=False)  # type: ignore[arg-type]
    return replace(build(model, defaults), is_wanted=False)


def log_archive(raw: Raw) -> Iterator[Violation]:
    """Report a log archive account that is not in the file."""
    key, known = text(section(raw, "trail"), "log_archive_account"), {member.key for member in members(raw)}
    if key is not None and key not in known:
        hint = suggest(key, known) or "Add the account that is to keep the logs."
        yield ("trail", "log_archive_account"), f"no account or import has the key {quote(key)}. {hint}"


def bucket_names(raw: Raw) -> Iterator[Violation]:
    """Report two equal buckets, and a default name that S3 does not accept."""
    if text(section(raw, "trail"), "bucket_namespace") == ACCOUNT_REGIONAL:
        yield from _names_in_account(raw)
        return
    trail, account = section(raw, "trail"), text(section(raw, "organization"), "management_account_id") or ""
    default = default_bucket(text(trail, "name") or "org-trail", account)
    bucket = text(trail, "bucket") or default
    if bucket == (text(trail, "records_bucket") or default_records_bucket(account)):
        yield (
            ("trail", "records_bucket"),
            f"{quote(bucket)} is the log bucket too: records need their own.",
        )
    if "bucket" not in trail and "name" in trail:
        try:
            bucket_name(default)
        except ValueError as error:
            yield ("trail", "bucket"), f"the default made from the trail's name cannot be used: {error} Write bucket."


def _names_in_account(raw: Raw) -> Iterator[Violation]:
    """Report names that are equal, or have more than 63 characters with account and region."""
    trail, organization = section(raw, "trail"), section(raw, "organization")
    region = text(trail, "region") or text(organization, "home_region") or "us-east-1"
    prefixes = bucket_prefixes(text(trail, "name") or "org-trail", text(trail, "bucket"), text(trail, "records_bucket"))
    max_length = 63 - len(name_in_account("", region).replace(LOG_ARCHIVE_ID, "1" * 12))
    for key, prefix in zip(("bucket", "records_bucket"), prefixes, strict=True):
        if len(prefix) > max_length:
            yield (
                ("trail", key),
                f"{quote(prefix)} has {len(prefix)} characters; before account and {region}, S3 takes {max_length}.",
            )
    if prefixes[0] == prefixes[1]:
        yield ("trail", "records_bucket"), f"{quote(prefixes[0])} is the log bucket too: records need their own."


def needs_the_read_role(raw: Raw) -> Iterator[Violation]:
    """Report buckets that could not be planned: without a read role, orgkit does not look into the log archive."""
    trail = section(raw, "trail")
    if "trail" not in raw or section(raw, "members").get("read_role", True) is not False:
        return
    for key in ("bucket_settings", "records_bucket"):
        if trail.get(key) is not False:
            yield (
                ("trail", key),
                f"needs the role orgkit-read, and [members] read_role is false: write {key} = false here.",
            )


def lifecycle(raw: Raw) -> Iterator[Violation]:
    """Report days by which objects would be deleted before they are moved, or while they are locked."""
    trail = section(raw, "trail")
    transition, expire = number(trail, "transition_days", 90), number(trail, "expire_days")
    lock = number(section(trail, "object_lock"), "days")
    if transition is not None and 0 < transition < STANDARD_IA_DAYS:
        yield ("trail", "transition_days"), f"is {transition}: write {STANDARD_IA_DAYS} or more, or 0 for never."
    if transition and expire and 0 < expire <= transition:
        yield ("trail", "expire_days"), f"is {expire}: write more than transition_days ({transition}), or 0 for never."
    if lock and expire and 0 < expire < lock:
        yield (
            ("trail", "expire_days"),
            f"is {expire}: the object lock keeps files {lock} days; write that or more.",
        )


def tag_counts(raw: Raw) -> Iterator[Violation]:
    """Report more tags than AWS allows, the default tags included."""
    trail = section(raw, "trail")
    yield from too_many_tags(("trail",), trail_tags(common_tags(raw), tags(trail)))


SECTION = Section(
    "trail", TrailModel, build, None, checks=(log_archive, bucket_names, needs_the_read_role, lifecycle, tag_counts)
)
