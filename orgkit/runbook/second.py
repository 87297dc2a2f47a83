"""The approval of a second person: a signed file, checked against the parameters file, the plan and the clock."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from orgkit.approval import CLOCKS_DIFFER, Approval, ApprovedPlan
from orgkit.errors import ApprovalMismatch
from orgkit.model.desired import ApprovalSpec
from orgkit.signing.approvals import ANEW, SignedApproval, check_signature, parse, same_identity

FILE = "ORGKIT_APPROVAL"  # names the file; `orgkit run --approval` sets it
SECOND_PERSON, SIGNED = "second person", "signed"  # how: by another identity than applies, or by the same one
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
    signed: SignedApproval, approved: ApprovedPlan, spec: ApprovalSpec, actor: str, now: datetime, ends: datetime
) -> Approval:
    """What the file grants to `actor` until `ends` at most; ApprovalMismatch when it grants nothing."""
    key = check_signature(signed, spec)
    if signed.plan_sha256 != approved.digest or asdict(signed.target) != dict(approved.content["target"]):
        raise ApprovalMismatch(f"it is for plan {signed.plan_sha256[:12]} on {signed.target}.", ANEW)
    if spec.four_eyes and same_identity(signed.authenticated_as, actor):
        raise ApprovalMismatch(f"{actor} has approved it, and would apply it too.", ASK)
    return Approval(
        plan_sha256=signed.plan_sha256,
        target=signed.target,
        asserted_by=signed.asserted_by,
        authenticated_as=signed.authenticated_as,
        how=SIGNED if same_identity(signed.authenticated_as, actor) else SECOND_PERSON,
        at=signed.at,
        expires_at=min(_ends(signed, now), ends).isoformat(timespec="seconds"),
        ticket=signed.ticket,
        approver=signed.approver,
        key_id=key.id,
        public_key=key.line,
        signed_sha256=hashlib.sha256(signed.content).hexdigest(),
    )


def _ends(signed: SignedApproval, now: datetime) -> datetime:
    """When it says that it ends; ApprovalMismatch when that is past, or when it is yet to be given."""
    try:
        given, ends = datetime.fromisoformat(signed.at), datetime.fromisoformat(signed.expires_at)
        valid = given - CLOCKS_DIFFER <= now <= ends
    except (ValueError, TypeError):
        valid = False
    if not valid:
        why = f"it holds from {signed.at} to {signed.expires_at}, and now it is {now:%Y-%m-%dT%H:%M}."
        raise ApprovalMismatch(why, ANEW)
    return ends
