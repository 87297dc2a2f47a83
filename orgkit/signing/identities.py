"""Identities as AWS tells them, and whose they are: a role's sessions are one person unless the file names them."""

import re
from collections.abc import Iterable

from orgkit.errors import ApprovalMismatch
from orgkit.model.desired import ApprovalSpec, ApproverSpec

_NAME = r"[\w+=,.@-]+"
USER = re.compile(rf"arn:aws:(iam::[0-9]{{12}}:user/([!-~]+/)?|sts::[0-9]{{12}}:federated-user/){_NAME}", re.ASCII)
ROLE = re.compile(rf"(arn:aws:sts::[0-9]{{12}}:assumed-role/{_NAME})(/{_NAME})?", re.ASCII)


def is_identity(arn: str) -> bool:
    """Whether a caller can have this ARN: a user, a federated user, a session of a role; or all sessions of one."""
    return bool(USER.fullmatch(arn) or ROLE.fullmatch(arn))


def is_within(arn: str, allowed: Iterable[str]) -> bool:
    """Whether a caller's ARN is one of these, or a session of a role among them; upper and lower case alike."""
    plain = {each.casefold() for each in allowed}
    return bool(plain & {arn.casefold(), _role_of(arn)})


def same_identity(one: str, other: str) -> bool:
    """Whether two callers are one: whoever may take a role can often choose the name of the session."""
    return _role_of(one) == _role_of(other)


def check_own(arn: str, approver: ApproverSpec, spec: ApprovalSpec) -> None:
    """ApprovalMismatch unless the identity is one of those that the parameters file gives to the approver.

    Without four eyes an approver may have none there, and then any will do.
    """
    if (spec.four_eyes or approver.arns) and not is_within(arn, approver.arns):
        given = ", ".join(approver.arns) or "none"
        why = f"{arn} is no identity of {approver.name}, to whom the parameters file gives {given}."
        raise ApprovalMismatch(why, "approve as one of those, or have the parameters file changed by somebody else.")


def is_somebody_else(actor: str, claimed: str, approver: ApproverSpec, spec: ApprovalSpec) -> bool:
    """Whether who applies is another than the approver, by the identities that the parameters file gives to each.

    `claimed` is what the approver has signed to be; that alone proves nothing, since a key's holder signs anything.
    """
    if not approver.arns or is_within(actor, approver.arns):
        return False
    others = [arn for other in spec.approvers if other != approver for arn in other.arns]
    named = _is_named(claimed, approver.arns) and _is_named(actor, others)
    return named or not same_identity(actor, claimed)


def _is_named(arn: str, arns: Iterable[str]) -> bool:
    """With its session, if it is of a role."""
    return arn.casefold() in {each.casefold() for each in arns}


def _role_of(arn: str) -> str:
    """Of a session its role, as `…:assumed-role/ROLE`; anything else as it is."""
    found = ROLE.fullmatch(arn)
    return (found[1] if found else arn).casefold()
