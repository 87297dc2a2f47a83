"""`[trail]` as AWS has it: the organization trail, with its storage as it is where orgkit did not make it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from orgkit.model.observed import Observed, Unread
from orgkit.phases.adopted import Adopted, Advice, NotRead, Unexpressed, own_tags, unread_of
from orgkit.phases.schema.raw import Raw, members
from orgkit.phases.schema.section import trail_tags
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.bucket_names import ACCOUNT_REGIONAL
from orgkit.phases.storage.documents import rule_of
from orgkit.phases.trail.choice import best_organization_trail
from orgkit.phases.trail.facts import AdoptedTrails, LogStorage, Trail
from orgkit.phases.trail.section import prefix_in_account

RUNBOOK = "05-trail"
DEFAULT_REGION = "us-east-1"
NO_TRAIL = Advice(
    "high",
    "no organization trail logs what is called in the accounts",
    "after an incident nobody can prove who did what, and an account's own administrators can stop its own trail",
    f"[trail] with an account that keeps the logs, then {RUNBOOK}",
)


def adopt(observed: Observed, raw: Raw) -> Adopted:
    """Return the section for the organization trail; first as orgkit makes one, then with its storage as it is."""
    facts = observed.facts(AdoptedTrails) or AdoptedTrails()
    if isinstance(facts.trails, Unread):
        return Adopted(not_read=unread_of("trails", facts.trails))
    trail = best_organization_trail(facts.trails)
    other_trails = tuple(_other_trail(item) for item in facts.trails if item != trail)
    if trail is None or facts.storage is None:
        return Adopted(advice=(NO_TRAIL,), not_expressed=other_trails)
    storage, details = facts.storage, (*other_trails, *_details(trail))
    key = _key_of(storage, raw)
    if not key:
        return _without_archive(observed, trail, storage, details)
    as_it_is = _as_it_is(trail, storage, key, raw, details)
    full = _full(trail, storage, key, raw, details)
    return replace(full, alternatives=(as_it_is,)) if full else as_it_is


def _key_of(storage: LogStorage, raw: Raw) -> str:
    """Return the key of the account that has the bucket; "" where it is not in the file."""
    return next((member.key for member in members(raw) if member.text("id") == storage.owner), "")


def _as_it_is(trail: Trail, storage: LogStorage, key: str, raw: Raw, details: tuple[Unexpressed, ...]) -> Adopted:
    """Return the section that changes neither the log bucket nor the key, and asks for no records bucket."""
    values: dict[str, Any] = {
        "name": trail.name,
        "log_archive_account": key,
        **_bucket_names(trail, storage),
        "records_bucket": False,
        "bucket_settings": False,
        "region": trail.home_region,
    }
    tags = own_tags(raw, trail_tags({}, {}), trail.tags or ())
    return Adopted(
        values={**values, **({"tags": tags} if tags else {})},
        comments={
            "records_bucket": "A bucket for orgkit's own records is not there.",
            "bucket_settings": f"The bucket and its key{f' {trail.key}' if trail.key else ''} stay as they are.",
        },
        advice=tuple(_bucket_advice(storage.bucket)),
        not_expressed=(*details, *_storage_details(trail, storage.bucket)),
        not_read=(*_unread_tags(trail), *unread_of(f"the settings of bucket {trail.bucket}", storage.bucket)),
        is_optional=True,
    )


def _full(trail: Trail, storage: LogStorage, key: str, raw: Raw, details: tuple[Unexpressed, ...]) -> Adopted | None:
    """Return the section of a trail that orgkit made, with the terms of its bucket; None for any other."""
    bucket = storage.bucket
    if (
        not isinstance(bucket, Bucket)
        or not storage.records_bucket
        or ("ManagedBy", "orgkit") not in (trail.tags or ())
    ):
        return None
    rule = json.loads(rule_of(bucket.lifecycle) or "{}")
    tags = own_tags(raw, trail_tags({}, {}), trail.tags or ())
    values = {
        "name": trail.name,
        "log_archive_account": key,
        **_bucket_names(trail, storage),
        "region": trail.home_region,
        "kms_key": bool(trail.key),
        "transition_days": next((int(item["Days"]) for item in rule.get("Transitions", ())), 0),
        "expire_days": int((rule.get("Expiration") or {}).get("Days") or 0),
        "noncurrent_days": int((rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays") or 0),
        **_lock(bucket),
        **({"tags": tags} if tags else {}),
    }
    return Adopted(
        values=values, not_expressed=details, not_read=_unread_tags(trail), is_optional=True, needs_members=True
    )


def _bucket_names(trail: Trail, storage: LogStorage) -> dict[str, str]:
    """Return the keys with the names of the buckets, or with their prefixes in the account's own namespace."""
    owner, records = str(storage.owner), storage.records_bucket
    prefix = prefix_in_account(trail.bucket, owner, trail.home_region)
    if not prefix:
        return {"bucket": trail.bucket, **({"records_bucket": records} if records else {})}
    records_prefix = prefix_in_account(records, owner, trail.home_region)
    names = {"bucket": prefix, **({"records_bucket": records_prefix} if records else {})}
    return {"bucket_namespace": ACCOUNT_REGIONAL, **names}


