"""AWS calls that create an account: there is no idempotency token, and the result comes minutes later."""

from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from orgkit.aws.advice import advice
from orgkit.aws.asynchronous import Asynchronous, Pending, Request, Requests, Retry, Throttled
from orgkit.aws.rejections import CONFLICT_CODES, FINALIZING_CODES, THROTTLING_CODES, Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws
from orgkit.errors import StepFailed
from orgkit.model.matching import IdIndex
from orgkit.phases.accounts.steps import CreateAccount
from orgkit.phases.member_access.account_list_aws import read_account_list

MAX_REQUEST_AGE = timedelta(days=1)  # AWS takes minutes: an older request can no longer become our account
LISTED_WITHIN = timedelta(minutes=15)  # from SUCCEEDED to the account being in ListAccounts
NEW_ORGANIZATION_AGE = timedelta(
    hours=1
)  # "wait one hour and try again", says the model of ACCOUNT_NUMBER_LIMIT_EXCEEDED
# After these errors the account may still exist, or another request may be making it; each with how long to look.
FAILURE_REMEDIES = {
    "EMAIL_ALREADY_EXISTS": timedelta(minutes=1),
    "INTERNAL_FAILURE": timedelta(seconds=30),
    "CONCURRENT_ACCOUNT_MODIFICATION": timedelta(minutes=5),
}
RETRYABLE_FAILURES = ("INTERNAL_FAILURE", "CONCURRENT_ACCOUNT_MODIFICATION")
# AWS does not report a request's email: for one that was found by name, these reasons may be about another email.
ABOUT_ITS_EMAIL = ("EMAIL_ALREADY_EXISTS", "INVALID_EMAIL")

QUOTA = Throttled("the new organization's quota of accounts to be there", 60.0)
# Errors that are temporary, and the seconds until the next attempt.
WAIT_REMEDY = (
    (THROTTLING_CODES, Throttled("AWS to take more requests", 10.0)),
    (CONFLICT_CODES, Throttled("another change of the organization to end", 5.0)),
    (FINALIZING_CODES, Throttled("AWS to finish setting up the organization, up to an hour", 60.0)),
    ({"ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"}, Throttled("one of the five account creations to end", 15.0)),
    ({"ACCOUNT_NUMBER_LIMIT_EXCEEDED"}, QUOTA),
)


def list_requests(aws: Connection, *, include_ended: bool = False) -> Requests:
    """Return the requests in progress; with `include_ended` also those that succeeded and may not be listed yet."""
    if include_ended:
        return _read_requests(aws)
    return aws.shared_reads.read("account requests in progress", lambda: _read_requests(aws, States=["IN_PROGRESS"]))


def _read_requests(aws: Connection, **states: Any) -> Requests:
    statuses = list(aws.pages("organizations", "ListCreateAccountStatus", "CreateAccountStatuses", **states))
    now = aws.clock.now()
    # The oldest is last, and wins: of two for one account, AWS rejects the later one.
    statuses.sort(key=lambda status: status.get("RequestedTimestamp", now), reverse=True)
    working = [
        item for item in statuses if item["State"] == "IN_PROGRESS" and _age(item, "Requested", now) < MAX_REQUEST_AGE
    ]
    succeeded = [
        item for item in statuses if item["State"] == "SUCCEEDED" and _age(item, "Completed", now) < LISTED_WITHIN
    ]
    if succeeded:  # the successor of an account that was closed since then may have its name
        closed = {account.id for account in read_account_list(aws).by_id.values() if account.is_closed}
        succeeded = [item for item in succeeded if item.get("AccountId") not in closed]
    return Requests(
        by_name={str(item["AccountName"]): str(item["Id"]) for item in (*succeeded, *working)},
        in_progress=frozenset(str(item["Id"]) for item in working),
        sent_at=tuple(item["RequestedTimestamp"] for item in statuses if "RequestedTimestamp" in item),
    )


