"""The steps that bring an existing account in: invite it, and accept with its own credentials."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.accounts import AboutAccount


@dataclass(frozen=True, kw_only=True)
class InviteAccount(AboutAccount):
    """Send an invitation; it ends after 15 days unless somebody accepts."""

    actions: ClassVar = ("organizations:InviteAccountToOrganization",)
    name: str
    account_id: str

    @property
    def sentence(self) -> str:
        return f"invite account {self.account_id} ({self.name})"


@dataclass(frozen=True, kw_only=True)
class AcceptInvitation(AboutAccount):
    """Accept with the invited account's own credentials."""

    actions: ClassVar = (
        "organizations:ListHandshakesForAccount", "organizations:AcceptHandshake", "iam:CreateServiceLinkedRole",
    )  # fmt: skip
    entered_for: ClassVar = ("organizations:", "iam:")
    name: str
    account_id: str
    profile: str
    leaves: str  # the organization that it is in now, "" for none

    @property
    def sentence(self) -> str:
        leaving = f", leaving organization {self.leaves}" if self.leaves else ""
        return f"accept the invitation as account {self.account_id} ({self.name}), with profile {self.profile}{leaving}"
