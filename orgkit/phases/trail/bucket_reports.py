"""Reports about a bucket: settings that others made, and settings that stay though the file asks for less."""

import json
from collections.abc import Iterator
from dataclasses import replace

from orgkit.model.plan import Waiting
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.documents import RULE
from orgkit.phases.storage.lifecycle_findings import lifecycle_findings
from orgkit.phases.trail.buckets import BucketWish, is_locked_as_desired, may_lock
from orgkit.phases.trail.policy_findings import Policy, findings_of, unmanaged_of
from orgkit.phases.trail.stronger import bucket_notes, root_user_tasks


def bucket_unmanaged(wish: BucketWish, bucket: Bucket) -> Iterator[str]:
    """Yield statements and lifecycle rules of others that do not affect the logs: they stay."""
    yield from unmanaged_of(merged_policy(wish, bucket))
    for rule in json.loads(bucket.lifecycle or "[]"):
        if rule.get("ID") != RULE and not any(lifecycle_findings(wish.spec, wish.known_name, [rule], wish.prefixes)):
            yield f"lifecycle rule {rule.get('ID', 'without ID')} of bucket {wish.known_name}"


def bucket_waiting(wish: BucketWish, bucket: Bucket) -> Iterator[Waiting]:
    """Yield settings of others that lose logs: orgkit does not remove them, so the owner has to."""
    owner = f"the owner of log archive account {wish.spec.log_archive_account}"
    for finding in findings_of(merged_policy(wish, bucket)):
        if finding.ends_delivery:
            command = f"aws s3api get-bucket-policy --bucket {wish.known_name} --query Policy --output text"
            yield Waiting(finding.message, owner, (command,), drift=True)
    yield from root_user_tasks(wish.spec, bucket)
    rules = json.loads(bucket.lifecycle or "[]")
    for line in lifecycle_findings(wish.spec, wish.known_name, rules, wish.prefixes):
        command = f"aws s3api get-bucket-lifecycle-configuration --bucket {wish.known_name}"
        yield Waiting(line, owner, (command,), drift=True)


def bucket_warnings(wish: BucketWish, bucket: Bucket) -> Iterator[str]:
    """Yield who else has access, and a lock that differs: orgkit makes locks longer, never shorter or weaker."""
    yield from (finding.message for finding in findings_of(merged_policy(wish, bucket)) if not finding.ends_delivery)
    yield from bucket_notes(wish.spec, bucket, wish.encryption, keeps_key=wish.keeps_key)
    if bucket.object_lock and not is_locked_as_desired(wish, bucket) and not may_lock(wish, bucket):
        lock = wish.spec.object_lock
        file_lock = f"{lock.mode} {lock.days}" if lock else "none"
        lock_there = f"Object Lock of bucket {wish.known_name} is {bucket.object_lock}"
        yield f"{lock_there} and the file asks for {file_lock}: it stays."


def merged_policy(wish: BucketWish, bucket: Bucket) -> Policy:
    """Return the bucket's policy as it will be after the steps; a step itself reports what it removes."""
    result = wish.merge(bucket)
    return replace(wish.policy(bucket), document=result.document if result.changes else bucket.policy)
