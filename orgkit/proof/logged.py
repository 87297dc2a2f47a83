"""One event of AWS's log of calls, and how a place and a moment are told."""

from dataclasses import dataclass
from datetime import datetime

Place = tuple[str, str]  # account and region


@dataclass(frozen=True)
class Logged:
    """One event of AWS's log, as far as it tells who did what."""

    event_id: str
    request_id: str
    at: datetime
    source: str  # such as iam.amazonaws.com
    name: str
    account: str  # whose log it stands in
    region: str
    arn: str  # of who called
    role: str = ""  # the ARN of the role that was assumed
    error: str = ""
    service: str = ""  # of AWS, that called on somebody's behalf
    agent: str = ""
    kind: str = ""
    entered: str = ""  # of AssumeRole: the ARN of the session that it gave

    @property
    def call(self) -> str:
        return f"{self.source.removesuffix('.amazonaws.com')}:{self.name}"

    @property
    def sentence(self) -> str:
        failed = f" (refused: {self.error})" if self.error else ""
        return f"{self.call}{where(self.account, self.region, self.at, self.request_id)}, by {self.arn}{failed}"

    def facts(self) -> dict[str, str]:
        told = {name: value for name, value in vars(self).items() if name != "at"}
        return {"call": self.call, "at": self.at.isoformat(), **told}


def where(account: str, region: str, at: datetime, request_id: str) -> str:
    """A place and a moment, as they follow what happened there."""
    place = f" in account {account}, {region}" if account else ""
    return f"{place}, {at:%Y-%m-%d %H:%M:%S} UTC{f', request {request_id}' if request_id else ''}"
