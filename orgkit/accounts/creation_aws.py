"""How AWS is asked to create an account: a call without an idempotency token, whose answer comes minutes later."""

from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from orgkit.aws.asynchronous import Again, Asynchronous, Later, Request, Requests, Still
from orgkit.aws.constraints import advice
from orgkit.aws.retry import BUSY, FINALIZING, THROTTLED, Refused
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws
from orgkit.errors import StepFailed
from orgkit.model.accounts import CreateAccount
from orgkit.model.directory import Directory

STUCK = timedelta(days=1)  # AWS takes minutes: an older request is none that could still become our account
LISTED_WITHIN = timedelta(minutes=15)  # from SUCCEEDED to the account being in ListAccounts
YOUNG = timedelta(hours=1)  # "wait one hour and try again", says the model of ACCOUNT_NUMBER_LIMIT_EXCEEDED
# After these the account may be there all the same, or another request may be making it: how long that is looked for.
LOOKED_FOR = {
    "EMAIL_ALREADY_EXISTS": timedelta(minutes=1),
    "INTERNAL_FAILURE": timedelta(seconds=30),
    "CONCURRENT_ACCOUNT_MODIFICATION": timedelta(minutes=5),
}
ONCE_MORE = ("INTERNAL_FAILURE", "CONCURRENT_ACCOUNT_MODIFICATION")
# AWS does not tell a request's e-mail: of one that we found by its name, these say nothing about our e-mail.
ABOUT_ITS_EMAIL = ("EMAIL_ALREADY_EXISTS", "INVALID_EMAIL")

QUOTA = Later("the new organization's quota of accounts to be there", 60.0)
# What passes by itself, and after how many seconds the next try makes sense.
PASSES = (
    (THROTTLED, Later("AWS to take more requests", 10.0)),
    (BUSY, Later("another change of the organization to end", 5.0)),
    (FINALIZING, Later("AWS to finish setting up the organization, up to an hour", 60.0)),
    ({"ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"}, Later("one of the five account creations to end", 15.0)),
    ({"ACCOUNT_NUMBER_LIMIT_EXCEEDED"}, QUOTA),
)


def look_at_requests(aws: Connection, *, everything: bool = False) -> Requests:
    """Those that AWS works on; with `everything` also those that have just succeeded and may not be listed yet."""
    states: dict[str, Any] = {} if everything else {"States": ["IN_PROGRESS"]}
    found = list(aws.pages("organizations", "ListCreateAccountStatus", "CreateAccountStatuses", **states))
    now = aws.clock.now()
    # The oldest is last, and wins: of two for one account, the younger is the one that AWS refuses.
    found.sort(key=lambda status: status.get("RequestedTimestamp", now), reverse=True)
    working = [one for one in found if one["State"] == "IN_PROGRESS" and _age(one, "Requested", now) < STUCK]
    made = [one for one in found if one["State"] == "SUCCEEDED" and _age(one, "Completed", now) < LISTED_WITHIN]
    return Requests(
        by_name={str(one["AccountName"]): str(one["Id"]) for one in (*made, *working)},
        in_progress=frozenset(str(one["Id"]) for one in working),
        sent_at=tuple(one["RequestedTimestamp"] for one in found if "RequestedTimestamp" in one),
    )


def begin_create_account(
    aws: Connection, step: CreateAccount, directory: Directory, *, doubt: bool = False
) -> Request | Later:
    """Send CreateAccount, unless a request of this name is under way; in doubt, unless one has just succeeded."""
    known = look_at_requests(aws, everything=doubt).by_name.get(step.name)
    if known:
        return Request(known, sent=False)
    try:
        return _send(aws, step)
    except Refused as refused:
        later = next((later for codes, later in PASSES if {refused.code, refused.reason} & codes), None)
        if later is None or (later is QUOTA and not _is_young(aws, directory)):
            raise
        return later


