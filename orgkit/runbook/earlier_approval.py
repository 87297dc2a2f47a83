"""A planning that was shown before and the approval that it has: what `orgkit apply` goes on with when run again."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orgkit.errors import ApprovalMismatch, OrgkitError
from orgkit.model.approval import ApprovedPlan, check_fresh, check_remainder
from orgkit.model.desired import Desired
from orgkit.model.plan import Plan
from orgkit.phases.descriptor import Phase
from orgkit.records import outputs
from orgkit.records.files import label_of, read_json, run_folders
from orgkit.records.plan_store import newest_plan
from orgkit.runbook.gate import approve_signed

if TYPE_CHECKING:
    from orgkit.signing.approvals import SignedApproval

UNNAMED = "nobody who is named"  # the approver of an approval without a name, as one on the sandbox may be
# What differs between two plannings of the same steps with the same notes.
OF_ONE_PLANNING = ("planned_at", "planning")


@dataclass(frozen=True)
class PlanToApprove:
    """The planning that is asked about, and the approval that it has already."""

    digest: str
    approved_by: str = ""  # "" while nobody has approved it
    expires_at: str = ""  # of that approval
    signed: Path | None = None  # the file of a signed one
    ticket: str = ""  # of that approval
    outdated: str = ""  # why an earlier approval does not count any more


@dataclass(frozen=True)
class _EarlierApproval:
    digest: str
    approved_by: str
    approved_at: str
    expires_at: str
    signed: Path | None = None
    ticket: str = ""


def plan_to_approve(
    base: Path, desired: Desired, phase: Phase, plan: Plan, actor: str, now: datetime, *, began: str
) -> PlanToApprove:
    """Return an earlier planning whose approval counts or that is still what there is to do; else the new planning.

    Args:
        base: The folder that holds one folder for each account.
        desired: The parameters file.
        phase: The phase that `plan` is of.
        plan: As it is planned now, with its own digest. It is kept when it is the one that is returned.
        actor: The ARN of the identity that applies.
        now: The time, by the clock of the connection.
        began: When AWS began to be read for `plan`, as events have it. The kernel of a killed runner goes on for a
            moment: what it did after this is not in `plan`, and was not undone.
    """
    account = desired.organization.management_account_id
    outdated = ""
    for earlier in sorted(_approvals(base, account, phase), key=lambda approval: approval.approved_at, reverse=True):
        try:
            _check(base, desired, phase, plan, earlier, actor, now, began)
        except OrgkitError as stop:
            outdated = outdated or stop.reason
            continue
        return PlanToApprove(earlier.digest, earlier.approved_by, earlier.expires_at, earlier.signed, earlier.ticket)
    digest = "" if outdated else _unchanged(base, account, phase, plan, desired.organization.approval_hours, now)
    if not digest:
        outputs.keep_plan(base, account, plan)
    return PlanToApprove(digest or plan.digest, outdated=outdated)


def _check(
    base: Path,
    desired: Desired,
    phase: Phase,
    plan: Plan,
    earlier: _EarlierApproval,
    actor: str,
    now: datetime,
    began: str,
) -> None:
    """ApprovalMismatch where the gate would refuse it too: it ended, or there is something else to do."""
    spec, account = desired.organization, desired.organization.management_account_id
    approved = outputs.check_digest(base, account, phase, earlier.digest)
    check_fresh(approved, now, spec.approval_hours)
    if earlier.expires_at and now > datetime.fromisoformat(earlier.expires_at):
        reason = f"the approval of {earlier.approved_by} ended at {earlier.expires_at}."
        raise ApprovalMismatch(reason, "approve again.")
    if desired.approval.four_eyes and earlier.signed is None:
        raise ApprovalMismatch("the parameters file asks for four eyes, and it was not signed.", "have it signed.")
    if earlier.signed is not None:
        from orgkit.signing.approvals import parse  # late: it loads cryptography

        signed = parse(earlier.signed.read_bytes(), str(earlier.signed))
        approve_signed(signed, approved, desired.approval, actor, now, spec.approval_hours)
    check_remainder(plan, approved, outputs.committed_steps(base, account, earlier.digest, until=began))


def _approvals(base: Path, account: str, phase: Phase) -> Iterator[_EarlierApproval]:
    """Those of this phase under which runs have begun to apply, and signed ones; none that was applied as a whole."""
    for approval in (*_of_runs(base, account, phase), *_signed(base, account)):
        plan = None
        with suppress(ApprovalMismatch):  # its plan was altered since
            plan = outputs.find_plan(base, account, approval.digest)
        if plan is not None and plan.content.get("phase") == phase.label and not _is_applied(base, account, plan):
            yield approval


def _of_runs(base: Path, account: str, phase: Phase) -> Iterator[_EarlierApproval]:
    for run in run_folders(base, account):
        facts = read_json(run / "approval.json") if label_of(run) == phase.run_label else {}
        if facts:
            digest, name, at, expires_at, ticket = (
                str(facts.get(key, "")) for key in ("digest", "asserted_by", "at", "expires_at", "ticket")
            )
            signed = run / "signed-approval.json"
            yield _EarlierApproval(digest, name or UNNAMED, at, expires_at, signed if signed.exists() else None, ticket)


def _signed(base: Path, account: str) -> Iterator[_EarlierApproval]:
    for file in (base / account / "plans").glob("*/approval-*.json"):
        from orgkit.signing.approvals import parse

        with suppress(ApprovalMismatch, OSError):  # not as `orgkit approve` writes it
            signed: SignedApproval = parse(file.read_bytes(), str(file))
            yield _EarlierApproval(signed.digest, signed.approver, signed.at, signed.expires_at, file)


def _is_applied(base: Path, account: str, approved: ApprovedPlan) -> bool:
    ids = {str(step.get("id")) for step in approved.steps}
    return ids <= (outputs.committed_steps(base, account, approved.digest) or frozenset())


def _unchanged(base: Path, account: str, phase: Phase, plan: Plan, hours: int, now: datetime) -> str:
    """The digest of the newest kept planning, where it shows what the new one shows and can still be approved."""
    newest = newest_plan(base, account, phase.label)
    approved = outputs.find_plan(base, account, newest.digest) if newest else None
    if approved is None or approved.plan_sha256 != plan.sha256:
        return ""
    try:
        check_fresh(approved, now, hours)
    except ApprovalMismatch:
        return ""
    return approved.digest if _notes(approved.review) == _notes(plan.review_json) else ""


def _notes(review: bytes) -> dict[str, Any]:
    return {name: value for name, value in json.loads(review).items() if name not in OF_ONE_PLANNING}
