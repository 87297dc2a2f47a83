"""The approval gate: it asks, or checks what was given, and lets through exactly one plan or what is left of it."""

import os
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from orgkit.approval import Approval, ApprovedPlan, check_claim, check_fresh, check_remainder
from orgkit.aws.clock import Clock
from orgkit.errors import ApprovalMismatch, AwaitingApproval, CheckStops, OutOfOrder
from orgkit.model.desired import ApprovalSpec, Desired
from orgkit.plan import Plan
from orgkit.record import outputs
from orgkit.runbook.guided import is_guided
from orgkit.runbook.second import ASK, granted
from orgkit.signing.approvals import SignedApproval


class Gate:
    """Holds the plan that is asked about, and the decision once there is one."""

    def __init__(self, plan: Plan, clock: Clock, hours: int, authenticated_as: str, *, four_eyes: bool = False) -> None:
        self.plan = plan
        self.clock = clock
        self.hours = hours
        self.authenticated_as = authenticated_as
        self.four_eyes = four_eyes
        self.approval: Approval | None = None
        self.signed: SignedApproval | None = None
        self.approved: ApprovedPlan | None = None
        self.committed: Collection[str] = ()
        self.rejected_by = ""

    @property
    def interactive(self) -> bool:
        """Whether somebody is asked on the screen."""
        return is_guided() and self.approval is None and not self.plan.empty and not self.four_eyes

    def accept(self, asserted_by: str, ticket: str, how: str) -> Approval:
        """Record that a person approved the plan that is shown. Calls nothing but the clock."""
        if self.four_eyes:
            raise ApprovalMismatch("the parameters file asks for four eyes: a signed approval of somebody else.", ASK)
        check_claim("the approver's name", asserted_by)
        check_claim("the ticket", ticket)
        now = self.clock.now()
        ends = now + timedelta(hours=self.hours)
        if self.approved is not None:
            ends = check_fresh(self.approved, now, self.hours)
        self.rejected_by = ""
        self.approval = Approval(
            plan_sha256=self.approved.digest if self.approved else self.plan.digest,
            target=self.plan.target,
            asserted_by=asserted_by,
            authenticated_as=self.authenticated_as,
            how=how,
            at=now.isoformat(timespec="seconds"),
            expires_at=ends.isoformat(timespec="seconds"),
            ticket=ticket,
        )
        return self.approval

    def accept_signed(self, signed: SignedApproval, spec: ApprovalSpec) -> Approval:
        """Record that somebody approved the plan with a signature; ApprovalMismatch when it does not hold."""
        assert self.approved is not None
        check_claim("the signed approval", signed.content.decode())
        now = self.clock.now()
        self.approval = granted(signed, self.approved, spec, self.authenticated_as, now, self.hours)
        self.signed = signed
        return self.approval

    def reject(self, asserted_by: str) -> None:
        """Record that a person said no: nothing will be applied."""
        self.approval = None
        self.rejected_by = asserted_by or "somebody"

    def require(self, now: Plan) -> Approval:
        """The approval under which `now` may be applied; AwaitingApproval or ApprovalMismatch otherwise."""
        if self.rejected_by:
            raise AwaitingApproval(
                f"the plan was rejected by {self.rejected_by}.",
                "change the parameters file and run this runbook again, or run the approve cell again to decide anew.",
            )
        if self.four_eyes and self.signed is None:
            raise AwaitingApproval(f"the file asks for four eyes; the plan's digest is {self.plan.digest}", ASK)
        if self.approval is None:
            asked = "read the plan, decide in the form of the approve cell, then run this cell and all below."
            raise AwaitingApproval(
                f"{len(self.plan.steps)} step(s) need somebody's word; the plan's digest is {self.plan.digest}",
                asked
                if self.interactive
                else f"read the plan, then: orgkit run {self.plan.phase} FILE --approved-plan DIGEST",
            )
        if self.clock.now() > datetime.fromisoformat(self.approval.expires_at):
            raise ApprovalMismatch(f"the approval ended at {self.approval.expires_at}.", "plan and approve again.")
        check_remainder(now, self.approved or ApprovedPlan.of(self.plan, self.clock.now()), self.committed)
        return self.approval


def open_gate(
    base: Path,
    run_folder: Path,
    plan: Plan,
    authenticated_as: str,
    desired: Desired,
    approved_plan: str,
    clock: Clock,
    signed: SignedApproval | None = None,
) -> Gate:
    """A gate for `plan`; with a digest, it is opened by the kept plan that has this digest, or refuses.

    `signed` is the signed approval of that digest, if there is one: with four eyes, nothing else opens it.
    """
    if plan.stops:
        more = f" (and {len(plan.stops) - 1} more)" if len(plan.stops) > 1 else ""
        raise CheckStops(
            f"{plan.stops[0]}{more}", "mend it (the record of 00 says how), then run 00 and this phase again."
        )
    if plan.needs and not plan.empty:
        raise OutOfOrder(plan.needs[0], "run that phase first, then this one again.")
    spec = desired.organization
    gate = Gate(plan, clock, spec.approval_hours, authenticated_as, four_eyes=desired.approval.four_eyes)
    if approved_plan and not plan.empty:
        gate.approved = _kept(base, run_folder, plan, spec.management_account_id, approved_plan)
        gate.committed = outputs.committed(base, spec.management_account_id, approved_plan)
        check_fresh(gate.approved, clock.now(), spec.approval_hours)
        check_remainder(plan, gate.approved, gate.committed)
        if signed is not None:
            gate.accept_signed(signed, desired.approval)
        else:
            gate.accept(os.environ.get("ORGKIT_APPROVER", ""), os.environ.get("ORGKIT_TICKET", ""), "parameter")
    return gate


def _kept(base: Path, run_folder: Path, plan: Plan, account: str, digest: str) -> ApprovedPlan:
    found = outputs.find_plan(base, account, digest, run_folder)
    if found is None:
        raise ApprovalMismatch(
            f"no plan with the digest {digest[:16]}… is kept in {base}.",
            f"read the plan as it is now and approve its digest: {plan.digest}",
        )
    return found
