"""What the trail phase reads: trails, buckets and the key."""

import json
from dataclasses import dataclass

from orgkit.model.desired import Tags
from orgkit.model.observed import Unread
from orgkit.model.plan import starting_value
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.trail.event_selectors import EventSelectors

DEFAULT_SELECTORS = EventSelectors.from_answer({})  # of a trail that was never given any


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
    copies: tuple[str, ...] = ()  # ARNs of a log group and of a topic that get the same events; orgkit sets none
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


@dataclass(frozen=True)
class LogStorage:
    """Where an organization trail writes: the account with its bucket, and what of that could be read."""

    owner: str | Unread  # an account id
    bucket: Bucket | Unread | None = None  # None: in the management account, which is not looked into
    records_bucket: str = ""  # orgkit's own, where the account has one


@dataclass(frozen=True)
class AdoptedTrails:
    """The trails of the management account, and the storage of the organization trail."""

    trails: tuple[Trail, ...] | Unread = ()
    storage: LogStorage | None = None  # None: no organization trail
