"""How orgkit enters a member account: errors of a new account may mean "not yet", those of an old one are final."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from orgkit.aws.rejections import EXPIRED_CODES, Rejected
from orgkit.aws.session import Connection
from orgkit.aws.waiting import Waits, wait_until
from orgkit.errors import TOKEN_NOT_ACCEPTED, StepFailed
from orgkit.phases.member_access.account_list_aws import join_time
from orgkit.phases.member_access.steps import CreateReadRole

# Errors of a new account that are temporary; in an older account they are final.
NOT_YET = ("AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "OptInRequired", "SubscriptionRequired",
           "SubscriptionRequiredException", "NotSignedUp", TOKEN_NOT_ACCEPTED)  # fmt: skip
USABLE_WITHIN = 900.0  # seconds after an account has joined: the longest that users report is about seven minutes
READ_PROBES = {"s3": "ListBuckets", "kms": "ListAliases"}

T = TypeVar("T")


def usable_connection(aws: Connection, account: str, step: CreateReadRole) -> Waits[Connection]:
    """Wait until the account is usable: its access role can be assumed, and the required services respond."""
    subject = f"account {step.name} to be usable through {step.role_name}"
    try:
        member = yield from _while_new(aws, account, subject, lambda: _assume(aws, account, step.role_name))
    except Rejected as rejection:
        if rejection.code not in NOT_YET or rejection.code in EXPIRED_CODES or rejection.is_final:
            raise
        raise StepFailed(
            f"account {step.name} ({account}) cannot be entered through role {step.role_name}: {rejection}.",
            "see whether that role is in the account and trusts the management account (the parameters file names it: "
            f"role_name of {step.key}); then run the phase again.",
            code=rejection.code,
            request_id=rejection.request_id,
        ) from None
    for service in step.services:
        yield from _while_new(aws, account, f"{service} to answer in {step.name}", partial(_answers, member, service))
    return member


def _while_new(aws: Connection, account: str, subject: str, look: Callable[[], T]) -> Waits[T]:
    """Retry while AWS says "not yet"; for an account that is no longer new, the error is final."""
    new_until: list[datetime] = []

    def patiently() -> T | None:
        try:
            return look()
        except Rejected as rejection:
            if rejection.code not in NOT_YET or rejection.is_final or _is_caller_denied(rejection):
                raise
            new_until[:] = new_until or [join_time(aws, account) + timedelta(seconds=USABLE_WITHIN)]
            if aws.clock.now() > new_until[0]:
                raise
            return None

    return wait_until(subject, patiently, every=10, at_most=USABLE_WITHIN)


def _is_caller_denied(rejection: Rejected) -> bool:
    """Whether the caller's own credentials have expired: a new account rejects its own keys for a moment, too."""
    return rejection.operation == "sts:AssumeRole" and rejection.code in EXPIRED_CODES


def _assume(aws: Connection, account: str, role: str) -> Connection:
    """Assume the role twice, since a new role reaches AWS's servers one after the other; then check the account."""
    member = _assume_twice(aws, account, role)
    actual_account = member.read("sts", "GetCallerIdentity")["Account"]
    if actual_account != account:
        raise StepFailed(
            f"a session for account {account} answers as account {actual_account}.",
            "find out why before anything else: nothing was sent to that account.",
        )
    return member


def _assume_twice(aws: Connection, account: str, role: str) -> Connection:
    arn = f"arn:{aws.partition}:iam::{account}:role/{role}"
    aws.read("sts", "AssumeRole", RoleArn=arn, RoleSessionName=f"orgkit-{aws.journal.run}"[:64], DurationSeconds=900)
    return aws.assume(account, role)


def until_assumable(aws: Connection, account: str, role: str, name: str) -> Waits[Connection]:
    """Wait until a role that was just made can be assumed, in an account of any age; its session changes nothing."""

    def look() -> Connection | None:
        try:
            return _assume_twice(aws, account, role)
        except Rejected as rejection:
            if rejection.code in NOT_YET and not rejection.is_final and not _is_caller_denied(rejection):
                return None
            raise

    return wait_until(f"{role} in {name}", look, every=5, at_most=300)


def _answers(member: Connection, service: str) -> bool:
    member.read(service, READ_PROBES[service])
    return True
