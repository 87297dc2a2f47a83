"""One bucket with all of its settings, as AWS has it, and the form in which a step starts from a setting."""

import json
from dataclasses import dataclass
from typing import Any

from orgkit.model.desired import Tags
from orgkit.model.plan import starting_value
from orgkit.phases.storage.documents import normal_rule

BLOCK_ALL_PUBLIC_ACCESS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@dataclass(frozen=True)
class Bucket:
    """One bucket of a member account; None stands for a setting that is not there."""

    name: str
    exists: bool
    foreign: bool = False  # it exists, and AWS does not let that account see it
    owner: str = ""  # of a foreign one: the management account, where it is there
    region: str | None = None
    versioning: str | None = None  # Enabled | Suspended
    mfa_delete: bool = False  # then only the root user can change its versioning, and S3 rejects lifecycle rules
    public_access_block: tuple[str, ...] = ()  # the settings of it that are on, sorted
    ownership: str | None = None
    acl_grants: tuple[str, ...] = ()  # of the ACL, to others than the owner: "READ to group LogDelivery", sorted
    encryption: str | None = None  # AES256 | aws:kms <key arn>, then " with bucket key" when it has one
    lifecycle: str | None = None  # canonical JSON of the rules
    policy: str | None = None  # canonical JSON
    object_lock: str | None = None  # "GOVERNANCE 90"; "on" when enabled without a default retention
    tags: Tags = ()

    @property
    def public_access_blocked(self) -> bool:
        """Whether all four settings are on."""
        return self.public_access_block == BLOCK_ALL_PUBLIC_ACCESS


def value_of_setting(setting: str, value: Any) -> str:
    """Return a setting as a step starts from it: documents in normal form, tags and rules in any order."""
    if setting == "policy":
        value = json.loads(value or "{}")
    elif setting == "lifecycle":
        value = [normal_rule(rule) for rule in json.loads(value or "[]")]
    elif setting == "tags":
        value = dict(value)
    return starting_value(list(value) if isinstance(value, tuple) else value)
