"""How AWS's own log of calls is asked: CloudTrail's event history, account by account and region by region."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.model.desired import READ_ROLE
from orgkit.model.roles import compact
from orgkit.proof.logged import Logged, Place
from orgkit.proof.mutations import Window
from orgkit.proof.ours import session_arn

PAUSE = 0.5  # seconds: AWS answers two requests a second for an account and region
PAGE = 50
# One attribute is all that AWS takes.
CHANGES = {"AttributeKey": "ReadOnly", "AttributeValue": "false"}
ENTRIES = {"AttributeKey": "EventName", "AttributeValue": "AssumeRole"}  # which AWS takes for a read
ONLY_LOOK = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "cloudtrail:LookupEvents", "Resource": "*"}],
}


def read_log(
    aws: Connection, places: Iterable[Place], window: Window, access_roles: Sequence[str]
) -> tuple[tuple[Logged, ...], dict[Place, str]]:
    """Every change that AWS has logged in these places, and why some of them could not be asked.

    A member account is asked through its read role; where that may not, through an access role narrowed to looking.
    """
    found: list[Logged] = []
    unasked: dict[Place, str] = {}
    for place in sorted(places):
        events = _through_one_of(aws, place, window, access_roles)
        if isinstance(events, Refused):
            unasked[place] = str(events)
        else:
            found += events
    return tuple(found), unasked


def read_entries(
    aws: Connection, regions: Iterable[str], window: Window
) -> tuple[tuple[Logged, ...], dict[Place, str]]:
    """Who has entered which account from ours, as our account's log has it, and why it could not be asked."""
    account = aws.caller().account
    found: list[Logged] = []
    unasked: dict[Place, str] = {}
    for region in sorted(regions):
        try:
            found += _events(aws, account, region, window, ENTRIES)
        except Refused as refused:
            unasked[account, region] = str(refused)
    return tuple(found), unasked


def _through_one_of(
    aws: Connection, place: Place, window: Window, access_roles: Sequence[str]
) -> tuple[Logged, ...] | Refused:
    """The events, through the first of our roles that AWS lets ask; else the first refusal."""
    account, region = place
    doors: list[tuple[str, str | None]] = [("", None)]
    if account != aws.caller().account:
        doors = [(READ_ROLE, None), *((role, compact(ONLY_LOOK)) for role in access_roles)]
    first: Refused | None = None
    for role, policy in doors:
        try:
            inside = aws.assume(account, role, policy=policy) if role else aws
            return tuple(_events(inside, account, region, window))
        except Refused as refused:
            first = first or refused
    assert first is not None
    return first


def _events(
    aws: Connection, account: str, region: str, window: Window, wanted: Mapping[str, str] = CHANGES
) -> Iterator[Logged]:
    """All pages: one may be empty and still have a successor."""
    token: dict[str, str] = {}
    pages = 0
    while True:
        aws.progress(f"AWS's log of account {account} in {region}, page {pages + 1}", 0.0, 0.0)
        answer = aws.read(
            "cloudtrail", "LookupEvents", region=region, LookupAttributes=[wanted], MaxResults=PAGE,
            StartTime=window.begin, EndTime=window.end, **token,
        )  # fmt: skip
        yield from (_logged(json.loads(item["CloudTrailEvent"])) for item in answer["Events"])
        aws.clock.sleep(PAUSE)  # also after the last page: the same place may be asked through another role
        if not answer.get("NextToken"):
            return
        token, pages = {"NextToken": answer["NextToken"]}, pages + 1


def _logged(event: Mapping[str, Any]) -> Logged:
    identity: Mapping[str, Any] = event.get("userIdentity") or {}
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    return Logged(
        event_id=str(event.get("eventID", "")),
        request_id=str(event.get("requestID") or ""),  # an event without a request has null
        at=datetime.fromisoformat(str(event["eventTime"]).replace("Z", "+00:00")).astimezone(UTC),
        source=str(event.get("eventSource", "")),
        name=str(event.get("eventName", "")),
        account=str(event.get("recipientAccountId", "")),
        region=str(event.get("awsRegion", "")),
        arn=str(identity.get("arn") or identity.get("invokedBy") or identity.get("type") or ""),
        role=str(issuer.get("arn", "")),
        error=str(event.get("errorCode") or ""),
        service=str(identity.get("invokedBy") or ""),
        agent=str(event.get("userAgent") or ""),
        kind=str(event.get("eventType", "")),
        entered=_entered(event),
    )


def _entered(event: Mapping[str, Any]) -> str:
    """The session that was asked for, as its own calls are logged: without the path of its role."""
    asked: Mapping[str, Any] = event.get("requestParameters") or {}
    parts = str(asked.get("roleArn", "")).split(":")
    if event.get("eventName") != "AssumeRole" or len(parts) != 6:
        return ""
    return session_arn(parts[4], parts[5].rpartition("/")[2], str(asked.get("roleSessionName", "")))
