"""The steps of phase 12: policies, their documents, and the units that they are attached to. None takes one away."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from functools import lru_cache
from typing import Any, ClassVar

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import UnitPath, format_path
from orgkit.model.plan import ABSENT, DISABLED, Step
from orgkit.policy_evaluation.policy_types import policy_types
from orgkit.policy_evaluation.statements import statement_name, statements_of

READS = (
    "organizations:DescribeEffectivePolicy", "organizations:DescribePolicy",
    "organizations:ListAccountsWithInvalidEffectivePolicy", "organizations:ListPolicies",
    "organizations:ListTargetsForPolicy",
)  # fmt: skip
_MAX_COMPARED_LINES = 2_000  # of both documents: to compare longer ones takes minutes
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
        return tuple(f"+ {line}" for line in document_lines(self.content))


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
        return "; ".join((f"{text}, {affects(self.accounts)}", *self._removals))

    @property
    def details(self) -> tuple[str, ...]:
        """The difference of the two documents, line by line, with three lines around each change."""
        return _difference(self.starts_from, self.content)

    @property
    def losses(self) -> tuple[str, ...]:
        return tuple(f"policy {self.name} {removal}" for removal in self._removals)

    @property
    def _removals(self) -> tuple[str, ...]:
        new_statements = {compact_json(statement) for statement in statements_of(parsed(self.content))}
        numbered = enumerate(statements_of(parsed(self.starts_from)), 1)
        return tuple(
            f"no longer has its statement {statement_name(statement, number)} as it was"
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
    rollout: tuple[str, ...] = field(default=(), compare=False)  # of the policy, with its first attachment

    @property
    def details(self) -> tuple[str, ...]:
        """Where the policy is attached now, what this plan adds, and how that is rolled back."""
        return self.rollout

    @property
    def sentence(self) -> str:
        kind = policy_types().get(self.type)
        text = f"attach policy {self.name} ({self.type}) to {format_path(self.unit)}, {affects(self.accounts)}"
        if kind is None or not kind.paid_service:
            return text
        cost = kind.monthly_cost or "not known here"
        return f"{text}; it can switch on {kind.paid_service}, whose monthly cost for each account and region is {cost}"

    @property
    def subject(self) -> str:
        return f"{self.name}: {format_path(self.unit)}"  # no name of a policy has a colon

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The policy, and the attachment."""
        return (self.name, self.subject)


def affects(accounts: Sequence[str]) -> str:
    """Return the end of a sentence: how many accounts a change affects, and the first of their names."""
    if not accounts:
        return "which affects no account yet"
    more = f" and {len(accounts) - _MAX_NAMES} more" if len(accounts) > _MAX_NAMES else ""
    return f"which affects {len(accounts)} account(s): {', '.join(accounts[:_MAX_NAMES])}{more}"


def parsed(content: str) -> Any:
    """Return a document of AWS; None where it is not JSON."""
    try:
        return json.loads(content)
    except ValueError:
        return None


@lru_cache(maxsize=64)  # the sentence counts its lines, and each view of a plan shows them
def _difference(old: str, new: str) -> tuple[str, ...]:
    old_lines, new_lines = document_lines(old), document_lines(new)
    if len(old_lines) + len(new_lines) > _MAX_COMPARED_LINES:
        return (*(f"- {line}" for line in old_lines), *(f"+ {line}" for line in new_lines))
    lines = list(unified_diff(old_lines, new_lines, lineterm=""))[2:]  # without the names of two files
    return tuple(line if line.startswith("@@") else f"{line[0]} {line[1:]}" for line in lines)


def document_lines(content: str) -> list[str]:
    """Return a document as lines for people; characters that do not show are escaped."""
    document = parsed(content)
    return [json.dumps(content)] if document is None else json.dumps(document, indent=2).splitlines()
