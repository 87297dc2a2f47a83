"""The approval gate: it asks, or checks the approvals that were given, and lets through one plan or its remainder."""

import hashlib
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orgkit.aws.clock import Clock
from orgkit.errors import ApprovalMismatch, AwaitingApproval, OutOfOrder
from orgkit.journal.events import read_events
from orgkit.model.approval import (
    CLOCKS_DIFFER,
    Approval,
    ApprovedPlan,
    check_approval,
    check_fresh,
    check_remainder,
    check_schema,
    check_stops,
)
from orgkit.model.decision import check_decision, check_no_secret
from orgkit.model.desired import ApprovalSpec, Desired
from orgkit.model.plan import Plan
from orgkit.phases.registry import phase_of
from orgkit.records import outputs
from orgkit.records.plan_store import check_sentences
from orgkit.runbook.interactive.session import is_interactive
from orgkit.runbook.rejection import REJECTION_VARIABLE
from orgkit.signing.identities import check_operator, check_own

if TYPE_CHECKING:
    from orgkit.signing.approvals import SignedApproval

APPROVAL_VARIABLE = "ORGKIT_APPROVAL"  # names the file; `orgkit run --approval` sets it
SECOND_PERSON, SIGNED = "second person", "signed"  # how: under four eyes, or without
FOUR_EYES_REMEDY = (
    "let somebody else approve it: orgkit approve {digest} FILE --ticket TICKET --key KEY; then run with --approval."
)


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
        self.committed: Callable[[str], Collection[str] | None] = lambda _digest: None  # steps done under an approval
        self.rejected_by = ""

    @property
    def interactive(self) -> bool:
        """Whether somebody is asked on the screen."""
        return is_interactive() and self.approval is None and not self.plan.empty and not self.four_eyes

    @property
    def four_eyes_remedy(self) -> str:
        """The command with which somebody else approves, with the digest of the planning that is asked about."""
        return FOUR_EYES_REMEDY.format(digest=(self.approved or self.plan).digest)

    @property
    def _planning(self) -> ApprovedPlan:
        """What an approval is of: the kept plan that it names, else the one that is shown."""
        return self.approved or ApprovedPlan.from_plan(self.plan)

    def accept(self, asserted_by: str, ticket: str, method: str) -> Approval:
        """Record that a person approved the plan that is shown. Calls nothing but the clock."""
        if self.four_eyes:
            raise AwaitingApproval(
                "the parameters file asks for four eyes: a signed approval of somebody else.", self.four_eyes_remedy
            )
        check_decision(self.plan.target, asserted_by, ticket)
        now, approved = self.clock.now(), self._planning
        expires_at = check_fresh(approved, now, self.hours)
        self.rejected_by = ""
        self.approval = Approval(
            digest=approved.digest,
            plan_sha256=approved.plan_sha256,
            target=self.plan.target,
            asserted_by=asserted_by,
            authenticated_as=self.authenticated_as,
            how=method,
            at=now.isoformat(timespec="seconds"),
            expires_at=expires_at.isoformat(timespec="seconds"),
            ticket=ticket,
        )
        return self.approval

    def accept_signed(self, signed: "SignedApproval", spec: ApprovalSpec) -> Approval:
        """Record that somebody approved the plan with a signature; ApprovalMismatch when it does not hold."""
        assert self.approved is not None
        check_no_secret("the signed approval", signed.content.decode())
        check_decision(self.plan.target, signed.asserted_by, signed.ticket)
        now = self.clock.now()
        self.approval = approve_signed(signed, self.approved, spec, self.authenticated_as, now, self.hours)
        self.signed = signed
        return self.approval

    def reject(self, asserted_by: str) -> None:
        """Record that a person said no: nothing will be applied."""
        self.approval = None
        self.rejected_by = asserted_by or "somebody"

    def require_decision(self) -> Approval:
        """The approval that was given; AwaitingApproval while there is none. Calls nothing."""
        if self.rejected_by:
            raise AwaitingApproval(
                f"the plan was rejected by {self.rejected_by}.",
                "change the parameters file and run this runbook again, or run the approve cell again to decide anew."
                if is_interactive()
                else "change the parameters file, or decide again: orgkit apply FILE",
            )
        if self.four_eyes and self.signed is None:
            raise AwaitingApproval(
                f"the file asks for four eyes; the plan's digest is {self.plan.digest}", self.four_eyes_remedy
            )
        if self.approval is None:
            run = f"orgkit run FILE {phase_of(self.plan.phase).number} --approved-plan {self.plan.digest}"
            raise AwaitingApproval(
                f"{len(self.plan.steps)} step(s) wait for an approval of the plan; its digest is {self.plan.digest}",
                "read the plan, decide in the form above, then press Apply, or run this cell and all below."
                if self.interactive
                else f"read the plan on the page of the record, then: {run}",
            )
        return self.approval

    def require(self, now: Plan) -> Approval:
        """The approval under which `now` may be applied; AwaitingApproval or ApprovalMismatch otherwise."""
        approval = self.require_decision()
        check_approval(approval, self._planning, self.clock.now(), self.hours)
        check_remainder(now, self._planning, self.committed(self._planning.digest))
        return approval


