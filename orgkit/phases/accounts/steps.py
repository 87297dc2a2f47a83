"""The steps about member accounts: create, place, rename and tag."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.desired import UnitPath, format_path
from orgkit.model.plan import ABSENT
from orgkit.phases.member_access.steps import AboutAccount
from orgkit.sanitize.names import mark_lookalikes

# What planning reads when an account is moved: what it gains and loses.
MOVE_READS = (
    "account:ListRegions", "cloudformation:DescribeStackSet", "cloudformation:ListStackSets",
    "organizations:ListDelegatedAdministrators", "organizations:ListPoliciesForTarget",
    "ram:GetResourceShareAssociations",
)  # fmt: skip
# What planning reads for this phase, in addition to the tree.
READS = (
    "account:GetAccountInformation", "organizations:DescribeCreateAccountStatus",
    "organizations:ListCreateAccountStatus", "organizations:ListParents", "sts:AssumeRole", *MOVE_READS,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CreateAccount(AboutAccount):
    """Create one account; AWS does it asynchronously and gives it an access role."""

    kind: ClassVar = "create-account"
    cost_note: ClassVar = "an account costs nothing; what is done in it does"
    usage_note: ClassVar = "what comes with the account"
    actions: ClassVar = ("organizations:ListAccounts", "organizations:CreateAccount", "organizations:TagResource")
    concurrent: ClassVar = True
    starts_from: str = ABSENT
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

    @property
    def group(self) -> str:
        return f"create accounts with access role {self.role_name}, IAM access to billing {self.iam_access_to_billing}"

    @property
    def added_account(self) -> str:
        """The estimate counts what comes with the account."""
        return self.key


# Begins of effects (moves.py).
LOSSES = ("loses ", "leaves ")
GAINS = ("gains ", "gets ")


@dataclass(frozen=True, kw_only=True)
class MoveAccount(AboutAccount):
    """Place an account in its organizational unit; it starts from the id of the unit, or root, where it is.

    Its sentence ends with what the account gains and loses: policies, stacks of StackSets, resource shares.
    """

    kind: ClassVar = "move-account"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "moving an account costs nothing"
    actions: ClassVar = ("organizations:ListParents", "organizations:MoveAccount")
    concurrent: ClassVar = True
    name: str
    unit: UnitPath
    effects: tuple[str, ...] = ()  # what the account gains and loses, and what of it is not known

    @property
    def sentence(self) -> str:
        location = format_path(self.unit) or "the organization root"
        return "; ".join((f"move account {self.name} to {location}", *self.effects))

    @property
    def group(self) -> str:
        if not all(effect.startswith(GAINS) for effect in self.effects):
            return ""
        location = format_path(self.unit) or "the organization root"
        return "; ".join((f"move accounts to {location}", *self.effects))

    @property
    def losses(self) -> tuple[str, ...]:
        return tuple(f"account {self.name} {effect}" for effect in self.effects if effect.startswith(LOSSES))


@dataclass(frozen=True, kw_only=True)
class RenameAccount(AboutAccount):
    """Give an account the name of the file; it starts from the name that it has."""

    kind: ClassVar = "rename-account"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "a name costs nothing"
    actions: ClassVar = ("account:GetAccountInformation", "account:PutAccountName")
    concurrent: ClassVar = True
    name: str

    @property
    def sentence(self) -> str:
        return f"rename account {mark_lookalikes(self.starts_from)} to {self.name}: its id and its email stay"


@dataclass(frozen=True, kw_only=True)
class TagAccount(AboutAccount):
    """Set tags of an account; other tags stay."""

    kind: ClassVar = "tag-account"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "tags cost nothing"
    actions: ClassVar = ("organizations:ListTagsForResource", "organizations:TagResource")
    concurrent: ClassVar = True
    name: str
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return f"tag account {self.name}: " + ", ".join(f"{key}={value}" for key, value in self.tags)

    @property
    def group(self) -> str:
        return f"tag accounts: {', '.join(key for key, _ in self.tags)}" if self.starts_from == ABSENT else ""
