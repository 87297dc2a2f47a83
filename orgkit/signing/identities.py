"""Identities as AWS reports them, and whose they are by the parameters file."""

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
    """Whether this can name a person: a user, a session of a role, or all sessions of one."""
    return bool(USER.fullmatch(arn) or ROLE.fullmatch(arn))


def is_in_account(arn: str, allowed: Iterable[str]) -> bool:
    """Whether a caller's ARN is one of these, or a session of a role among them; upper and lower case alike."""
    plain = {account.casefold() for account in allowed}
    return bool(plain & {arn.casefold(), _role_of(arn)})


def role_name(arn: str) -> str:
    """The name of the role of a session, or of all sessions of a role; empty for a user."""
    match = ROLE.fullmatch(arn)
    return match[2] if match else ""


def is_one_session(arn: str) -> bool:
    """Whether this names a single session of a role."""
    match = ROLE.fullmatch(arn)
    return bool(match and match[3])


def check_own(arn: str, approver: ApproverSpec, spec: ApprovalSpec) -> None:
    """ApprovalMismatch unless the identity is one of those that the parameters file gives to the approver.

    Without four eyes an approver may have none there, and then any will do.
    """
    if (spec.four_eyes or approver.arns) and not is_in_account(arn, approver.arns):
        arns = ", ".join(approver.arns) or "none"
        reason = f"{arn} is no identity of {approver.name}; the parameters file lists {arns}."
        raise ApprovalMismatch(reason, "approve as one of those, or have the parameters file changed by somebody else.")


def check_operator(actor: str, approver: ApproverSpec, spec: ApprovalSpec) -> None:
    """Refuse to apply unless the parameters file lets the caller apply, and as another person than the approver.

    What an approver has signed to be proves nothing, since a key's holder signs anything: the identities of the file
    count, of both tables together where a person stands in both.

    Raises:
        ApprovalMismatch: The caller is the approver, or stands under no name of [approval.operators].
    """
    if is_in_account(actor, spec.identities_of(approver.name)):
        raise ApprovalMismatch(
            f"{actor} would apply it, and is by the parameters file no other than {approver.name}, who approved it.",
            "let somebody apply it that [approval.operators] lists under another name.",
        )
    if not any(is_in_account(actor, spec.identities_of(name)) for name, _ in spec.operators):
        names = ", ".join(name for name, _ in spec.operators) or "nobody"
        raise ApprovalMismatch(
            f"{actor} would apply it, and is no identity of those who may: [approval.operators] names {names}.",
            "apply it as one of those, or have the parameters file changed by somebody else.",
        )


def _role_of(arn: str) -> str:
    """Of a session its role, as `…:assumed-role/ROLE`; anything else as it is."""
    match = ROLE.fullmatch(arn)
    return (match[1] if match else arn).casefold()