def open_gate(
    base: Path,
    run_folder: Path,
    plan: Plan,
    authenticated_as: str,
    desired: Desired,
    approved_plan: str,
    clock: Clock,
    signed: "SignedApproval | None" = None,
) -> Gate:
    """A gate for `plan`; with a digest, it is opened by the kept plan that has this digest, or refuses.

    `signed` is the signed approval of that digest, if there is one: with four eyes, nothing else opens it.
    """
    check_stops(plan)
    if plan.needs and not plan.empty:
        raise OutOfOrder(plan.needs[0], "run that phase first, then this one again.")
    spec = desired.organization
    gate = Gate(plan, clock, spec.approval_hours, authenticated_as, four_eyes=desired.approval.four_eyes)
    gate.committed = partial(outputs.committed_steps, base, spec.management_account_id)
    if approved_plan and not plan.empty:
        gate.approved = _stored_plan(base, run_folder, plan, spec.management_account_id, approved_plan)
        check_fresh(gate.approved, clock.now(), spec.approval_hours)
        # A kernel whose runner was killed goes on for a moment: what it does after this run began is not in `plan`. The
        # check that counts is that of `require`, with what is read under the lock.
        account, began = spec.management_account_id, _began(run_folder)
        check_remainder(plan, gate.approved, outputs.committed_steps(base, account, approved_plan, until=began))
        if os.environ.get(REJECTION_VARIABLE):
            gate.reject(os.environ[REJECTION_VARIABLE])
        elif signed is not None:
            gate.accept_signed(signed, desired.approval)
        else:
            gate.accept(os.environ.get("ORGKIT_APPROVER", ""), os.environ.get("ORGKIT_TICKET", ""), "parameter")
    return gate


def _began(run_folder: Path) -> str:
    """When a run wrote its first event; empty where it has written none."""
    return next((str(event.get("at", "")) for event in read_events(run_folder / "events.jsonl")), "")


def _stored_plan(base: Path, run_folder: Path, plan: Plan, account: str, digest: str) -> ApprovedPlan:
    stored_plan = outputs.check_digest(base, account, phase_of(plan.phase), digest, run_folder)
    check_schema(stored_plan, plan.digest)
    check_sentences(stored_plan, f"plan {digest[:12]}")
    return stored_plan


def signed_approval(environment: Mapping[str, str] = os.environ) -> "SignedApproval | None":
    """The one that was handed over; None when none was, ApprovalMismatch when it cannot be read."""
    file_name = environment.get(APPROVAL_VARIABLE)
    if not file_name:
        return None
    from orgkit.signing.approvals import REAPPROVE_REMEDY, parse  # late: it loads cryptography

    try:
        return parse(Path(file_name).expanduser().read_bytes(), file_name)
    except (OSError, ValueError, RuntimeError) as error:
        raise ApprovalMismatch(f"the approval {file_name} cannot be read: {error}.", REAPPROVE_REMEDY) from None


def digest_of(approved_plan: str, signed: "SignedApproval | None") -> str:
    """The plan that is approved; when both say which, they must say the same."""
    if signed is None:
        return approved_plan
    if approved_plan and approved_plan != signed.digest:
        reason = f"it approves plan {signed.digest[:12]}, and {approved_plan[:12]} is to be applied."
        raise ApprovalMismatch(reason, "pass the approval of that plan.")
    return signed.digest


def approve_signed(
    signed: "SignedApproval", approved: ApprovedPlan, spec: ApprovalSpec, actor: str, now: datetime, hours: int
) -> Approval:
    """What the file grants to `actor`, for `hours` at most; ApprovalMismatch when it grants nothing."""
    from orgkit.signing.approvals import KIND, REAPPROVE_REMEDY, check_signature
    from orgkit.signing.keys import PublicKey

    expires_at = check_fresh(approved, now, hours)
    approver = check_signature(signed, spec)
    if (
        signed.kind != KIND
        or signed.digest != approved.digest
        or asdict(signed.target) != dict(approved.content["target"])
    ):
        raise ApprovalMismatch(f"it is for plan {signed.digest[:12]} on {signed.target}.", REAPPROVE_REMEDY)
    check_own(signed.authenticated_as, approver, spec)
    if spec.four_eyes:
        check_operator(actor, approver, spec)
    key = PublicKey.load(approver.key)
    return Approval(
        digest=signed.digest,
        plan_sha256=approved.plan_sha256,
        target=signed.target,
        asserted_by=signed.asserted_by,
        authenticated_as=signed.authenticated_as,
        how=SECOND_PERSON if spec.four_eyes else SIGNED,
        at=signed.at,
        expires_at=min(_expiration(signed, now, hours), expires_at).isoformat(timespec="seconds"),
        ticket=signed.ticket,
        approver=signed.approver,
        key_id=key.id,
        public_key=key.line,
        signed_sha256=hashlib.sha256(signed.content).hexdigest(),
    )


def _expiration(signed: "SignedApproval", now: datetime, hours: int) -> datetime:
    """When it says that it ends; ApprovalMismatch when that is past or too far away, or when it is yet to be given.

    Both times are whatever the key's holder wrote: planning again makes a plan young, and no signature with it.
    """
    from orgkit.signing.approvals import REAPPROVE_REMEDY

    try:
        approved_at, expires_at = datetime.fromisoformat(signed.at), datetime.fromisoformat(signed.expires_at)
        valid = approved_at - CLOCKS_DIFFER <= now <= expires_at <= approved_at + timedelta(hours=hours)
    except (ValueError, TypeError, OverflowError):
        valid = False
    if not valid:
        reason = f"it holds from {signed.at} to {signed.expires_at}, for {hours} hours at most; now it is "
        raise ApprovalMismatch(f"{reason}{now:%Y-%m-%dT%H:%M}.", REAPPROVE_REMEDY)
    return expires_at
