"""The steps about member accounts: create, place, tag, and make them readable and manageable."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.desired import READ_ROLE, UnitPath
from orgkit.plan import Step


@dataclass(frozen=True, kw_only=True)
class AboutAccount(Step):
    """A step about one account of the file."""

    key: str  # in the parameters file

    @property
    def subject(self) -> str:
        return self.key


@dataclass(frozen=True, kw_only=True)
class CreateAccount(AboutAccount):
    """Vend one account; AWS does it asynchronously and gives it an access role."""

    actions: ClassVar = ("organizations:CreateAccount", "organizations:TagResource")
    concurrent: ClassVar = True
    name: str
    email: str
    role_name: str
    iam_access_to_billing: str  # ALLOW | DENY
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return (
            f"create account {self.name} <{self.email}> with access role {self.role_name}, "
            f"IAM access to billing {self.iam_access_to_billing}"
        )


@dataclass(frozen=True, kw_only=True)
class MoveAccount(AboutAccount):
    """Place an account in its organizational unit."""

    sign: ClassVar = "~"
    actions: ClassVar = ("organizations:MoveAccount",)
    name: str
    unit: UnitPath

    @property
    def sentence(self) -> str:
        return f"move account {self.name} to {self.unit or 'the organization root'}"


@dataclass(frozen=True, kw_only=True)
class TagAccount(AboutAccount):
    """Set tags of an account; other tags stay."""

    sign: ClassVar = "~"
    actions: ClassVar = ("organizations:TagResource",)
    name: str
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return f"tag account {self.name}: " + ", ".join(f"{key}={value}" for key, value in self.tags)


@dataclass(frozen=True, kw_only=True)
class CreateReadRole(AboutAccount):
    """Make the read-only role that planning uses, so that planning never assumes an administrator."""

    actions: ClassVar = (
        "sts:AssumeRole", "iam:CreateRole", "iam:GetRole", "iam:UpdateAssumeRolePolicy", "iam:GetRolePolicy",
        "iam:PutRolePolicy",
    )  # fmt: skip
    entered_for: ClassVar = ("iam:",)
    name: str
    role_name: str  # the access role through which it is made
    services: tuple[str, ...]  # that have to answer before the account counts as usable

    @property
    def sentence(self) -> str:
        return f"make read-only role {READ_ROLE} in account {self.name}, through {self.role_name}"


@dataclass(frozen=True, kw_only=True)
class MakeManageable(AboutAccount):
    """Make the access role and the read role with the account's own credentials: AWS does not for imported ones."""

    actions: ClassVar = (
        "iam:CreateRole", "iam:GetRole", "iam:UpdateAssumeRolePolicy", "iam:ListAttachedRolePolicies",
        "iam:AttachRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy",
    )  # fmt: skip
    entered_for: ClassVar = ("iam:",)
    name: str
    account_id: str
    profile: str
    role_name: str
    also_trusted: tuple[str, ...] = ()  # these become administrators of the account too, if they are not already

    @property
    def sentence(self) -> str:
        others = ""
        if self.also_trusted:
            others = (
                f"; {self.role_name} is there, becomes an administrator, and trusts also {', '.join(self.also_trusted)}"
            )
        return (
            f"make roles {self.role_name} and {READ_ROLE} in account {self.account_id} ({self.name}), "
            f"with profile {self.profile}{others}"
        )
