"""AWS calls that move and tag accounts, and the handlers of all steps of phase 03."""

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws, read_tags_of
from orgkit.model.desired import Desired, replaced_tags
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Observed
from orgkit.model.plan import starting_value
from orgkit.phases.accounts.creation_aws import CREATE_ACCOUNT, find_by_email
from orgkit.phases.accounts.moves_aws import read_moves
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, TagAccount
from orgkit.phases.handler import handle
from orgkit.phases.member_access.roles_aws import (
    create_read_role,
    read_role_of,
    read_role_trust_of,
    restrict_read_role,
)
from orgkit.phases.member_access.steps import CreateReadRole, RestrictReadRole


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the effects of the planned moves."""
    return read_moves(aws, observed, desired.accounts)


def move_account(aws: Connection, step: MoveAccount, id_index: IdIndex) -> None:
    """Move it out of the approved unit: AWS rejects the move if the account is in another one by then."""
    parents = {"SourceParentId": step.starts_from, "DestinationParentId": id_index.parent(step.unit)}
    try:
        aws.mutate("organizations", "MoveAccount", AccountId=id_index.account(step.key), **parents)
    except Rejected as rejection:
        if rejection.code != "DuplicateAccountException":  # it is at the destination already
            raise


def tag_account(aws: Connection, step: TagAccount, id_index: IdIndex) -> None:
    """Set the tags that the step names; the others stay."""
    aws.mutate("organizations", "TagResource", ResourceId=id_index.account(step.key), Tags=as_aws(step.tags))


def account_id(aws: Connection, step: CreateAccount, id_index: IdIndex) -> str:
    """Return the account that has this email now: AWS allows no second one."""
    return starting_value(find_by_email(aws, step.email))


def parent_id(aws: Connection, step: MoveAccount, id_index: IdIndex) -> str:
    """Return the unit, or root, where the account is now."""
    parents = aws.pages("organizations", "ListParents", "Parents", ChildId=id_index.account(step.key))
    return starting_value(next((parent["Id"] for parent in parents), None))


def tags_of_account(aws: Connection, step: TagAccount, id_index: IdIndex) -> str:
    """Return the account's current values under the keys of the step."""
    return starting_value(replaced_tags(step.tags, read_tags_of(aws, id_index.account(step.key))))


HANDLERS = (
    handle(CreateAccount, CREATE_ACCOUNT, account_id),
    handle(MoveAccount, move_account, parent_id),
    handle(TagAccount, tag_account, tags_of_account),
    handle(CreateReadRole, create_read_role, read_role_of),
    handle(RestrictReadRole, restrict_read_role, read_role_trust_of),
)
