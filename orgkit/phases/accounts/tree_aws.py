"""AWS calls that read the accounts of the organization, and where each is; every phase needs them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from orgkit.aws.session import Connection
from orgkit.errors import CouldNotRead
from orgkit.model.desired import Tags, UnitPath, format_path
from orgkit.model.observed import Account, Unit

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
