"""How a member account is entered: a new one says "not yet" in many ways, which an old one means."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from orgkit.aws.retry import EXPIRED, Refused
from orgkit.aws.session import Connection
from orgkit.errors import StepFailed
from orgkit.model.accounts import CreateReadRole

# A new account answers so for a while; after that it is what it says.
NOT_YET = ("AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "OptInRequired", "SubscriptionRequired",
           "SubscriptionRequiredException", "NotSignedUp")  # fmt: skip
USABLE_WITHIN = 900.0  # seconds after an account has joined: the longest that users report is about seven minutes
READ_PROBES = {"s3": "ListBuckets", "kms": "ListAliases"}

T = TypeVar("T")


def usable(aws: Connection, account: str, step: CreateReadRole) -> Connection:
    """The account counts as usable when its access role can be assumed and the services asked for answer."""
    what = f"account {step.name} to be usable through {step.role_name}"
    try:
        inside = _while_new(aws, account, what, lambda: _assumed(aws, account, step.role_name))
    except Refused as refused:
        if refused.code not in NOT_YET or refused.code in EXPIRED:
            raise
        raise StepFailed(
            f"account {step.name} ({account}) cannot be entered through role {step.role_name}: {refused}.",
            "see whether that role is in the account and trusts the management account (the parameters file names it: "
            f"role_name of {step.key}); then run the phase again.",
            code=refused.code,
            request_id=refused.request_id,
        ) from None
    for service in step.services:
        _while_new(aws, account, f"{service} to answer in {step.name}", partial(_answers, inside, service))
    return inside


def _while_new(aws: Connection, account: str, what: str, look: Callable[[], T]) -> T:
    """Ask until AWS stops saying "not yet"; an account that is no longer new means what it says."""
    new_until: list[datetime] = []

    def patiently() -> T | None:
        try:
            return look()
        except Refused as refused:
            if refused.code not in NOT_YET or _is_about_us(refused):
                raise
            new_until[:] = new_until or [_joined(aws, account) + timedelta(seconds=USABLE_WITHIN)]
            if aws.clock.now() > new_until[0]:
                raise
            return None

    return aws.wait_for(what, patiently, every=10, at_most=USABLE_WITHIN)


def _joined(aws: Connection, account: str) -> datetime:
    """Since when the account is in the organization; since now when AWS does not say."""
    found = (item for item in aws.pages("organizations", "ListAccounts", "Accounts") if item["Id"] == account)
    joined: datetime = next(found, {}).get("JoinedTimestamp", aws.clock.now())
    return joined


def _is_about_us(refused: Refused) -> bool:
    """A new account knows its own keys a little later; those with which we ask for them have ended."""
    return refused.operation == "sts:AssumeRole" and refused.code in EXPIRED


def _assumed(aws: Connection, account: str, role: str) -> Connection:
    """Two successes in a row, since AWS's places learn of a role one after the other; then who answers is asked."""
    arn = f"arn:{aws.partition}:iam::{account}:role/{role}"
    aws.read("sts", "AssumeRole", RoleArn=arn, RoleSessionName=f"orgkit-{aws.journal.run}"[:64], DurationSeconds=900)
    inside = aws.assume(account, role)
    told = inside.read("sts", "GetCallerIdentity")["Account"]
    if told != account:
        raise StepFailed(
            f"a session for account {account} answers as account {told}.",
            "find out why before anything else: nothing was sent to that account.",
        )
    return inside


def until_assumable(aws: Connection, account: str, role: str, name: str) -> None:
    """For a role that was made a moment ago, in an account of whatever age."""

    def look() -> Connection | None:
        try:
            return _assumed(aws, account, role)
        except Refused as refused:
            if refused.code in NOT_YET and not _is_about_us(refused):
                return None
            raise

    aws.wait_for(f"{role} in {name}", look, every=5, at_most=300)


def _answers(inside: Connection, service: str) -> bool:
    inside.read(service, READ_PROBES[service])
    return True
