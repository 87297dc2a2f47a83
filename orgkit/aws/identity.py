"""Who is calling, by AWS's answer, and guards before the first change: place, account, kind of identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgkit.aws.advice import remedy_for
from orgkit.aws.clock import time_of
from orgkit.aws.local_errors import local_error
from orgkit.aws.rejections import UNREACHABLE_CODES, Rejected
from orgkit.errors import OrgkitError, WrongAccount


@dataclass(frozen=True)
class Caller:
    """Who AWS says is calling."""

    account: str
    arn: str
    access_key: str  # only its public id: temporary (ASIA) or long-lived (AKIA)
    aws_says: datetime | None = field(default=None, compare=False, repr=False)  # None: the answer had no date
    we_say: datetime | None = field(default=None, compare=False, repr=False)  # when that answer came

    @property
    def is_root_user(self) -> bool:
        return self.arn.endswith(":root")

    @property
    def is_temporary(self) -> bool:
        return not self.access_key.startswith("AKIA")

    @property
    def session(self) -> str:
        """The name of an assumed role's session; "" for a user."""
        return self.arn.rpartition("/")[2] if ":assumed-role/" in self.arn else ""

    @property
    def partition(self) -> str:
        return (*self.arn.split(":"), "")[1]


def caller_of(answer: Mapping[str, Any], access_key: str, now: datetime) -> Caller:
    """The answer to GetCallerIdentity, and the moment at which it came."""
    return Caller(str(answer["Account"]), str(answer["Arn"]), access_key, time_of(answer), now)


def no_credentials(rejection: Rejected) -> OrgkitError:
    """Why it is not known who calls: AWS was not reached, or knows no such credentials."""
    message = str(rejection).removesuffix(".")
    reason = f"no request was signed: {message}."
    if rejection.code in UNREACHABLE_CODES:
        reason = f"AWS could not be asked who is calling: {message}."
    elif rejection.code == "NoCredentials":
        reason = "no AWS credentials were found."
    return local_error(rejection.code, reason, rejection.remedy) or WrongAccount(
        f"AWS does not accept these credentials: {message}.", remedy_for(rejection)
    )


def guard_member(caller: Caller, account: str) -> None:
    """WrongAccount unless a session for a member account is one: a change must never reach another account."""
    if account and caller.account != account:
        raise WrongAccount(
            f"a session for account {account} answers as account {caller.account} ({caller.arn}).",
            "find out why before anything else: nothing was sent to that account.",
        )


def guard_caller(caller: Caller, *, management_account_id: str, long_lived_keys: bool) -> None:
    """WrongAccount unless a temporary identity of the file's own account calls, and not its root user."""
    if caller.partition != "aws":
        raise WrongAccount(f"partition {caller.partition} is not supported.", "use an account of the aws partition.")
    if caller.account != management_account_id:
        raise WrongAccount(
            f"they belong to account {caller.account}; the file is for {management_account_id}.",
            "sign in to the management account that the file names, or use the file of this account.",
        )
    if caller.is_root_user:
        raise WrongAccount(
            "they are those of the root user, whose rights nothing limits.",
            "sign in as an IAM user or role of the account, with MFA.",
        )
    if not caller.is_temporary and not long_lived_keys:
        raise WrongAccount(
            f"{caller.access_key[:4]}… is a long-lived access key, which does not end when it leaks.",
            "use `aws login` or an MFA session (aws sts get-session-token), "
            "or set organization.long_lived_keys = true in the file.",
        )


def guard_organization(
    *, caller_account: str, management_account_id: str, organization_id: str, pinned: str | None
) -> None:
    """WrongAccount when the account is somebody's member, or the organization is not the one that the file pins."""
    if management_account_id != caller_account:
        raise WrongAccount(
            f"account {caller_account} is a member of organization {organization_id}, "
            f"whose management account is {management_account_id}.",
            "use the management account, or an account that is in no organization.",
        )
    if pinned and pinned != organization_id:
        raise WrongAccount(
            f"the file pins organization {pinned}; this account manages {organization_id}.",
            "use the file of this organization.",
        )
