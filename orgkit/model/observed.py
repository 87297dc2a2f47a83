"""What AWS answers, as frozen values; "not there" and "could not be read" are never the same."""

from dataclasses import dataclass
from decimal import Decimal

from orgkit.model.desired import UnitPath
from orgkit.plan import Target

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Unread:
    """AWS did not let us see it; the reason in AWS's words."""

    why: str
    do: str = ""  # what helps, when it is no matter of rights: AWS did not answer, or nobody is signed in any more


@dataclass(frozen=True)
class Organization:
    """The organization itself, and what is switched on in it."""

    id: str
    management_account_id: str
    management_email: str
    feature_set: str
    root_id: str
    policy_types: tuple[tuple[str, str], ...]  # (type, status), as the root reports them
    trusted_access: tuple[str, ...]
    root_features: tuple[str, ...] | Unread  # RootCredentialsManagement, RootSessions


@dataclass(frozen=True)
class Unit:
    """One organizational unit, by its path of names."""

    path: UnitPath
    id: str
    tags: Tags


@dataclass(frozen=True)
class Account:
    """One account of the organization; `unit` is the path of the OU it is in, "" for the root."""

    id: str
    name: str
    email: str
    state: str  # AWS's State: ACTIVE, SUSPENDED, PENDING_ACTIVATION, PENDING_CLOSURE, CLOSED
    unit: UnitPath
    joined: str  # CREATED | INVITED
    tags: Tags

    @property
    def tag(self) -> dict[str, str]:
        return dict(self.tags)


@dataclass(frozen=True)
class Handshake:
    """An invitation that this organization sent."""

    id: str
    account_id: str
    email: str
    state: str  # REQUESTED | OPEN | CANCELED | ACCEPTED | DECLINED | EXPIRED
    expires: str

    @property
    def is_open(self) -> bool:
        return self.state in ("REQUESTED", "OPEN")


@dataclass(frozen=True)
class Owner:
    """What an account to be imported says of itself, through the profile that the file names."""

    account_id: str
    organization_id: str | None | Unread
    trails: tuple[str, ...] | Unread  # names of its own trails
    access_role: bool | Unread
    read_role: bool | Unread
    also_trusted: tuple[str, ...] = ()  # whom the access role that is there trusts beside us


@dataclass(frozen=True)
class Member:
    """Whether planning may look into a member account: through the read role, and whether that is as it should be."""

    account_id: str
    readable: bool  # the read role could be assumed
    current: bool  # its policy is the one that this version of orgkit needs
    access_role: bool | None = None  # None: the read role could not be asked


@dataclass(frozen=True)
class Bucket:
    """One bucket of the log archive account; None stands for a setting that is not there."""

    name: str
    exists: bool
    foreign: bool = False  # it exists, and AWS does not let the log archive account see it
    region: str | None = None
    versioning: str | None = None  # Enabled | Suspended
    public_access_blocked: bool = False
    ownership: str | None = None
    encryption: str | None = None  # AES256 | aws:kms <key arn>, then " with bucket key" when it has one
    lifecycle: str | None = None  # canonical JSON of the rules
    policy: str | None = None  # canonical JSON
    object_lock: str | None = None  # "GOVERNANCE 90"; "on" when enabled without a default retention
    tags: Tags = ()


@dataclass(frozen=True)
class Key:
    """The trail's KMS key, found by its alias."""

    arn: str
    rotates: bool
    policy: str
    state: str = "Enabled"  # AWS's KeyState


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


@dataclass(frozen=True)
class TrailFacts:
    """What the trail phase rests on; buckets and key are Unread until the log archive account can be looked into."""

    trails: tuple[Trail, ...] | Unread
    buckets: tuple[Bucket, ...] | Unread = ()
    key: Key | None | Unread = None


@dataclass(frozen=True)
class BillingFacts:
    """What watches over the bill already; amounts are USD a month."""

    budgets: tuple[tuple[str, Decimal | None], ...] = ()  # name and limit; None for one without a fixed limit
    monitors: tuple[tuple[str, str], ...] = ()  # name and ARN of those that watch services
    subscriptions: tuple[str, ...] = ()  # names
    tags: tuple[tuple[str, str], ...] = ()  # key and Active | Inactive, of those that AWS knows
    sharing: tuple[str, ...] | Unread = ()  # preferences, in sentences


@dataclass(frozen=True)
class Observed:
    """One reading of AWS: taken once, in the fewest calls, before anything is planned."""

    target: Target
    caller_arn: str
    organization: Organization | None
    units: tuple[Unit, ...] = ()
    accounts: tuple[Account, ...] = ()
    handshakes: tuple[Handshake, ...] | Unread = ()
    owners: tuple[Owner, ...] = ()
    members: tuple[Member, ...] = ()
    trail: TrailFacts | None = None  # None: this phase did not look
    billing: BillingFacts | None = None  # likewise
    credits_usd: str | None | Unread = None  # what a Free-plan account would lose
    stops: tuple[str, ...] = ()  # findings of phase 00 that keep the organization from being made

    def unit(self, path: UnitPath) -> Unit | None:
        return next((unit for unit in self.units if unit.path == path), None)

    def member(self, account_id: str) -> Member | None:
        return next((member for member in self.members if member.account_id == account_id), None)
