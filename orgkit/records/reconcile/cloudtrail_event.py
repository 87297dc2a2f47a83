"""One CloudTrail event, and how an account, a region and a time are shown."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

Place = tuple[str, str]  # account and region


@dataclass(frozen=True)
class CloudTrailEvent:
    """One CloudTrail event, as far as it shows who did what."""

    event_id: str
    request_id: str
    at: datetime
    source: str  # such as iam.amazonaws.com
    name: str
    account: str  # whose log it stands in
    region: str
    arn: str  # of the caller
    role: str = ""  # the ARN of the role that was assumed
    error: str = ""
    service: str = ""  # of AWS, that called on somebody's behalf
    agent: str = ""
    kind: str = ""
    entered: str = ""  # of AssumeRole: the ARN of the session that it gave
    mentions: frozenset[str] = frozenset()  # every string in what was asked and answered

    @property
    def call(self) -> str:
        return f"{self.source.removesuffix('.amazonaws.com')}:{self.name}"

    @property
    def sentence(self) -> str:
        failed = f" (refused: {self.error})" if self.error else ""
        return f"{self.call}{place_text(self.account, self.region, self.at, self.request_id)}, by {self.arn}{failed}"

    def facts(self) -> dict[str, str]:
        facts = {name: value for name, value in vars(self).items() if name not in ("at", "mentions")}
        return {"call": self.call, "at": self.at.isoformat(), **facts}


def place_text(account: str, region: str, at: datetime, request_id: str) -> str:
    """A place and a moment, as they follow what happened there."""
    place = f" in account {account}, {region}" if account else ""
    return f"{place}, {at:%Y-%m-%d %H:%M:%S} UTC{f', request {request_id}' if request_id else ''}"


def is_own_session(event: CloudTrailEvent, sessions: Collection[str], run: str) -> bool:
    """The same ARN, a session of the same role, or a session that has the run's name."""
    roles = {role for arn in sessions for role in _role(arn)}
    is_run_session = bool(run) and event.arn.endswith(f"/orgkit-{run}"[:65])
    return event.arn in sessions or is_run_session or any(role in roles for role in _role(event.arn))


def session_arn(account: str, role: str, session: str = "") -> str:
    """The ARN of a role's session; without a session's name, the prefix of all of them."""
    return f"arn:aws:sts::{account}:assumed-role/{role}/{session}"


def account_of(arn: str) -> str:
    """The account of an ARN."""
    return arn.split(":")[4] if arn.count(":") >= 5 else ""


def _role(arn: str) -> Iterator[tuple[str, str]]:
    """Account and role of arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; nothing of a user's."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[5].startswith("assumed-role/"):
        yield parts[4], parts[5].split("/")[1]
