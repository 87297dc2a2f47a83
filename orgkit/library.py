"""Approving and applying from Python: the same rules as in a runbook, without a record."""

from datetime import datetime, timedelta
from pathlib import Path

from orgkit.apply import apply
from orgkit.approval import Approval, ApprovedPlan, check_remainder
from orgkit.aws.clock import clock_of
from orgkit.aws.lock import alone
from orgkit.aws.session import Connection
from orgkit.errors import ApprovalMismatch, CheckStops, OutOfOrder
from orgkit.model.desired import Desired
from orgkit.model.directory import Directory
from orgkit.outcome import Outcomes
from orgkit.plan import Plan
from orgkit.planning import plan_phase
from orgkit.read import read_organization

HOURS = 24
RUNBOOK = "have it approved with `orgkit approve`, and applied with `orgkit run`."


def approve(plan: Plan, digest: str, *, asserted_by: str, ticket: str = "", hours: int = HOURS) -> Approval:
    """Approve exactly the plan with this digest; ApprovalMismatch for any other."""
    if not plan.digest or digest != plan.digest:
        raise ApprovalMismatch(
            f"{digest[:12] or 'nothing'} was approved; this plan is {plan.digest[:12] or 'a preview'}.",
            "read this plan and approve its own digest.",
        )
    now = clock_of().now()
    return Approval(
        plan_sha256=digest,
        target=plan.target,
        asserted_by=asserted_by,
        authenticated_as="",
        how="library",
        at=now.isoformat(timespec="seconds"),
        expires_at=(now + timedelta(hours=hours)).isoformat(timespec="seconds"),
        ticket=ticket,
    )


def apply_plan(
    aws: Connection, desired: Desired, plan: Plan, approval: Approval, *, outputs: Path | None = None
) -> Outcomes:
    """Read and plan again, and carry out what was approved or what is left of it.

    Raises ApprovalMismatch when anything else would happen now, OutOfOrder when an earlier phase comes first, and
    AnotherRun while anybody else on this machine applies to this account. `outputs` is the folder in which a project's
    runbooks keep one folder an account (outputs/, or outputs/sandbox/): its lock is then held as well.
    """
    _refuse(aws, desired, plan, approval)
    with alone(desired.organization.management_account_id, aws.endpoint, aws.journal.run, outputs):
        approved = ApprovedPlan.of(plan, aws.clock.now())
        directory, now = _look(aws, desired, plan.phase)
        check_remainder(now, approved, committed=())
        return apply(aws, now, directory, lambda: _look(aws, desired, plan.phase)[::-1])


def _refuse(aws: Connection, desired: Desired, plan: Plan, approval: Approval) -> None:
    if desired.approval.four_eyes:
        raise ApprovalMismatch("the parameters file asks for four eyes, and only a runbook reads signatures.", RUNBOOK)
    if approval.plan_sha256 != plan.digest:
        raise ApprovalMismatch("the approval is for another plan.", "approve this plan's own digest.")
    if aws.clock.now() > datetime.fromisoformat(approval.expires_at):
        raise ApprovalMismatch(f"the approval ended at {approval.expires_at}.", "plan and approve again.")
    if plan.stops:
        raise CheckStops(plan.stops[0], "mend it, then plan again.")
    if plan.needs:
        raise OutOfOrder(plan.needs[0], "run that phase, then plan again.")


def _look(aws: Connection, desired: Desired, phase: str) -> tuple[Directory, Plan]:
    observed = read_organization(aws, desired, phase)
    return Directory(observed, desired), plan_phase(phase, observed, desired)
