"""Whether the roles that the parameters file gives to people keep those people apart: asked of IAM."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orgkit.aws.advice import remedy_for
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import ApprovalMismatch, CouldNotRead
from orgkit.model.desired import ApprovalSpec
from orgkit.signing.identities import is_one_session, role_name
from orgkit.signing.role_trust import TrustStatement, session_names_count, statements_of

NO_ROLE = "NoSuchEntity"


@dataclass(frozen=True)
class _Trust:
    """Of a role: where it is, and the statements of its trust policy."""

    path: str
    statements: Sequence[TrustStatement]


def check_roles(aws: Connection, spec: ApprovalSpec) -> None:
    """Refuse a file by whose roles one person could be two; each role is read once.

    Raises:
        ApprovalMismatch: Sessions of a role are listed singly, and the caller of AssumeRole can choose their name; or a
            role of somebody who may apply trusts an identity of somebody else who may approve, or the other way round.
        CouldNotRead: AWS does not show a role.
    """
    people = {name: spec.identities_of(name) for name in spec.people}
    roles = {role_name(arn): arn for arns in people.values() for arn in arns if role_name(arn)}
    trusts = {role: _read_trust(aws, role) for role in sorted(roles)}
    for name, arns in people.items():
        for arn in arns:
            role = role_name(arn)
            trust = trusts.get(role)
            if is_one_session(arn) and not (trust and session_names_count(role, trust.statements, trust.path)):
                is_there = trust is not None
                problem = f"a caller who assumes the role {role} can choose the session's name"
                raise ApprovalMismatch(
                    f"the file lists {arn} as {name}, and {problem if is_there else f'there is no role {role}'}.",
                    f"list the whole role for one person, as {arn.rpartition('/')[0]}; or let its trust policy demand "
                    "sts:RoleSessionName to be ${aws:username}, or an sts:SourceIdentity.",
                )
            for other, identity in _trusted(spec, name, trust.statements if trust else ()):
                raise ApprovalMismatch(
                    f"role {role} of {name} may be taken by {identity} of {other}: one person could approve and apply.",
                    f"take {identity} out of the trust policy of role {role}, or list both identities under one name.",
                )


def _trusted(spec: ApprovalSpec, name: str, statements: Sequence[TrustStatement]) -> Iterator[tuple[str, str]]:
    """The people, each with an identity, who may take a role of somebody on the other side of an approval."""
    for other in spec.people:
        opposite = (name in spec.approver_names and other in spec.operator_names) or (
            name in spec.operator_names and other in spec.approver_names
        )
        if other != name and opposite:
            for identity in spec.identities_of(other):
                if any(statement.names(identity) for statement in statements):
                    yield other, identity


def _read_trust(aws: Connection, role: str) -> _Trust | None:
    """A role's trust policy; None for a role that is not there, which nobody can take."""
    try:
        answer = aws.read("iam", "GetRole", RoleName=role)["Role"]
        return _Trust(str(answer.get("Path", "/")), statements_of(answer["AssumeRolePolicyDocument"]))
    except Rejected as rejection:
        if rejection.code == NO_ROLE:
            return None
        remedy = remedy_for(rejection)
        raise CouldNotRead(f"role {role} of [approval] (iam:GetRole): {rejection}.", remedy) from None
