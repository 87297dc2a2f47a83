"""How a person is signed in: by which way, until when, and whether the clocks agree; for `orgkit doctor`."""

from datetime import datetime

from orgkit.aws.clock import MAX_SKEW
from orgkit.aws.session import Connection
from orgkit.dataclass import dataclass

# botocore's name for where credentials come from, and what a person calls it.
METHODS = {
    "env": "environment variables", "shared-credentials-file": "the credentials file", "config-file": "the config file",
    "assume-role": "a role of a profile", "assume-role-with-web-identity": "a web identity", "sso": "aws sso login",
    "login": "aws login", "custom-process": "credential_process", "container-role": "the container's role",
    "iam-role": "the instance's role",
}  # fmt: skip


@dataclass(frozen=True)
class CallerReport:
    """The identity that AWS confirms, and how it got here."""

    arn: str
    account: str
    is_temporary: bool
    is_root_user: bool
    method: str
    profile: str
    expires_at: datetime | None  # None where nobody says
    asks_for_mfa: bool  # whether the profile names an MFA device; STS does not report whether it was used
    skew_seconds: float | None  # of this machine's clock against AWS's; None where AWS's answer had no date

    @property
    def is_clock_right(self) -> bool:
        """Whether AWS takes what is signed by this clock."""
        return self.skew_seconds is None or abs(self.skew_seconds) <= MAX_SKEW.total_seconds()


def report_caller(aws: Connection) -> CallerReport:
    """Ask AWS who calls; raises what `Connection.caller` raises."""
    caller, session = aws.caller(), aws.session_for_library()
    credentials, profile = session.get_credentials(), str(session.profile_name)
    method = str(getattr(credentials, "method", ""))
    settings = session._session.full_config.get("profiles", {}).get(profile, {})
    skew = (caller.we_say - caller.aws_says).total_seconds() if caller.we_say and caller.aws_says else None
    return CallerReport(
        arn=caller.arn, account=caller.account, is_temporary=caller.is_temporary, is_root_user=caller.is_root_user,
        method=METHODS.get(method, method), profile=profile, expires_at=getattr(credentials, "_expiry_time", None),
        asks_for_mfa="mfa_serial" in settings, skew_seconds=skew,
    )  # fmt: skip
