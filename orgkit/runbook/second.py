"""The approval of a second person: a signed file, checked against the parameters file, the plan and the clock."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from orgkit.approval import CLOCKS_DIFFER, Approval, ApprovedPlan, check_fresh
from orgkit.errors import ApprovalMismatch
from orgkit.model.desired import ApprovalSpec
from orgkit.signing.approvals import ANEW, SignedApproval, check_signature, parse
from orgkit.signing.identities import check_own, is_somebody_else
from orgkit.signing.keys import PublicKey

FILE = "ORGKIT_APPROVAL"  # names the file; `orgkit run --approval` sets it
SECOND_PERSON, SIGNED = "second person", "signed"  # how: by somebody else, as the parameters file tells people, or not
ASK = "let somebody else approve it: orgkit approve DIGEST FILE --ticket TICKET --key KEY; then run with --approval."


def signed_approval(environment: Mapping[str, str] = os.environ) -> SignedApproval | None:
    """The one that was handed over; None when none was, ApprovalMismatch when it cannot be read."""
    named = environment.get(FILE)
    if not named:
        return None
    try:
        return parse(Path(named).expanduser().read_bytes(), named)
    except (OSError, ValueError, RuntimeError) as error:
        raise ApprovalMismatch(f"the approval {named} cannot be read: {error}.", ANEW) from None


def digest_of(approved_plan: str, signed: SignedApproval | None) -> str:
    """The plan that is approved; when both say which, they must say the same."""
    if signed is None:
        return approved_plan
    if approved_plan and approved_plan != signed.plan_sha256:
        why = f"it approves plan {signed.plan_sha256[:12]}, and {approved_plan[:12]} is to be applied."
        raise ApprovalMismatch(why, "pass the approval of that plan.")
    return signed.plan_sha256


def granted(
    signed: SignedApproval, approved: ApprovedPlan, spec: ApprovalSpec, actor: str, now: datetime, hours: int
) -> Approval:
    """What the file grants to `actor`, for `hours` at most; ApprovalMismatch when it grants nothing."""
    ends = check_fresh(approved, now, hours)
    approver = check_signature(signed, spec)
    if signed.plan_sha256 != approved.digest or asdict(signed.target) != dict(approved.content["target"]):
        raise ApprovalMismatch(f"it is for plan {signed.plan_sha256[:12]} on {signed.target}.", ANEW)
    check_own(signed.authenticated_as, approver, spec)
    other = is_somebody_else(actor, signed.authenticated_as, approver, spec)
    if spec.four_eyes and not other:
        why = f"{actor} would apply it, and is by the parameters file no other than {approver.name}, who approved it."
        raise ApprovalMismatch(why, ASK)
    key = PublicKey.load(approver.key)
    return Approval(
        plan_sha256=signed.plan_sha256,
        target=signed.target,
        asserted_by=signed.asserted_by,
        authenticated_as=signed.authenticated_as,
        how=SECOND_PERSON if other else SIGNED,
        at=signed.at,
        expires_at=min(_ends(signed, now, hours), ends).isoformat(timespec="seconds"),
        ticket=signed.ticket,
        approver=signed.approver,
        key_id=key.id,
        public_key=key.line,
        signed_sha256=hashlib.sha256(signed.content).hexdigest(),
    )


def _ends(signed: SignedApproval, now: datetime, hours: int) -> datetime:
    """When it says that it ends; ApprovalMismatch when that is past or too far away, or when it is yet to be given.

    Both times are whatever the key's holder wrote: planning again makes a plan young, and no signature with it.
    """
    try:
        given, ends = datetime.fromisoformat(signed.at), datetime.fromisoformat(signed.expires_at)
        valid = given - CLOCKS_DIFFER <= now <= ends <= given + timedelta(hours=hours)
    except (ValueError, TypeError, OverflowError):
        valid = False
    if not valid:
        why = f"it holds from {signed.at} to {signed.expires_at}, for {hours} hours at most; now it is "
        raise ApprovalMismatch(f"{why}{now:%Y-%m-%dT%H:%M}.", ANEW)
    return ends