def begin_create_account(
    aws: Connection, step: CreateAccount, id_index: IdIndex, *, doubt: bool = False
) -> Request | Throttled:
    """Send CreateAccount, unless a request of this name is under way; in doubt, unless one has just succeeded."""
    known = list_requests(aws, include_ended=doubt).by_name.get(step.name)
    if known:
        return Request(known, sent=False)
    try:
        return _send(aws, step)
    except Rejected as rejection:
        wait_remedy = next(
            (wait_remedy for codes, wait_remedy in WAIT_REMEDY if {rejection.code, rejection.reason} & codes), None
        )
        if wait_remedy is None or (wait_remedy is QUOTA and not _is_young(aws, id_index)):
            raise
        return wait_remedy


def settle_create_account(
    aws: Connection, step: CreateAccount, id_index: IdIndex, request: Request
) -> Pending | Retry | None:
    """Poll the request; it is done when the account is in the list."""
    answer = aws.read("organizations", "DescribeCreateAccountStatus", CreateAccountRequestId=request.id)
    status: dict[str, Any] = answer["CreateAccountStatus"]
    if status["State"] == "IN_PROGRESS":
        return Pending(request)
    if status["State"] == "FAILED":
        return _raise_failure(aws, step, id_index, request, status)
    return _succeeded_requests(aws, step, id_index, request, status)


# The example of `aws organizations describe-create-account-status` in the AWS CLI's reference took 54 seconds.
TYPICAL_SECONDS = 60.0
CREATE_ACCOUNT = Asynchronous(
    begin_create_account,
    list_requests,
    settle_create_account,
    name=attrgetter("name"),
    in_flight=5,
    burst=3,
    seconds_per_token=10.0,
    typical=TYPICAL_SECONDS,
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


def _is_young(aws: Connection, id_index: IdIndex) -> bool:
    """Return whether the organization is new, by the time its management account joined: AWS reports no other age."""
    management_account = read_account_list(aws).by_id.get(id_index.target.account)
    if management_account is None or management_account.join_time is None:
        return False
    return aws.clock.now() - management_account.join_time < NEW_ORGANIZATION_AGE


def _succeeded_requests(
    aws: Connection, step: CreateAccount, id_index: IdIndex, request: Request, status: dict[str, Any]
) -> Pending | None:
    account, now = str(status["AccountId"]), aws.clock.now()
    listed = read_account_list(aws).by_id.get(account)
    if listed is None:
        if _age(status, "Completed", now) < LISTED_WITHIN:
            return Pending(request, in_flight=False)
        raise StepFailed(
            f"AWS made account {step.name} ({account}) and does not list it after {LISTED_WITHIN}.",
            "run the phase again in some minutes: it goes on from here.",
        )
    if listed.email and listed.email.casefold() != step.email.casefold():
        raise StepFailed(
            f"a request for account {step.name} was under way, and made {account} with email {listed.email}.",
            f"name that account in the parameters file (id, email), or give the one for {step.email} another name.",
        )
    id_index.accounts[step.key] = account
    return None


def _raise_failure(
    aws: Connection, step: CreateAccount, id_index: IdIndex, request: Request, status: dict[str, Any]
) -> Pending | Retry | None:
    """Raise the failure, unless the account exists, another request is making it, or the step can be retried."""
    reason = str(status.get("FailureReason", ""))
    if reason in FAILURE_REMEDIES:
        account = find_by_email(aws, step.email)
        if account is not None:
            id_index.accounts[step.key] = account
            return None
        creation_id = list_requests(aws, include_ended=True).by_name.get(step.name)
        if creation_id not in (None, request.id):
            return Pending(Request(str(creation_id), sent=False), in_flight=False)
        if "CompletedTimestamp" in status and _age(status, "Completed", aws.clock.now()) < FAILURE_REMEDIES[reason]:
            return Pending(request, in_flight=False)
    failure = StepFailed(f"AWS could not create account {step.name}: {reason}.", advice(reason), code=reason)
    if reason in RETRYABLE_FAILURES or (reason in ABOUT_ITS_EMAIL and not request.sent):
        return Retry(failure)
    raise failure


def find_by_email(aws: Connection, email: str) -> str | None:
    """Return the account of the organization with this email."""
    account = read_account_list(aws).with_email(email)
    return account.id if account else None


def _age(status: dict[str, Any], moment: str, now: datetime) -> timedelta:
    """Return how long ago it was Requested, or Completed; zero if AWS does not say."""
    age: timedelta = now - status.get(f"{moment}Timestamp", now)
    return age