def _lock(bucket: Bucket) -> dict[str, Any]:
    mode, _, days = (bucket.object_lock or "").partition(" ")
    return {"object_lock": {"mode": mode, "days": int(days)}} if days else {}


def _without_archive(
    observed: Observed, trail: Trail, storage: LogStorage, details: tuple[Unexpressed, ...]
) -> Adopted:
    """Return no section: the file names the account that keeps the logs by its key, and there is none."""
    whole = _whole(trail)
    if isinstance(storage.owner, Unread):
        subject = f"which account has bucket {trail.bucket} of organization trail {trail.name}"
        unread = (NotRead(subject, f"{storage.owner.reason}; name another role with --read-role"),)
        return Adopted(not_expressed=(Unexpressed(whole, "which account keeps its logs is not known"), *details),
                       not_read=unread)  # fmt: skip
    if storage.owner == observed.target.account:
        advice = Advice(
            "high",
            f"the logs of all accounts are in the management account: bucket {trail.bucket}",
            "no service control policy protects them there, and its administrators can delete them",
            f"[trail] with an account that keeps the logs, then {RUNBOOK}",
        )
        reason = "the file names a member account that keeps the logs"
        return Adopted(advice=(advice,), not_expressed=(Unexpressed(whole, reason), *details))
    reason = f"account {storage.owner}, which has the bucket, is not in the file"
    return Adopted(not_expressed=(Unexpressed(whole, reason), *details))


def _whole(trail: Trail) -> str:
    key = f", encrypted with {trail.key}" if trail.key else ""
    tags = "".join(f", tag {name} = {value}" for name, value in trail.tags or ())
    return f"organization trail {trail.name} in {trail.home_region}, with bucket {trail.bucket}{key}{tags}"


def _other_trail(trail: Trail) -> Unexpressed:
    kind = "organization trail" if trail.organization else "trail"
    state = f"{trail.selectors.description}{'' if trail.logging else ', stopped'}"
    tags = "".join(f", tag {name} = {value}" for name, value in trail.tags or ())
    subject = f"{kind} {trail.name} in {trail.home_region}, with bucket {trail.bucket}: {state}{tags}"
    return Unexpressed(subject, "the file has one organization trail")


def _details(trail: Trail) -> Iterator[Unexpressed]:
    for arn in trail.copies:
        yield Unexpressed(f"trail {trail.name} sends to {arn}", "the file has no place for it; orgkit leaves it")
    if trail.prefix:
        yield Unexpressed(f"prefix {trail.prefix} in the bucket of trail {trail.name}", "orgkit leaves it as it is")
    if trail.selectors.other_count or not trail.selectors.log_all_management_events:
        for item in trail.selectors.items:
            yield Unexpressed(
                f"{trail.selectors.form} event selector of trail {trail.name}: {item}",
                "the file has no event selectors: orgkit requires all management events, and leaves the others",
            )


def _unread_tags(trail: Trail) -> tuple[NotRead, ...]:
    return (NotRead(f"the tags of trail {trail.name}", "AWS did not list them"),) if trail.tags is None else ()


def _storage_details(trail: Trail, bucket: object) -> Iterator[Unexpressed]:
    """Yield what the bucket has, as far as it was read: with `bucket_settings = false` the file has none of it."""
    if trail.key:
        yield Unexpressed(f"KMS key {trail.key} of trail {trail.name}", "the file names no key; orgkit leaves it")
    if not isinstance(bucket, Bucket):
        return
    reason = "bucket_settings = false: orgkit leaves the bucket as it is"
    settings = {
        "versioning": bucket.versioning, "encryption": bucket.encryption, "lifecycle": bucket.lifecycle,
        "policy": bucket.policy, "object lock": bucket.object_lock, "object ownership": bucket.ownership,
        "public access block": ", ".join(bucket.public_access_block),
        "ACL grants": ", ".join(bucket.acl_grants), "tags": json.dumps(dict(bucket.tags)) if bucket.tags else "",
    }  # fmt: skip
    for name, value in settings.items():
        if value:
            yield Unexpressed(f"{name} of bucket {bucket.name}: {value}", reason)


def _bucket_advice(bucket: object) -> Iterator[Advice]:
    """Yield what phase 05 would change in the bucket of a trail that somebody else made."""
    if not isinstance(bucket, Bucket):
        return
    weak = [
        text
        for is_weak, text in (
            (bucket.versioning != "Enabled", "it keeps no versions"),
            (not bucket.public_access_blocked, "public access is not blocked in all four ways"),
            (bool(bucket.acl_grants), f"its ACL lets others in ({', '.join(bucket.acl_grants)})"),
            ("aws:SecureTransport" not in (bucket.policy or ""), "its policy allows requests without TLS"),
        )
        if is_weak
    ]
    if weak:
        yield Advice(
            "medium",
            f"log bucket {bucket.name}: {'; '.join(weak)}",
            "what proves who did what can be read, changed or deleted",
            f"remove bucket_settings, records_bucket and read_role = false, then 03-accounts and {RUNBOOK}",
        )
