"""The steps of phase 16, the only ones of orgkit that lock an account up and close it."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.desired import UnitPath, format_path
from orgkit.phases.accounts.steps import LOSSES, MOVE_READS
from orgkit.phases.member_access.steps import AboutAccount

QUARANTINED_TAG = "orgkit:quarantined"
DAYS = 7  # in quarantine before an account can be closed
MAX_AT_ONCE = 3  # closings that AWS carries out at the same time [AWS Organizations User Guide, Quotas]
READS = (
    "ce:GetCostAndUsage", "cloudtrail:DescribeTrails", "cloudtrail:LookupEvents", "organizations:DescribePolicy",
    "organizations:DescribeResourcePolicy", "organizations:ListDelegatedServicesForAccount",
    "organizations:ListPolicies", "organizations:ListTargetsForPolicy", "sts:AssumeRole", *MOVE_READS,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Offboarding(AboutAccount):
    """A step about one account of `[offboarding]`, known by the key of the entry."""

    account: str  # its id
    name: str  # as AWS has it


@dataclass(frozen=True, kw_only=True)
class QuarantineAccount(_Offboarding):
    """Move an account into the quarantine; it starts from the id of the unit, or root, where it is."""

    kind: ClassVar = "quarantine-account"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "moving an account costs nothing; what runs in it goes on costing"
    actions: ClassVar = ("organizations:ListParents", "organizations:MoveAccount")
    unit: UnitPath
    roles: tuple[str, ...]  # that the policy of the quarantine does not bind
    cause: str
    policy: str  # the name of the policy of the quarantine
    effects: tuple[str, ...] = ()  # what the account gains and loses, and what of it is not known

    @property
    def sentence(self) -> str:
        unit = format_path(self.unit)
        text = f"put account {self.name} ({self.account}) into quarantine in unit {unit}, because: {self.cause}"
        lost = f"all but the roles {', '.join(self.roles)} is denied there; what runs goes on running"
        return "; ".join((text, lost, *self.effects))

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The account; and the policy, its unit and its attachment, without which nothing is denied there."""
        unit = format_path(self.unit)
        return (self.subject, unit, self.policy, f"{self.policy}: {unit}")

    @property
    def losses(self) -> tuple[str, ...]:
        rest = (f"account {self.name} {effect}" for effect in self.effects if effect.startswith(LOSSES))
        return (f"account {self.name}: everybody but {', '.join(self.roles)} is locked out", *rest)


@dataclass(frozen=True, kw_only=True)
class TagQuarantinedAccount(_Offboarding):
    """Tag an account with the time of its quarantine; AWS's event history keeps the event of that for 90 days."""

    kind: ClassVar = "tag-quarantined-account"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "tags cost nothing"
    actions: ClassVar = ("organizations:ListTagsForResource", "organizations:TagResource")

    @property
    def sentence(self) -> str:
        return f"tag account {self.name} ({self.account}) as quarantined now: {QUARANTINED_TAG}"


@dataclass(frozen=True, kw_only=True)
class CloseAccount(_Offboarding):
    """Close an account; it starts from its state, unit and tag, what is delegated to it, and the policy."""

    kind: ClassVar = "close-account"
    symbol: ClassVar = "-"
    cost_note: ClassVar = "a closed account costs nothing more, but what was used and contracts that still run"
    actions: ClassVar = (
        "organizations:CloseAccount", "organizations:DescribeAccount", "organizations:DescribePolicy",
        "organizations:DescribeResourcePolicy", "organizations:ListDelegatedServicesForAccount",
        "organizations:ListParents", "organizations:ListPolicies", "organizations:ListPoliciesForTarget",
        "organizations:ListTagsForResource",
    )  # fmt: skip
    email: str
    since: str  # the day on which its quarantine began
    cause: str

    @property
    def sentence(self) -> str:
        return (
            f"close account {self.name} ({self.account}, {self.email}), in quarantine since {self.since}, because: "
            f"{self.cause}; AWS can reopen it for 90 days, and then deletes what is in it; its email stays taken"
        )

    @property
    def losses(self) -> tuple[str, ...]:
        return (f"account {self.name} ({self.account}), with everything that is in it",)