def settle_create_account(
    aws: Connection, step: CreateAccount, directory: Directory, request: Request
) -> Still | Again | None:
    """Ask how it went; done when the account is in the list."""
    answer = aws.read("organizations", "DescribeCreateAccountStatus", CreateAccountRequestId=request.id)
    status: dict[str, Any] = answer["CreateAccountStatus"]
    if status["State"] == "IN_PROGRESS":
        return Still(request)
    if status["State"] == "FAILED":
        return _failed(aws, step, directory, request, status)
    return _succeeded(aws, step, directory, request, status)


CREATE_ACCOUNT = Asynchronous(
    begin_create_account,
    look_at_requests,
    settle_create_account,
    name=attrgetter("name"),
    in_flight=5,
    burst=3,
    every=10.0,
)


def _send(aws: Connection, step: CreateAccount) -> Request:
    answer = aws.mutate_once(
        "organizations",
        "CreateAccount",
        expect="CreateAccountStatus",
        Email=step.email,
        AccountName=step.name,
        RoleName=step.role_name,
        IamUserAccessToBilling=step.iam_access_to_billing,
        Tags=as_aws(step.tags),
    )
    return Request(str(answer["CreateAccountStatus"]["Id"]))


def _is_young(aws: Connection, directory: Directory) -> bool:
    """AWS does not tell an organization's age, but since when its management account is in it."""
    for item in aws.pages("organizations", "ListAccounts", "Accounts"):
        if item["Id"] == directory.target.account and "JoinedTimestamp" in item:
            return bool(aws.clock.now() - item["JoinedTimestamp"] < YOUNG)
    return False


def _succeeded(
    aws: Connection, step: CreateAccount, directory: Directory, request: Request, status: dict[str, Any]
) -> Still | None:
    account, now = str(status["AccountId"]), aws.clock.now()
    listed = next((i for i in aws.pages("organizations", "ListAccounts", "Accounts") if i["Id"] == account), None)
    if listed is None:
        if _age(status, "Completed", now) < LISTED_WITHIN:
            return Still(request, in_flight=False)
        raise StepFailed(
            f"AWS made account {step.name} ({account}) and does not list it after {LISTED_WITHIN}.",
            "run the phase again in some minutes: it goes on from here.",
        )
    email = str(listed.get("Email", step.email))
    if email.casefold() != step.email.casefold():
        raise StepFailed(
            f"a request for account {step.name} was under way, and made {account} with e-mail {email}.",
            f"name that account in the parameters file (id, e-mail), or give the one for {step.email} another name.",
        )
    directory.accounts[step.key] = account
    return None


def _failed(
    aws: Connection, step: CreateAccount, directory: Directory, request: Request, status: dict[str, Any]
) -> Still | Again | None:
    """Look whether the account is there, or another request makes it, before it is begun again or given up."""
    reason = str(status.get("FailureReason", ""))
    if reason in LOOKED_FOR:
        account = _by_email(aws, step.email)
        if account is not None:
            directory.accounts[step.key] = account
            return None
        other = look_at_requests(aws, everything=True).by_name.get(step.name)
        if other not in (None, request.id):
            return Still(Request(str(other), sent=False), in_flight=False)
        if "CompletedTimestamp" in status and _age(status, "Completed", aws.clock.now()) < LOOKED_FOR[reason]:
            return Still(request, in_flight=False)
    failure = StepFailed(f"AWS could not create account {step.name}: {reason}.", advice(reason), code=reason)
    if reason in ONCE_MORE or (reason in ABOUT_ITS_EMAIL and not request.sent):
        return Again(failure)
    raise failure


def _by_email(aws: Connection, email: str) -> str | None:
    for item in aws.pages("organizations", "ListAccounts", "Accounts"):
        if str(item.get("Email", "")).casefold() == email.casefold():
            return str(item["Id"])
    return None


def _age(status: dict[str, Any], moment: str, now: datetime) -> timedelta:
    """How long ago it was Requested, or Completed; no time at all when AWS does not say."""
    age: timedelta = now - status.get(f"{moment}Timestamp", now)
    return age
