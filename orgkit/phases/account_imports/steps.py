"""The steps that bring an existing account in: invite it, and accept with its own credentials."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.plan import ABSENT
from orgkit.phases.accounts.steps import MOVE_READS
from orgkit.phases.member_access.steps import AboutAccount

# What planning reads for this phase, in addition to the tree.
READS = (
    "account:GetAccountInformation", "organizations:ListHandshakesForOrganization", "organizations:ListParents",
    "sts:AssumeRole", *MOVE_READS,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class InviteAccount(AboutAccount):
    """Send an invitation; it expires after 15 days unless someone accepts. It starts from the last one, which ended."""

    kind: ClassVar = "invite-account"
    cost_note: ClassVar = "joining costs nothing; what the account costs already comes onto this bill"
    usage_note: ClassVar = "what comes with the account, in addition to what it costs already"
    actions: ClassVar = ("organizations:ListHandshakesForOrganization", "organizations:InviteAccountToOrganization")
    starts_from: str = ABSENT
    name: str
    account_id: str

    @property
    def sentence(self) -> str:
        return f"invite account {self.account_id} ({self.name})"

    @property
    def group(self) -> str:
        return "invite accounts" if self.starts_from == ABSENT else ""

    @property
    def added_account(self) -> str:
        """The estimate counts what comes with the account."""
        return self.key


@dataclass(frozen=True, kw_only=True)
class AcceptInvitation(AboutAccount):
    """Accept with the invited account's own credentials; it starts from the organization that the account is in."""

    kind: ClassVar = "accept-invitation"
    cost_note: ClassVar = "joining costs nothing; what comes with the account is counted where it is invited"
    usage_note: ClassVar = "what comes with the account, in addition to what it costs already"
    actions: ClassVar = (
        "organizations:DescribeOrganization", "organizations:ListHandshakesForAccount", "organizations:AcceptHandshake",
        "iam:CreateServiceLinkedRole",
    )  # fmt: skip
    cross_account_actions: ClassVar = ("organizations:", "iam:")
    name: str
    account_id: str
    profile: str
    leaves: str  # the organization that it is in now, "" for none

    @property
    def sentence(self) -> str:
        leaving = f", leaving organization {self.leaves}" if self.leaves else ""
        return f"accept the invitation as account {self.account_id} ({self.name}), with profile {self.profile}{leaving}"

    @property
    def group(self) -> str:
        return "" if self.leaves else "accept invitations as the invited accounts"

    @property
    def added_account(self) -> str:
        """The estimate counts what comes with the account."""
        return self.key
