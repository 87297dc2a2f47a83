"""The steps of phase 15: AWS sends a code to the new email, and takes it with the code."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.phases.member_access.steps import AboutAccount

READS = ("account:GetPrimaryEmail", "account:GetPrimaryEmailUpdateStatus")


@dataclass(frozen=True, kw_only=True)
class StartEmailChange(AboutAccount):
    """Let AWS send a one-time code to the new root email of an account; it starts from the email that it has."""

    kind: ClassVar = "start-email-change"
    cost_note: ClassVar = "a change of email costs nothing"
    actions: ClassVar = ("account:GetPrimaryEmail", "account:StartPrimaryEmailUpdate")
    name: str
    email: str
    is_repeated: bool  # whether a change is under way already, so that AWS has sent a code before

    @property
    def sentence(self) -> str:
        code = "another one-time code" if self.is_repeated else "a one-time code"
        return (
            f"send {code} to {self.email}: with it, the root email of account {self.name} can be changed from "
            f"{self.starts_from}"
        )


@dataclass(frozen=True, kw_only=True)
class AcceptEmailChange(AboutAccount):
    """Change the root email of an account, with the code that was sent; it starts from the email that it has."""

    kind: ClassVar = "accept-email-change"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "a change of email costs nothing"
    actions: ClassVar = ("account:GetPrimaryEmail", "account:AcceptPrimaryEmailUpdate")
    name: str
    email: str

    @property
    def sentence(self) -> str:
        return (
            f"change the root email of account {self.name} from {self.starts_from} to {self.email}, with the code that "
            "was sent there: mail to the root user goes there afterwards"
        )

    @property
    def losses(self) -> tuple[str, ...]:
        return (f"account {self.name}: {self.starts_from} gets no mail to the root user any more",)
