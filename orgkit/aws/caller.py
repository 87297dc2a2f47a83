"""Who AWS says is calling, and what its clock and ours said at that moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgkit.aws.retry import UNREACHED, Refused
from orgkit.aws.skew import time_of
from orgkit.errors import CouldNotRead, OrgkitError, WrongAccount


@dataclass(frozen=True)
class Caller:
    """Who AWS says is calling."""

    account: str
    arn: str
    access_key: str  # only its public id; tells temporary (ASIA) from long-lived (AKIA)
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


def nobody(refused: Refused) -> OrgkitError:
    """Why it is not known who calls: AWS was not reached, or knows no such credentials."""
    if refused.code in UNREACHED:
        return CouldNotRead(
            f"AWS could not be asked who is calling: {refused}.",
            "check the network, a proxy and ORGKIT_ENDPOINT_URL (a sandbox may have ended); then run again.",
        )
    if refused.code == "NoCredentials" and not refused.message:
        return WrongAccount(
            "no AWS credentials were found.",
            "sign in to the management account first (`aws login`, or a profile in AWS_PROFILE).",
        )
    return WrongAccount(f"AWS does not accept these credentials: {refused}", "sign in again.")


def guard_member(caller: Caller, account: str) -> None:
    """WrongAccount unless a session for a member account is one: a change must never reach another account."""
    if account and caller.account != account:
        raise WrongAccount(
            f"a session for account {account} answers as account {caller.account} ({caller.arn}).",
            "find out why before anything else: nothing was sent to that account.",
        )
