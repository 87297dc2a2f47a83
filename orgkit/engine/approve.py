"""Planning, approving and applying from Python: the same rules as in a runbook, without a record."""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from orgkit.aws.clock import Clock, clock_of
from orgkit.aws.credentials_in_use import hidden
from orgkit.aws.lock import lock_machine
from orgkit.aws.session import Connection
from orgkit.costs.estimate.effect import Effect, monthly_effect
from orgkit.engine.apply import apply as apply_steps
from orgkit.engine.observe import observe_and_plan
from orgkit.errors import ApprovalMismatch, AwaitingApproval, OutOfOrder
from orgkit.journal.events import steps_done_under
from orgkit.model.approval import Approval, ApprovedPlan, check_approval, check_fresh, check_remainder, check_stops
from orgkit.model.decision import check_decision, check_hours
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.outcome import Outcomes
from orgkit.model.plan import Plan
from orgkit.phases.registry import plan as plan_phase
from orgkit.sanitize.secrets import hide_secrets_in

HOURS = 24
NAMES = ("asserted_by", "ticket")  # as a caller knows them
RUNBOOK = "have it approved with `orgkit approve`, and applied with `orgkit run`."

Redact = Callable[[Any], Any]


def _without_secrets(review: Any) -> Any:
    return hide_secrets_in(hidden(review))


def plan(phase: str, observed: Observed, desired: Desired) -> Plan:
    """Plan a phase: what is left to do, with the digest that an approval of this planning names.

    Args:
        phase: Number, name or label of the phase.
        observed: What AWS has, as `observe` returned it.
        desired: The parameters file.

    Raises:
        NeedsDecision: AWS and the file disagree in a way that only a person can settle.
    """
    new_plan = plan_phase(phase, observed, desired)
    return with_digest(new_plan, clock_of(), monthly_effect(new_plan, desired))


def with_digest(new_plan: Plan, clock: Clock, effect: Effect, redact: Redact = _without_secrets) -> Plan:
    """Return a plan as one planning: time, random id and costs in its review.json make its digest its own.

    Secrets are taken out of it here: once it is approved, its bytes stay as they are.
    """
    at = clock.now().isoformat(timespec="seconds")
    return new_plan.with_review(redact(new_plan.review(at, secrets.token_hex(16), monthly_usd=effect.facts())))


def approve(plan: Plan, digest: str, *, asserted_by: str, ticket: str = "", hours: int = HOURS) -> Approval:
    """Approve exactly the planning with this digest.

    Args:
        plan: The plan that was read.
        digest: Its digest, as the person who read it gives it.
        asserted_by: Who approves; may be empty only for a plan on an emulator.
        ticket: Where the change was asked for.
        hours: How long the approval holds, from the time at which the plan was made: 1 to 168. `apply` ends it after
            the parameters file's approval_hours in any case.

    Raises:
        ApprovalMismatch: The digest differs, the plan is too old, or the hours are out of range; or a name or ticket
            contains a secret or characters that deceive a reader.
        AwaitingApproval: The plan is for AWS, and nobody is named.
    """
    if not plan.digest or digest != plan.digest:
        raise ApprovalMismatch(
            f"{str(digest or 'nothing')[:12]} was approved; this plan is {plan.digest[:12] or 'a preview'}.",
            "read this plan and approve its own digest.",
        )
    check_decision(plan.target, asserted_by, ticket, NAMES)
    check_hours(hours)
    now = clock_of().now()
    return Approval(
        digest=digest,
        plan_sha256=plan.sha256,
        target=plan.target,
        asserted_by=asserted_by,
        authenticated_as="",
        how="library",
        at=now.isoformat(timespec="seconds"),
        expires_at=check_fresh(ApprovedPlan.from_plan(plan), now, hours).isoformat(timespec="seconds"),
        ticket=ticket,
    )


def apply(
    aws: Connection, desired: Desired, plan: Plan, approval: Approval, *, outputs: Path | None = None
) -> Outcomes:
    """Read and plan again, and carry out what was approved or what is left of it.

    What was done under this approval is known from the journal of `aws`: without an earlier apply in it, the whole
    plan is applied or nothing.

    Args:
        aws: A connection as the management account.
        desired: The parameters file.
        plan: The plan that was approved.
        approval: What `approve` returned.
        outputs: The folder in which a project's runbooks keep one folder for each account (outputs/, or
            outputs/sandbox/): its lock is then held as well.

    Raises:
        ApprovalMismatch: Anything else would happen now, or the approval has ended.
        AwaitingApproval: The parameters file asks for four eyes, or the plan is for AWS and nobody is named.
        OutOfOrder: An earlier phase comes first.
        AnotherRun: Somebody else on this machine applies to this account.
    """
    expires_at = _check(aws, desired, plan, approval)
    with lock_machine(desired.organization.management_account_id, aws.endpoint, aws.journal.run, outputs):
        now, id_index = observe_and_plan(aws, desired, plan.phase)
        check_remainder(now, ApprovedPlan.from_plan(plan), steps_done_under([aws.journal.events], approval.digest))
        steps = [{"id": step.id, "sentence": step.sentence} for step in now.steps]
        aws.journal.write("apply", digest=approval.digest, plan_sha256=approval.plan_sha256, steps=steps)
        look = partial(observe_and_plan, aws, desired, plan.phase, findings=False)
        return apply_steps(aws, now, id_index, look, expires_at=expires_at)


def _check(aws: Connection, desired: Desired, plan: Plan, approval: Approval) -> datetime:
    """When the approval ends; an OrgkitError when it does not allow this plan to be applied."""
    if desired.approval.four_eyes:
        raise AwaitingApproval("the parameters file asks for four eyes, and only a runbook reads signatures.", RUNBOOK)
    if approval.target != plan.target:
        raise ApprovalMismatch("the approval is for another plan.", "approve this plan's own digest.")
    hours = desired.organization.approval_hours
    expires_at = check_approval(approval, ApprovedPlan.from_plan(plan), aws.clock.now(), hours)
    check_stops(plan)
    if plan.needs:
        raise OutOfOrder(plan.needs[0], "run that phase, then plan again.")
    return expires_at
