"""The steps that make a member account readable and manageable, and what all steps about an account share."""

from typing import ClassVar

from orgkit.dataclass import dataclass
from orgkit.model.desired import READ_ROLE
from orgkit.model.plan import Step


@dataclass(frozen=True, kw_only=True)
class AboutAccount(Step):
    """A step about one account of the file."""

    key: str  # in the parameters file

    @property
    def subject(self) -> str:
        return self.key


@dataclass(frozen=True, kw_only=True)
class CreateReadRole(AboutAccount):
    """Make the read-only role that planning uses, so that planning never assumes an administrator."""

    kind: ClassVar = "create-read-role"
    cost_note: ClassVar = "IAM roles cost nothing"
    actions: ClassVar = (
        "sts:AssumeRole", "iam:CreateRole", "iam:GetRole", "iam:UpdateAssumeRolePolicy", "iam:GetRolePolicy",
        "iam:PutRolePolicy",
    )  # fmt: skip
    cross_account_actions: ClassVar = ("iam:",)
    concurrent: ClassVar = True
    name: str
    role_name: str  # the access role through which it is made
    services: tuple[str, ...]  # that have to answer before the account counts as usable

    @property
    def sentence(self) -> str:
        return f"make read-only role {READ_ROLE} in account {self.name}, through {self.role_name}"

    @property
    def group(self) -> str:
        return f"make read-only role {READ_ROLE} in accounts, through {self.role_name}"


@dataclass(frozen=True, kw_only=True)
class RestrictReadRole(AboutAccount):
    """Remove all principals but orgkit's from the read role's trust policy; it starts from the whole policy."""

    kind: ClassVar = "restrict-read-role"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "IAM roles cost nothing"
    actions: ClassVar = ("sts:AssumeRole", "iam:GetRole", "iam:UpdateAssumeRolePolicy")
    cross_account_actions: ClassVar = ("iam:",)
    concurrent: ClassVar = True
    name: str
    role_name: str  # the access role through which it is done
    no_longer_trusted: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return (
            f"let role {READ_ROLE} in account {self.name} be assumed from the management account alone, through "
            f"{self.role_name}; it no longer trusts {', '.join(self.no_longer_trusted)}"
        )


@dataclass(frozen=True, kw_only=True)
class MakeManageable(AboutAccount):
    """Make the access role and the read role with the account's own credentials: AWS does not for imported ones."""

    kind: ClassVar = "make-manageable"
    cost_note: ClassVar = "IAM roles cost nothing"
    actions: ClassVar = (
        "iam:CreateRole", "iam:GetRole", "iam:UpdateAssumeRolePolicy", "iam:ListAttachedRolePolicies",
        "iam:AttachRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy",
    )  # fmt: skip
    cross_account_actions: ClassVar = ("iam:",)
    name: str
    account_id: str
    profile: str
    role_name: str
    also_trusted: tuple[str, ...] = ()  # these become administrators of the account too, if they are not already

    @property
    def sentence(self) -> str:
        suffix = ""
        if self.also_trusted:
            suffix = (
                f"; {self.role_name} is there, becomes an administrator, and trusts also {', '.join(self.also_trusted)}"
            )
        return (
            f"make roles {self.role_name} and {READ_ROLE} in account {self.account_id} ({self.name}), "
            f"with profile {self.profile}{suffix}"
        )

    @property
    def group(self) -> str:
        return "" if self.also_trusted else f"make roles {self.role_name} and {READ_ROLE} in accounts"
