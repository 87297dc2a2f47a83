"""The steps of phase 13, the only ones of orgkit that take a policy away."""

import json
from dataclasses import dataclass, field
from typing import ClassVar

from orgkit.model.desired import UnitPath
from orgkit.model.plan import Step
from orgkit.phases.policies.steps import document_lines
from orgkit.phases.policy_removal.effects import describe_effects
from orgkit.phases.policy_removal.starting_values import place_of_account, place_of_unit

READS = ("organizations:DescribePolicy", "organizations:ListPolicies", "organizations:ListTargetsForPolicy")
_MAX_NAMES = 8  # accounts that a sentence names; all of them are in the plan


@dataclass(frozen=True, kw_only=True)
class _Removal(Step):
    symbol: ClassVar = "-"
    cost_note: ClassVar = "policies cost nothing; what a policy keeps switched on may"
    policy: str  # its name or id, as the file has it
    name: str
    type: str
    made_by: str

    @property
    def content(self) -> str:
        """The document, as it is approved; "" in a step that orgkit has not written."""
        try:
            values = json.loads(self.starts_from)
        except ValueError:
            return ""
        return str(values.get("content", "")) if isinstance(values, dict) else ""

    @property
    def details(self) -> tuple[str, ...]:
        """What the statements no longer do, and the document, whose lines all go."""
        if not self.content:
            return ()
        return (*self.effects, *(f"- {line}" for line in document_lines(self.content)))

    @property
    def effects(self) -> tuple[str, ...]:
        """What each statement no longer does, in sentences."""
        return describe_effects(self.type, self.content) if self.content else ()

    @property
    def _title(self) -> str:
        return f"policy {self.name} ({self.type}, made by {self.made_by})"


@dataclass(frozen=True, kw_only=True)
class DetachPolicy(_Removal):
    """Detach a policy from a unit, an account or the organization root.

    It starts from the document and from the other targets. For an SCP that allows something, it also starts from the
    documents of the SCPs that stay there.
    """

    kind: ClassVar = "detach-policy"
    actions: ClassVar = (
        "organizations:ListPoliciesForTarget", "organizations:ListTargetsForPolicy", "organizations:DescribePolicy",
        "organizations:DetachPolicy",
    )  # fmt: skip
    unit: UnitPath = ()  # () for the root, or for an account
    account: str = ""
    accounts: tuple[str, ...]  # names of those that no longer have the policy
    accounts_elsewhere: tuple[str, ...]  # of those that have it from elsewhere
    denied: tuple[str, ...]  # what no SCP of the target allows then

    @property
    def place(self) -> str:
        """The target, as plans name it."""
        return place_of_account(self.account) if self.account else place_of_unit(self.unit)

    @property
    def subject(self) -> str:
        return f"{self.policy}: {self.place}"  # no name of a policy in the file has a colon

    @property
    def sentence(self) -> str:
        parts = [f"detach {self._title} from {self.place}: {self._accounts}"]
        parts += (
            [f"{len(self.accounts_elsewhere)} account(s) still have it from elsewhere"]
            if self.accounts_elsewhere
            else []
        )
        return "; ".join((*parts, *self.effects, *self.denied))

    @property
    def losses(self) -> tuple[str, ...]:
        return (f"policy {self.name} at {self.place}: {self._accounts}", *self.denied)

    @property
    def _accounts(self) -> str:
        if not self.accounts:
            return "no account has it from there alone"
        more = f" and {len(self.accounts) - _MAX_NAMES} more" if len(self.accounts) > _MAX_NAMES else ""
        return f"{len(self.accounts)} account(s) no longer have it: {', '.join(self.accounts[:_MAX_NAMES])}{more}"


@dataclass(frozen=True, kw_only=True)
class DeletePolicy(_Removal):
    """Delete a policy that is attached to nothing; it starts from its document."""

    kind: ClassVar = "delete-policy"
    actions: ClassVar = (
        "organizations:ListPolicies", "organizations:ListTargetsForPolicy", "organizations:DescribePolicy",
        "organizations:DeletePolicy",
    )  # fmt: skip
    detachments: tuple[str, ...] = field(default=(), compare=False)  # subjects of the steps that come first

    @property
    def subject(self) -> str:
        return self.policy

    @property
    def sentence(self) -> str:
        return f"delete {self._title}, which is attached to nothing then; its document is kept in this plan alone"

    @property
    def losses(self) -> tuple[str, ...]:
        return (f"policy {self.name}, with its document",)

    @property
    def depends_on(self) -> tuple[str, ...]:
        return (self.subject, *self.detachments)
