"""AWS calls that read the roles of member accounts for their hand-over."""

from orgkit.aws.session import Connection
from orgkit.aws.tags import tags_of
from orgkit.handover.member_roles import (
    DEFAULT_SESSION_SECONDS,
    MemberRoleFacts,
    RoleDetails,
    accounts_with_roles,
    role_names,
)
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.observed import Observed
from orgkit.phases.terraform.tree import Pair


def read_member_roles(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read description, path, tags and session duration of the roles, through the read role of each account."""
    accounts = aws.executor.map(lambda pair: _read_account(aws, pair, observed), accounts_with_roles(observed, desired))
    return observed.with_facts(MemberRoleFacts(tuple(role for roles in accounts for role in roles)))


def _read_account(aws: Connection, pair: Pair, observed: Observed) -> tuple[RoleDetails, ...]:
    spec, account = pair
    member = observed.member(account.id)
    names = [name for name in role_names(spec) if member is not None and member.role(name) is not None]
    if not names:
        return ()
    connection = aws.assume(account.id, READ_ROLE)
    return tuple(_read_role(connection, account.id, name) for name in names)


def _read_role(member: Connection, account: str, name: str) -> RoleDetails:
    role = member.read("iam", "GetRole", RoleName=name)["Role"]
    return RoleDetails(
        account,
        name,
        path=str(role.get("Path", "/")),
        description=str(role.get("Description", "")),
        session_seconds=int(role.get("MaxSessionDuration", DEFAULT_SESSION_SECONDS)),
        tags=tags_of(role.get("Tags", [])),
    )
