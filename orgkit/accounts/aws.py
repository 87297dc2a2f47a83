"""How AWS is asked about accounts, and to place and tag them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgkit.accounts.creation_aws import CREATE_ACCOUNT
from orgkit.accounts.roles_aws import create_read_role, make_manageable
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.aws.tags import Tags, as_aws, read_tags_of
from orgkit.model.accounts import CreateAccount, CreateReadRole, MakeManageable, MoveAccount, TagAccount
from orgkit.model.desired import UnitPath
from orgkit.model.directory import Directory
from orgkit.model.observed import Account, Unit
from orgkit.plan import Step

PATH = re.compile(r"^o-[a-z0-9]{10,32}/r-[0-9a-z]{4,32}/(?:ou-[0-9a-z-]+/)*\d{12}/$")


def read_accounts(
    aws: Connection, root_id: str, units: Iterable[Unit], tags: Mapping[str, Tags] | None
) -> Iterator[Account]:
    """Every account with the path of its OU, from ListAccounts alone where AWS tells the paths."""
    names = {unit.id: unit.path for unit in units} | {root_id: ""}
    found = list(aws.pages("organizations", "ListAccounts", "Accounts"))
    parents = _parents(aws, found, names)
    for item in sorted(found, key=lambda account: str(account["Id"])):
        account_id = str(item["Id"])
        known = read_tags_of(aws, account_id) if tags is None else tags.get(account_id, ())
        yield Account(
            id=account_id,
            name=str(item.get("Name", "")),
            email=str(item.get("Email", "")),
            state=str(item.get("State", "UNKNOWN")),  # never Status: AWS removed it in September 2026
            unit=parents.get(account_id, ""),
            joined=str(item.get("JoinedMethod", "")),
            tags=known,
        )


def move_account(aws: Connection, step: MoveAccount, directory: Directory) -> None:
    """Place it; where it is now is asked at this moment, since AWS wants both ends named."""
    account, destination = directory.account(step.key), directory.parent(step.unit)
    parent = next(aws.pages("organizations", "ListParents", "Parents", ChildId=account), None)
    if parent is None:
        raise Refused("organizations:ListParents", "NoAnswer", "", f"no parent of account {account} was listed", "")
    source = parent["Id"]
    if source == destination:
        return
    try:
        aws.mutate(
            "organizations", "MoveAccount", AccountId=account, SourceParentId=source, DestinationParentId=destination
        )
    except Refused as refused:
        if refused.code != "DuplicateAccountException":  # it is at the destination already
            raise


def tag_account(aws: Connection, step: TagAccount, directory: Directory) -> None:
    """Set the tags that the step names; the others stay."""
    aws.mutate("organizations", "TagResource", ResourceId=directory.account(step.key), Tags=as_aws(step.tags))


STEPS: dict[type[Step], Any] = {
    CreateAccount: CREATE_ACCOUNT,
    MoveAccount: move_account,
    TagAccount: tag_account,
    CreateReadRole: create_read_role,
    MakeManageable: make_manageable,
}


def _parents(aws: Connection, found: list[dict[str, Any]], names: Mapping[str, UnitPath]) -> dict[str, UnitPath]:
    """Account id → OU path: from `Paths`, or, where the endpoint does not give them, one listing a parent."""
    paths = {str(item["Id"]): (item.get("Paths") or [""])[0] for item in found}
    if all(PATH.match(path) for path in paths.values()):
        parents = {account: path.split("/")[-3] for account, path in paths.items()}
        return {account: names.get(parent, parent) for account, parent in parents.items()}
    return {
        str(item["Id"]): path
        for parent, path in names.items()
        for item in aws.pages("organizations", "ListAccountsForParent", "Accounts", ParentId=parent)
    }
