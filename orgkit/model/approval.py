"""An approval: whose word lets exactly one plan be applied, and until when."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.errors import ApprovalMismatch, CheckStops
from orgkit.model.decision import check_decision, parse_time
from orgkit.model.plan import SCHEMA, Plan, Step, Target, identity

# A plan that was handed over may come from a machine whose clock is ahead by so much.
CLOCKS_DIFFER = timedelta(minutes=5)
MAX_VALUES = 400  # characters that a message has of what was approved and what there is now: policies are long
UNNAMED = "no approver was named: the plan is for an emulator, where none has to be"
PLAN_AGAIN = "plan again (`orgkit plan`), read the plan, and approve its digest."
SIGNED_FIELDS = ("approver", "key_id", "public_key", "signed_sha256")


@dataclass(frozen=True)
class Approval:
    """The digest is the approval; the rest says who gave it and how."""

    digest: str  # of one planning: plan.json and review.json
    plan_sha256: str  # of plan.json alone
    target: Target
    asserted_by: str  # what a person typed: a claim
    authenticated_as: str  # the ARN that AWS reported to orgkit; of a signed file, the one that the approver signed
    how: str  # "parameter" | "button" | "library"; of a signed file "second person" under four eyes, else "signed"
    at: str
    expires_at: str
    ticket: str = ""
    approver: str = ""  # of a signed file: whose key, by the parameters file
    key_id: str = ""  # of that key
    public_key: str = ""  # that key in one line, so that the record is checked without the parameters file
    signed_sha256: str = ""  # of that file

    def as_json(self) -> dict[str, Any]:
        """Without what only a signed approval has, when it is none; with a note when nobody is named."""
        facts = {name: value for name, value in asdict(self).items() if value or name not in SIGNED_FIELDS}
        return facts if self.asserted_by else {**facts, "note": UNNAMED}


@dataclass(frozen=True)
class ApprovedPlan:
    """A plan.json that was kept with its review.json, and the time at which it was planned."""

    digest: str
    content: Mapping[str, Any]
    planned_at: datetime
    plan_sha256: str = ""
    review: bytes = b""

    @classmethod
    def from_plan(cls, plan: Plan) -> "ApprovedPlan":
        """A plan that was approved in the process that made it; ApprovalMismatch when nothing says when that was."""
        try:
            facts = plan.review_facts
        except (ValueError, TypeError, RecursionError):
            facts = {}
        planned_at = parse_time("the time at which the plan was made", facts.get("planned_at"))
        return cls(plan.digest, json.loads(plan.canonical), planned_at, plan.sha256, plan.review_json)

    @property
    def schema(self) -> int:
        """That of its plan.json; 0 where it has none that could be one."""
        schema = self.content.get("schema")
        return schema if isinstance(schema, int) else 0

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        return list(self.content["steps"])


def check_schema(approved: ApprovedPlan, digest: str = "") -> None:
    """ApprovalMismatch for a plan of another schema: its steps cannot be compared with those of this orgkit.

    Args:
        approved: The plan that was approved, or is to be.
        digest: That of the plan as it is now, where there is one.
    """
    if approved.schema != SCHEMA:
        age = "an older" if approved.schema < SCHEMA else "a newer"
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} was planned by {age} orgkit (plan schema {approved.schema}, and this one "
            f"has {SCHEMA}).",
            f"plan and approve again{f'; the digest of the plan as it is now: {digest}' if digest else ''}",
        )


def check_fresh(approved: ApprovedPlan, now: datetime, hours: int) -> datetime:
    """When the approval of a kept plan ends; ApprovalMismatch when that is past, or when it is yet to be planned."""
    if approved.planned_at > now + CLOCKS_DIFFER:
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} says that it was made {approved.planned_at:%Y-%m-%d %H:%M} UTC, and it is "
            f"{now:%Y-%m-%d %H:%M} UTC now: when its approval ends cannot be known.",
            "set the clock right; then plan again, read the plan, and approve its digest.",
        )
    expires_at = approved.planned_at + timedelta(hours=hours)
    if now > expires_at:
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} was made {approved.planned_at:%Y-%m-%d %H:%M} UTC and could be approved "
            f"for {hours} hours.",
            "plan again, read the plan, and approve its digest.",
        )
    return expires_at


def check_approval(approval: Approval, approved: ApprovedPlan, now: datetime, hours: int) -> datetime:
    """Check an approval right before it is used, wherever it was made: in a runbook, or in Python by hand.

    Args:
        approval: What the gate, or `orgkit.approve`, returned; or what somebody put together.
        approved: The planning that it has to be for.
        now: The time.
        hours: The parameters file's approval_hours.

    Returns:
        When it ends: at the time that it names, and `hours` after the plan was made at the latest.

    Raises:
        ApprovalMismatch: It is for another plan, or has ended, or is not what a reader sees.
        AwaitingApproval: The plan is for AWS, and nobody is named.
    """
    if (approval.digest, approval.plan_sha256) != (approved.digest, approved.plan_sha256):
        raise ApprovalMismatch("the approval is for another plan.", "approve this plan's own digest.")
    check_decision(approval.target, approval.asserted_by, approval.ticket)
    parse_time("the time of the approval", approval.at)
    end = parse_time("the end of the approval", approval.expires_at)
    if now > end:
        raise ApprovalMismatch(f"the approval ended at {end.isoformat(timespec='seconds')}.", "plan and approve again.")
    return min(end, check_fresh(approved, now, hours))


def check_stops(plan: Plan) -> None:
    """CheckStops for a plan of which phase 00 stops steps: nothing of it is approved or applied."""
    if not plan.stops:
        return
    finding, first = plan.stops[0], plan.stopped_steps[0].sentence
    more = f" (and {len(plan.stops) - 1} more)" if len(plan.stops) > 1 else ""
    raise CheckStops(
        f"{finding.sentence.removesuffix('.')}{more}. It stops {len(plan.stopped_steps)} step(s), first: {first}.",
        f"{finding.remedy} Then run 00 and this phase again.",
    )


def check_remainder(plan: Plan, approved: ApprovedPlan, committed: Collection[str] | None) -> None:
    """Let `plan` through only if it is the approved plan or what is left of it.

    Args:
        plan: What would be done now.
        approved: The planning that was approved.
        committed: The ids of the steps that runs under this approval have done; None when no such run is known here.
            One of them coming back means that somebody undid it, and the approval does not cover doing it twice.

    Raises:
        ApprovalMismatch: Anything else would be done, or a part is no longer to be done and no run is known to have
            done it.
    """
    check_stops(plan)
    check_schema(approved, plan.digest)
    _same_target(plan, approved)
    remaining = [step.facts() for step in plan.steps]
    foreign = first_not_in_order(remaining, approved.steps)
    if foreign is not None:
        approved_step = next((step for step in approved.steps if step["id"] == foreign["id"]), foreign)
        if approved_step.get("starts_from") != foreign["starts_from"]:
            raise ApprovalMismatch(
                f"{_difference(approved_step, foreign['starts_from'])} (approved plan {approved.digest[:12]}).",
                f"find out who changed it; then read the plan and approve its digest: {plan.digest}",
            )
        raise ApprovalMismatch(
            f"now it would also {foreign['sentence']}: that is not in the approved plan {approved.digest[:12]}.",
            f"read the plan as it is now and approve its digest: {plan.digest}" if plan.digest else PLAN_AGAIN,
        )
    missing = len(approved.steps) - len(remaining)
    if remaining and missing and committed is None:
        raise ApprovalMismatch(
            f"{missing} of the {len(approved.steps)} steps of plan {approved.digest[:12]} are no longer to be done, "
            "and no record here says that a run under this approval did them.",
            f"read what is left and approve its digest: {plan.digest}" if plan.digest else PLAN_AGAIN,
        )
    repeats = [step["sentence"] for step in remaining if step["id"] in (committed or ())]
    if repeats:
        remedy = f"read the plan and approve its digest: {plan.digest}" if plan.digest else PLAN_AGAIN
        raise ApprovalMismatch(
            f"this was done under the approved plan {approved.digest[:12]} and was undone since: {repeats[0]}.",
            f"find out who undid it; then {remedy}",
        )


def changed_since_approval(step: Step, value: str) -> ApprovalMismatch:
    """Return why a step is not taken: what it would replace has changed while the plan was applied."""
    return ApprovalMismatch(
        f"{_difference(step.facts(), value)}. Nothing was sent for this step.",
        "find out who changed it; then plan again, read the plan and approve its digest.",
    )


def _difference(step: Mapping[str, Any], value: str) -> str:
    approved = str(step.get("starts_from", ""))
    same = next((place for place, pair in enumerate(zip(approved, value, strict=False)) if len(set(pair)) > 1), 0)
    start = max(0, same - MAX_VALUES // 8) if len(approved + value) > MAX_VALUES else 0
    approved, value = (text[start : start + MAX_VALUES // 2] for text in (approved, value))
    return f"{step['sentence']}: approved where AWS has {approved}, and it has {value} now"


def first_not_in_order(
    remaining: Sequence[Mapping[str, Any]], approved: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The first of `remaining` that keeps it from being a subsequence of `approved`; None when it is one.

    Steps are compared by everything but their sentences, which a new version of orgkit may reword.
    """
    rest = map(identity, approved)
    return next((step for step in remaining if all(identity(step) != candidate for candidate in rest)), None)


def _same_target(plan: Plan, approved: ApprovedPlan) -> None:
    """Phase and target must agree; within 01 the organization may have come into being."""
    approved_target, now = dict(approved.content["target"]), asdict(plan.target)
    if plan.phase == "organization" and approved_target["organization"] is None:
        now["organization"] = None
    if approved.content["phase"] != plan.phase or approved_target != now:
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} was approved for phase {approved.content['phase']} on "
            f"{Target(**approved.content['target'])}; this is phase {plan.phase} on {plan.target}.",
            "approve a plan that was made for this phase and this target.",
        )
