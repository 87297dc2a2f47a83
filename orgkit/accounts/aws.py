"""How AWS is asked about accounts, and to vend, place and tag them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgkit.accounts.roles_aws import create_read_role, make_manageable
from orgkit.aws.asynchronous import Asynchronous
from orgkit.aws.constraints import advice
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.aws.tags import Tags, as_aws, read_tags_of
from orgkit.errors import StepFailed
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


def begin_create_account(aws: Connection, step: CreateAccount, directory: Directory) -> str:
    """Send CreateAccount, unless a request for the same name is under way: it has no idempotency token."""
    under_way = _request_under_way(aws, step.name)
    if under_way:
        return under_way
    return str(
        aws.wait_for("one of the five account creations to end", lambda: _send(aws, step), every=15, at_most=900)
    )


def settle_create_account(aws: Connection, step: CreateAccount, directory: Directory, request: str) -> None:
    """Ask until AWS says SUCCEEDED or FAILED, and until the account is in the list."""
    status = aws.wait_for(f"account {step.name}", lambda: _ended(aws, request), every=5, at_most=1800)
    if status["State"] == "FAILED":
        directory.accounts[step.key] = _found_after_failure(aws, step, str(status.get("FailureReason", "")))
    else:
        account = str(status["AccountId"])
        aws.wait_for(
            f"account {step.name} to be listed", lambda: _is_listed(aws, account) or None, every=5, at_most=300
        )
        directory.accounts[step.key] = account


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
    CreateAccount: Asynchronous(begin_create_account, settle_create_account, in_flight=5, burst=3, every=10.0),
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


def _request_under_way(aws: Connection, name: str) -> str | None:
    found = aws.pages("organizations", "ListCreateAccountStatus", "CreateAccountStatuses", States=["IN_PROGRESS"])
    return next((str(status["Id"]) for status in found if status["AccountName"] == name), None)


def _send(aws: Connection, step: CreateAccount) -> str | None:
    """The request's id; None while five others are in flight."""
    try:
        answer = aws.mutate(
            "organizations",
            "CreateAccount",
            expect="CreateAccountStatus",
            Email=step.email,
            AccountName=step.name,
            RoleName=step.role_name,
            IamUserAccessToBilling=step.iam_access_to_billing,
            Tags=as_aws(step.tags),
        )
    except Refused as refused:
        if refused.reason == "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED":
            return None
        raise
    return str(answer["CreateAccountStatus"]["Id"])


def _ended(aws: Connection, request: str) -> dict[str, Any] | None:
    answer = aws.read("organizations", "DescribeCreateAccountStatus", CreateAccountRequestId=request)
    status: dict[str, Any] = answer["CreateAccountStatus"]
    return None if status["State"] == "IN_PROGRESS" else status


def _is_listed(aws: Connection, account: str) -> bool:
    return any(item["Id"] == account for item in aws.pages("organizations", "ListAccounts", "Accounts"))


def _found_after_failure(aws: Connection, step: CreateAccount, reason: str) -> str:
    """EMAIL_ALREADY_EXISTS is success when the account is ours: an earlier request made it."""
    if reason in ("EMAIL_ALREADY_EXISTS", "CONCURRENT_ACCOUNT_MODIFICATION"):
        for item in aws.pages("organizations", "ListAccounts", "Accounts"):
            if str(item.get("Email", "")).casefold() == step.email.casefold():
                return str(item["Id"])
    raise StepFailed(f"AWS could not create account {step.name}: {reason}.", advice(reason), code=reason)
