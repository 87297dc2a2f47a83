"""One function for each step about the buckets in the log archive account."""

from typing import Any

from orgkit.aws.session import Connection
from orgkit.model.desired import name_in
from orgkit.model.matching import IdIndex
from orgkit.model.plan import ABSENT, starting_value
from orgkit.phases.handler import handle
from orgkit.phases.storage import bucket_changes_aws
from orgkit.phases.storage.bucket import value_of_setting
from orgkit.phases.storage.bucket_aws import SETTINGS, Foreign, Place
from orgkit.phases.storage.documents import lifecycle_rule, render
from orgkit.phases.storage.steps import BucketSetting
from orgkit.phases.trail.acl_step import SetAcl
from orgkit.phases.trail.key_aws import ids, key_arn, session
from orgkit.phases.trail.steps import (
    BlockPublicAccess,
    CreateBucket,
    SetBucketPolicy,
    SetEncryption,
    SetLifecycle,
    SetObjectLock,
    SetOwnership,
    SetVersioning,
    TagBucket,
)


def create_bucket(aws: Connection, step: CreateBucket, id_index: IdIndex) -> None:
    """Make the bucket unless it exists."""
    place = _place(aws, step, id_index)
    bucket_changes_aws.create_bucket(place, "trail", step.namespace, object_lock=step.object_lock)


def block_public_access(aws: Connection, step: BlockPublicAccess, id_index: IdIndex) -> None:
    """Set all four settings."""
    bucket_changes_aws.block_public_access(_place(aws, step, id_index))


def set_acl(aws: Connection, step: SetAcl, id_index: IdIndex) -> None:
    """Set the canned ACL of a new bucket: only the owner has access."""
    bucket_changes_aws.set_acl(_place(aws, step, id_index))


def set_ownership(aws: Connection, step: SetOwnership, id_index: IdIndex) -> None:
    """Set BucketOwnerEnforced."""
    bucket_changes_aws.set_ownership(_place(aws, step, id_index))


def set_versioning(aws: Connection, step: SetVersioning, id_index: IdIndex) -> None:
    """Enable versioning."""
    bucket_changes_aws.set_versioning(_place(aws, step, id_index))


def set_encryption(aws: Connection, step: SetEncryption, id_index: IdIndex) -> None:
    """Set the default for new objects."""
    place = _place(aws, step, id_index)
    bucket_changes_aws.set_encryption(place, key_arn(id_index) if step.key_alias else "")


def set_bucket_policy(aws: Connection, step: SetBucketPolicy, id_index: IdIndex) -> None:
    """Set orgkit's statements, and keep those of others."""
    required = render(step.statements, ids(id_index, step))
    bucket_changes_aws.set_bucket_policy(_place(aws, step, id_index), required, step.removes)


def set_lifecycle(aws: Connection, step: SetLifecycle, id_index: IdIndex) -> None:
    """Set orgkit's rule, and keep those of others."""
    new_rule = lifecycle_rule(step.transition_days, step.storage_class, step.expire_days, step.noncurrent_days)
    bucket_changes_aws.set_lifecycle(_place(aws, step, id_index), new_rule)


def set_object_lock(aws: Connection, step: SetObjectLock, id_index: IdIndex) -> None:
    """Set the default for new objects; the bucket needs versioning, which an earlier step enables."""
    retention = {"DefaultRetention": {"Mode": step.mode, "Days": step.days}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": retention}
    _place(aws, step, id_index).set("PutObjectLockConfiguration", ObjectLockConfiguration=lock)


def tag_bucket(aws: Connection, step: TagBucket, id_index: IdIndex) -> None:
    """Set the step's tags, and keep the others."""
    bucket_changes_aws.tag_bucket(_place(aws, step, id_index), step.tags)


def region_of_bucket(aws: Connection, step: CreateBucket, id_index: IdIndex) -> str:
    """Return the bucket's current region; if it belongs to another account, the step itself fails."""
    try:
        return starting_value(_place(aws, step, id_index).head())
    except Foreign:
        return ABSENT


def setting_of_bucket(aws: Connection, step: BucketSetting, id_index: IdIndex) -> str:
    """Return the current value that the step would replace."""
    return value_of_setting(step.setting, SETTINGS[step.setting](_place(aws, step, id_index)))


HANDLERS = (
    handle(CreateBucket, create_bucket, region_of_bucket),
    handle(BlockPublicAccess, block_public_access, setting_of_bucket),
    handle(SetAcl, set_acl, setting_of_bucket),
    handle(SetOwnership, set_ownership, setting_of_bucket),
    handle(SetVersioning, set_versioning, setting_of_bucket),
    handle(SetEncryption, set_encryption, setting_of_bucket),
    handle(SetBucketPolicy, set_bucket_policy, setting_of_bucket),
    handle(SetLifecycle, set_lifecycle, setting_of_bucket),
    handle(SetObjectLock, set_object_lock, setting_of_bucket),
    handle(TagBucket, tag_bucket, setting_of_bucket),
)


def _place(aws: Connection, step: Any, id_index: IdIndex) -> Place:
    account = id_index.account(step.account)
    name = name_in(step.bucket, account)
    return Place(session(aws, step, id_index, name), name, step.region, account)
