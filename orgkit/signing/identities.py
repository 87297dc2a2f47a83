"""Identities as AWS reports them, and the people that the parameters file names for them."""

import re
from collections.abc import Iterable

from orgkit.errors import ApprovalMismatch
from orgkit.model.desired import ApprovalSpec, ApproverSpec

_NAME = r"[A-Za-z0-9_+=,.@-]+"
# No federated user: the caller of GetFederationToken chooses that name.
USER = re.compile(rf"arn:aws:iam::[0-9]{{12}}:user/([!-~]+/)?{_NAME}")
ROLE = re.compile(rf"(arn:aws:sts::[0-9]{{12}}:assumed-role/({_NAME}))(/{_NAME})?")
IDENTITY = f"{USER.pattern}|{ROLE.pattern}"


def is_identity(arn: str) -> bool:
    """Return whether this can name a person: a user, a session of a role, or all sessions of one."""
    return bool(USER.fullmatch(arn) or ROLE.fullmatch(arn))


def is_in_account(arn: str, allowed: Iterable[str]) -> bool:
    """Return whether a caller's ARN is one of these, or a session of a role among them; case does not matter."""
    plain = {account.casefold() for account in allowed}
    return bool(plain & {arn.casefold(), _role_of(arn)})


def role_name(arn: str) -> str:
    """Return the name of the role of a session, or of all sessions of a role; "" for a user."""
    match = ROLE.fullmatch(arn)
    return match[2] if match else ""


def is_one_session(arn: str) -> bool:
    """Return whether this names a single session of a role."""
    match = ROLE.fullmatch(arn)
    return bool(match and match[3])


def check_own(arn: str, approver: ApproverSpec, spec: ApprovalSpec) -> None:
    """Raise ApprovalMismatch unless the identity is one that the parameters file gives to the approver.

    Without four eyes an approver may have no identities there, and then any is accepted.
    """
    if (spec.four_eyes or approver.arns) and not is_in_account(arn, approver.arns):
        arns = ", ".join(approver.arns) or "none"
        reason = f"{arn} is not an identity of {approver.name}; the parameters file lists {arns}."
        raise ApprovalMismatch(reason, "approve as one of those, or let someone else change the parameters file.")


def check_operator(actor: str, approver: ApproverSpec, spec: ApprovalSpec) -> None:
    """Refuse to apply unless the parameters file lets the caller apply, and as another person than the approver.

    The identity in an approval proves nothing, since the holder of a key can sign anything. Only the identities in the
    file count; those of both tables are joined for a person who is in both.

    Raises:
        ApprovalMismatch: The caller is the approver, or has no name in [approval.operators].
    """
    if is_in_account(actor, spec.identities_of(approver.name)):
        raise ApprovalMismatch(
            f"{actor} would apply it, and by the parameters file is {approver.name}, who approved it.",
            "let a person with another name in [approval.operators] apply it.",
        )
    if not any(is_in_account(actor, spec.identities_of(name)) for name, _ in spec.operators):
        names = ", ".join(name for name, _ in spec.operators) or "nobody"
        raise ApprovalMismatch(
            f"{actor} would apply it, and is not an identity of an operator: [approval.operators] names {names}.",
            "apply it as one of those, or let someone else change the parameters file.",
        )


def _role_of(arn: str) -> str:
    """Return the role of a session, as `…:assumed-role/ROLE`; any other ARN unchanged."""
    match = ROLE.fullmatch(arn)
    return (match[1] if match else arn).casefold()
