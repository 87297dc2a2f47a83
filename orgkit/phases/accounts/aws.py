"""AWS calls that read, move and tag accounts."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws, read_tags_of
from orgkit.errors import CouldNotRead
from orgkit.model.desired import Desired, Tags, UnitPath, format_path, replaced_tags
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Account, Observed, Unit
from orgkit.model.plan import starting_value
from orgkit.phases.accounts.creation_aws import CREATE_ACCOUNT, find_by_email
from orgkit.phases.accounts.moves_aws import read_moves
from orgkit.phases.accounts.names_aws import name_of_account, read_names, rename_account
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, RenameAccount, TagAccount
from orgkit.phases.handler import handle
from orgkit.phases.member_access.roles_aws import (
    create_read_role,
    read_role_of,
    read_role_trust_of,
    restrict_read_role,
)
from orgkit.phases.member_access.steps import CreateReadRole, RestrictReadRole

PATH = re.compile(r"^o-[a-z0-9]{10,32}/r-[0-9a-z]{4,32}/(?:ou-[0-9a-z-]+/)*\d{12}/$")


def list_accounts(
    aws: Connection, on_account: Callable[[dict[str, Any]], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Return every account of the organization as AWS lists it: an account that is not in this list does not exist.

    Args:
        aws: A connection as the management account.
        on_account: Is called with each account as soon as its page is read.
    """
    accounts = []
    for account in aws.pages("organizations", "ListAccounts", "Accounts"):
        on_account(account)
        accounts.append(account)
    return sorted(accounts, key=lambda account: str(account["Id"]))


def place_accounts(
    aws: Connection, items: Sequence[dict[str, Any]], root_id: str, units: Iterable[Unit], tags: Mapping[str, Tags]
) -> tuple[Account, ...]:
    """Return these accounts, each with the path of its unit: from the list alone where AWS reports the paths.

    Raises:
        CouldNotRead: The unit of one of them is not known.
    """
    parents = _parents(aws, items, {unit.id: unit.path for unit in units} | {root_id: ()})
    return tuple(_account(item, parents[str(item["Id"])], tags.get(str(item["Id"]), ())) for item in items)


def _account(item: dict[str, Any], unit: UnitPath, tags: Tags) -> Account:
    return Account(
        id=str(item["Id"]),
        name=str(item.get("Name", "")),
        email=str(item.get("Email", "")),
        state=str(item.get("State", "UNKNOWN")),  # never Status: AWS removed it in September 2026
        unit=unit,
        join_method=str(item.get("JoinedMethod", "")),
        tags=tags,
    )


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the effects of the planned moves, and the current names of accounts that are renamed."""
    return read_names(aws, read_moves(aws, observed, desired.accounts), desired.accounts)


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
    handle(RenameAccount, rename_account, name_of_account),
    handle(TagAccount, tag_account, tags_of_account),
    handle(CreateReadRole, create_read_role, read_role_of),
    handle(RestrictReadRole, restrict_read_role, read_role_trust_of),
)


def _parents(aws: Connection, items: Sequence[dict[str, Any]], names: Mapping[str, UnitPath]) -> dict[str, UnitPath]:
    """Return account id → OU path: from `Paths`, or with one listing for each parent where the endpoint lacks them."""
    paths = {str(item["Id"]): (item.get("Paths") or [""])[0] for item in items}
    if all(PATH.match(path) for path in paths.values()):
        parents = {account: path.split("/")[-3] for account, path in paths.items()}
        return {account: names.get(parent, (parent,)) for account, parent in parents.items()}
    listed_ids = aws.executor.map(lambda parent: _accounts_in(aws, parent), list(names))
    places: dict[str, list[UnitPath]] = {account: [] for account in paths}
    for path, ids in zip(names.values(), listed_ids, strict=True):
        for account in ids & places.keys():
            places[account].append(path)
    for account, locations in places.items():
        if len(locations) != 1:  # taken for one in the root, it would be moved; taken for absent, created once more
            texts = [f"in {format_path(path) or 'the root'}" for path in locations]
            text = " and ".join(texts) or "in no organizational unit"
            raise CouldNotRead(
                f"account {account} was listed {text}, so where it is, is not known.",
                "it may be being moved: run the command again in a minute.",
            )
    return {account: path for account, (path,) in places.items()}


def _accounts_in(aws: Connection, parent: str) -> set[str]:
    pages = aws.pages("organizations", "ListAccountsForParent", "Accounts", ParentId=parent)
    return {str(item["Id"]) for item in pages}
