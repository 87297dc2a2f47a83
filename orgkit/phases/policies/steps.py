"""The steps of phase 12: policies, their documents, and the units that they are attached to. None takes one away."""

import json
from collections.abc import Sequence
from difflib import ndiff
from typing import Any, ClassVar

from orgkit.dataclass import dataclass
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import UnitPath, format_path
from orgkit.model.plan import ABSENT, DISABLED, Step
from orgkit.phases.policies.lint import name_of
from orgkit.policy_evaluation.policy_types import policy_types
from orgkit.policy_evaluation.statements import statements_of

READS = (
    "organizations:DescribeEffectivePolicy", "organizations:DescribePolicy",
    "organizations:ListAccountsWithInvalidEffectivePolicy", "organizations:ListPolicies",
    "organizations:ListTargetsForPolicy",
)  # fmt: skip
_MAX_NAMES = 8  # accounts that a sentence names; all of them are in the plan


@dataclass(frozen=True, kw_only=True)
class _AboutPolicy(Step):
    cost_note: ClassVar = "policies cost nothing; what a policy switches on may"
    name: str
    type: str

    @property
    def subject(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class CreatePolicy(_AboutPolicy):
    """Make a policy, which has no effect until it is attached."""

    kind: ClassVar = "create-policy"
    actions: ClassVar = ("organizations:ListPolicies", "organizations:DescribePolicy", "organizations:CreatePolicy")
    starts_from: str = ABSENT
    content: str  # the document as AWS is sent it

    @property
    def sentence(self) -> str:
        return f"create policy {self.name} ({self.type}, {len(self.content):,} characters)"

    @property
    def details(self) -> tuple[str, ...]:
        """The document, line by line."""
        return tuple(f"+ {line}" for line in _lines(self.content))


@dataclass(frozen=True, kw_only=True)
class ChangePolicy(_AboutPolicy):
    """Replace the document of a policy, wherever it is attached; it starts from the document that AWS has."""

    kind: ClassVar = "change-policy"
    symbol: ClassVar = "~"
    actions: ClassVar = ("organizations:ListPolicies", "organizations:DescribePolicy", "organizations:UpdatePolicy")
    content: str
    attached_to: tuple[str, ...]  # units, accounts and the root by their names
    accounts: tuple[str, ...]  # names of those that it affects

    @property
    def sentence(self) -> str:
        removed, added = (sum(line.startswith(sign) for line in self.details) for sign in "-+")
        places = f"attached to {', '.join(self.attached_to)}" if self.attached_to else "attached to nothing"
        text = f"change policy {self.name} ({self.type}): {removed} line(s) removed, {added} added; {places}"
        return "; ".join((f"{text}, {_affects(self.accounts)}", *self._removals))

    @property
    def details(self) -> tuple[str, ...]:
        """The difference of the two documents, line by line."""
        lines = ndiff(_lines(self.starts_from), _lines(self.content))
        return tuple(line for line in lines if not line.startswith("? "))

    @property
    def losses(self) -> tuple[str, ...]:
        return tuple(f"policy {self.name} {removal}" for removal in self._removals)

    @property
    def _removals(self) -> tuple[str, ...]:
        new_statements = {compact_json(statement) for statement in statements_of(_parsed(self.content))}
        numbered = enumerate(statements_of(_parsed(self.starts_from)), 1)
        return tuple(
            f"no longer has its statement {name_of(statement, number)} as it was"
            for number, statement in numbered
            if compact_json(statement) not in new_statements
        )


@dataclass(frozen=True, kw_only=True)
class AttachPolicy(_AboutPolicy):
    """Attach a policy to a unit, so that it holds for the unit's accounts and for those of the units in it."""

    kind: ClassVar = "attach-policy"
    actions: ClassVar = (
        "organizations:ListPolicies", "organizations:ListPoliciesForTarget", "organizations:AttachPolicy",
    )  # fmt: skip
    is_switch: ClassVar = True
    starts_from: str = DISABLED
    unit: UnitPath
    accounts: tuple[str, ...]  # names of those in the unit, and in the units in it

    @property
    def sentence(self) -> str:
        kind = policy_types().get(self.type)
        text = f"attach policy {self.name} ({self.type}) to {format_path(self.unit)}, {_affects(self.accounts)}"
        if kind is None or not kind.paid_service:
            return text
        cost = kind.monthly_cost or "not known here"
        return f"{text}; it can switch on {kind.paid_service}, whose monthly cost for each account and region is {cost}"

    @property
    def subject(self) -> str:
        return f"{self.name} to {format_path(self.unit)}"

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The policy, and the attachment."""
        return (self.name, self.subject)


def _affects(accounts: Sequence[str]) -> str:
    if not accounts:
        return "which affects no account yet"
    more = f" and {len(accounts) - _MAX_NAMES} more" if len(accounts) > _MAX_NAMES else ""
    return f"which affects {len(accounts)} account(s): {', '.join(accounts[:_MAX_NAMES])}{more}"


def _parsed(content: str) -> Any:
    """Return a document of AWS; None where it is not JSON."""
    try:
        return json.loads(content)
    except ValueError:
        return None


def _lines(content: str) -> list[str]:
    """Return a document as lines for people; characters that do not show are escaped."""
    document = _parsed(content)
    return [json.dumps(content)] if document is None else json.dumps(document, indent=2).splitlines()
