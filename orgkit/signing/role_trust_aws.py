"""AWS calls that check that the roles of people in the parameters file do not let one person act as another."""

from collections.abc import Iterator, Mapping, Sequence

from orgkit.aws.advice import remedy_for
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.dataclass import dataclass
from orgkit.errors import ApprovalMismatch, CouldNotRead
from orgkit.model.desired import ApprovalSpec
from orgkit.signing.identities import is_one_session, role_name
from orgkit.signing.role_trust import TrustStatement, session_names_count, statements_of

NO_ROLE = "NoSuchEntity"


@dataclass(frozen=True)
class _Trust:
    """Of a role: where it is, the statements of its trust policy, and the roles of its account that they name."""

    path: str
    statements: Sequence[TrustStatement]
    roles: Sequence[str]


_Trusts = Mapping[str, _Trust | None]


def check_roles(aws: Connection, spec: ApprovalSpec) -> None:
    """Refuse a file whose roles let one person act as two; each role is read once.

    Raises:
        ApprovalMismatch: The file lists single sessions of a role whose name the caller of AssumeRole can choose. Or a
            role of an operator trusts an identity of another person who may approve, or the reverse, directly or
            through other roles of the account.
        CouldNotRead: AWS does not show a role.
    """
    people = {name: spec.identities_of(name) for name in spec.people}
    roles = {role_name(arn): arn.split(":")[4] for arns in people.values() for arn in arns if role_name(arn)}
    trusts = _read_trusts(aws, roles)
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
            for other, identity, last in _trusted(spec, name, role, trusts):
                suffix = "" if last == role else f" by way of role {last}"
                raise ApprovalMismatch(
                    f"role {role} of {name} may be taken by {identity} of {other}{suffix}: one person could approve "
                    "and apply.",
                    f"take {identity} out of the trust policy of role {last}, or list both identities under one name.",
                )


def _trusted(spec: ApprovalSpec, name: str, role: str, trusts: _Trusts) -> Iterator[tuple[str, str, str]]:
    """Yield each person who may assume a role of the other side of an approval: name, identity, and assumed role."""
    for other in spec.people:
        opposite = (name in spec.approver_names and other in spec.operator_names) or (
            name in spec.operator_names and other in spec.approver_names
        )
        for last, trust in _leading_to(role, trusts).items() if other != name and opposite else ():
            for identity in spec.identities_of(other):
                own = trusts.get(role_name(identity))
                path = own.path if own else "/"
                if any(statement.names(identity, path) for statement in trust.statements):
                    yield other, identity, last


def _leading_to(role: str, trusts: _Trusts) -> dict[str, _Trust]:
    """Return the role, and the roles whose sessions may assume it, directly or through others."""
    chain: dict[str, _Trust] = {}
    waiting = [role]
    while waiting:
        trust = trusts.get(name := waiting.pop(0))
        if trust is not None and name not in chain:
            chain[name] = trust
            waiting += trust.roles
    return chain


def _read_trusts(aws: Connection, roles: Mapping[str, str]) -> _Trusts:
    """Return the trust policies of these roles, by name, and of the roles of the account that may assume them.

    Args:
        aws: A connection to the account.
        roles: The account id for the name of each role.
    """
    trusts: dict[str, _Trust | None] = {}
    waiting = sorted(roles.items())
    while waiting:
        name, account = waiting.pop(0)
        if name not in trusts:
            trusts[name] = trust = _read_trust(aws, name, account)
            waiting += [(role, account) for role in trust.roles] if trust else []
    return trusts


def _read_trust(aws: Connection, role: str, account: str) -> _Trust | None:
    """Return a role's trust policy; None for a role that does not exist, which nobody can assume."""
    try:
        answer = aws.read("iam", "GetRole", RoleName=role)["Role"]
        statements = statements_of(answer["AssumeRolePolicyDocument"])
        roles = {name for statement in statements for owner, name in statement.roles if owner == account}
        return _Trust(str(answer.get("Path", "/")), statements, sorted(roles))
    except Rejected as rejection:
        if rejection.code == NO_ROLE:
            return None
        remedy = remedy_for(rejection)
        raise CouldNotRead(f"role {role} of [approval] (iam:GetRole): {rejection}.", remedy) from None
