"""What the trail phase reads: trails, buckets and the key."""

import json

from orgkit.dataclass import dataclass
from orgkit.model.desired import Tags
from orgkit.model.observed import Unread
from orgkit.model.plan import starting_value
from orgkit.phases.trail.event_selectors import EventSelectors

DEFAULT_SELECTORS = EventSelectors.from_answer({})  # of a trail that was never given any
BLOCK_ALL_PUBLIC_ACCESS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@dataclass(frozen=True)
class Bucket:
    """One bucket of the log archive account; None stands for a setting that is not there."""

    name: str
    exists: bool
    foreign: bool = False  # it exists, and AWS does not let the log archive account see it
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


@dataclass(frozen=True)
class Key:
    """The trail's KMS key, found by its alias, or by the trail or the bucket that it encrypts."""

    arn: str
    rotates: bool
    policy: str
    state: str = "Enabled"  # AWS's KeyState
    has_alias: bool = True  # the one of the file

    @property
    def policy_to_change(self) -> str:
        """The policy, and of which key, as a step starts from it: an alias may come to name another key."""
        return starting_value({"key": self.arn, "policy": json.loads(self.policy)})


@dataclass(frozen=True)
class Trail:
    """A CloudTrail trail of the management account."""

    name: str
    arn: str
    home_region: str
    organization: bool
    multi_region: bool
    validated: bool
    bucket: str
    key: str | None
    logging: bool
    delivery_error: str = ""
    prefix: str = ""  # of the objects in the bucket, before AWSLogs/
    global_events: bool = True
    selectors: EventSelectors = DEFAULT_SELECTORS
    tags: Tags | None = None  # None: AWS did not list them
    digest_error: str = ""
    silent_since: str = ""  # the last delivery, or the start, of a trail that logs; "" within the last 24 hours

    @property
    def settings(self) -> str:
        """What UpdateTrail replaces, as a step starts from it."""
        names = ("organization", "multi_region", "validated", "global_events", "bucket", "key")
        return starting_value({name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class TrailFacts:
    """What the trail phase reads; buckets and key are Unread until the log archive account can be read."""

    trails: tuple[Trail, ...] | Unread
    buckets: tuple[Bucket, ...] | Unread = ()
    key: Key | None | Unread = None
    management_buckets: tuple[str, ...] = ()  # of the names that matter, those that the management account has
