"""An approval: whose word lets exactly one plan be applied, and until when."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from orgkit.errors import ApprovalMismatch
from orgkit.plan import Plan, Target
from orgkit.secrecy import kinds_in

# A plan that was handed over may come from a machine whose clock is ahead by so much.
CLOCKS_DIFFER = timedelta(minutes=5)
OF_A_SIGNED_FILE = ("approver", "key_id", "public_key", "signed_sha256")


@dataclass(frozen=True)
class Approval:
    """The digest is the approval; the rest says who gave it and how."""

    plan_sha256: str
    target: Target
    asserted_by: str  # what a person typed: a claim
    authenticated_as: str  # the ARN that AWS told us; of a signed file, what AWS told the approver, who signed it
    how: str  # "parameter" | "button" | "library"; of a signed file, "second person", or "signed" by who applies
    at: str
    expires_at: str
    ticket: str = ""
    approver: str = ""  # of a signed file: whose key, by the parameters file
    key_id: str = ""  # of that key
    public_key: str = ""  # that key in one line, so that the record is checked without the parameters file
    signed_sha256: str = ""  # of that file

    def as_json(self) -> dict[str, Any]:
        """Without what only a signed approval has, when it is none."""
        return {name: value for name, value in asdict(self).items() if value or name not in OF_A_SIGNED_FILE}


@dataclass(frozen=True)
class ApprovedPlan:
    """A plan.json that was kept, with the time at which it was planned."""

    digest: str
    content: Mapping[str, Any]
    planned_at: datetime

    @classmethod
    def of(cls, plan: Plan, planned_at: datetime) -> "ApprovedPlan":
        """A plan that was approved in the process that made it."""
        return cls(plan.digest, json.loads(plan.canonical), planned_at)

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        return list(self.content["steps"])


def check_claim(what: str, text: str) -> None:
    """ApprovalMismatch for a secret in what somebody says: it is signed and kept, and can never be taken out."""
    kind = next(kinds_in(text), None)
    if kind is not None:
        why = f"{what} holds a secret ({kind}), and records would keep it for good."
        raise ApprovalMismatch(why, "write another text; if the secret is real, revoke it.")


def check_fresh(approved: ApprovedPlan, now: datetime, hours: int) -> datetime:
    """When the approval of a kept plan ends; ApprovalMismatch when that is past, or when it is yet to be planned."""
    if approved.planned_at > now + CLOCKS_DIFFER:
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} says that it was made {approved.planned_at:%Y-%m-%d %H:%M} UTC, and it is "
            f"{now:%Y-%m-%d %H:%M} UTC now: when its approval ends cannot be known.",
            "set the clock right; then plan again, read the plan, and approve its digest.",
        )
    ends = approved.planned_at + timedelta(hours=hours)
    if now > ends:
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} was made {approved.planned_at:%Y-%m-%d %H:%M} UTC and could be approved "
            f"for {hours} hours.",
            "plan again, read the plan, and approve its digest.",
        )
    return ends


def check_remainder(plan: Plan, approved: ApprovedPlan, committed: Collection[str]) -> None:
    """Let `plan` through only if it is the approved plan or what is left of it.

    `committed` holds the sentences of steps that earlier runs of the approved plan have done: one of them
    coming back means that somebody undid it, and the approval does not cover doing it twice.
    """
    _same_target(plan, approved)
    left = [step.facts() for step in plan.steps]
    foreign = first_not_in_order(left, approved.steps)
    if foreign is not None:
        raise ApprovalMismatch(
            f"now it would also {foreign['sentence']}: that is not in the approved plan {approved.digest[:12]}.",
            f"read the plan as it is now and approve its digest: {plan.digest}",
        )
    again = [step["sentence"] for step in left if step["sentence"] in committed]
    if again:
        raise ApprovalMismatch(
            f"this was done under the approved plan {approved.digest[:12]} and was undone since: {again[0]}.",
            f"find out who undid it; then read the plan and approve its digest: {plan.digest}",
        )


def first_not_in_order(
    left: Sequence[Mapping[str, Any]], approved: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The first of `left` that keeps it from being a subsequence of `approved`; None when it is one."""
    rest = iter(approved)
    return next((step for step in left if all(step != candidate for candidate in rest)), None)


def _same_target(plan: Plan, approved: ApprovedPlan) -> None:
    """Phase and target must agree; within 01 the organization may have come into being."""
    was, now = dict(approved.content["target"]), asdict(plan.target)
    if plan.phase == "organization" and was["organization"] is None:
        now["organization"] = None
    if approved.content["phase"] != plan.phase or was != now:
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} was approved for phase {approved.content['phase']} on "
            f"{Target(**approved.content['target'])}; this is phase {plan.phase} on {plan.target}.",
            "approve a plan that was made for this phase and this target.",
        )
