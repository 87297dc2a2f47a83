"""How AWS's own log of calls is asked: CloudTrail's event history, account by account and region by region."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.response import Answer, Token, next_token, walk_pages
from orgkit.aws.session import Connection
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import READ_ROLE
from orgkit.records.reconcile.cloudtrail_event import CloudTrailEvent, Place, session_arn
from orgkit.records.reconcile.journal_changes import Window

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
) -> tuple[tuple[CloudTrailEvent, ...], dict[Place, str]]:
    """Every change that AWS has logged in these places, and why some of them could not be asked.

    A member account is asked through its read role; where that may not, through an access role narrowed to looking.
    """
    log: list[CloudTrailEvent] = []
    unasked: dict[Place, str] = {}
    for place in sorted(places):
        events = _open_connection(aws, place, window, access_roles)
        if isinstance(events, Rejected):
            unasked[place] = str(events)
        else:
            log += events
    return tuple(log), unasked


def read_entries(
    aws: Connection, regions: Iterable[str], window: Window
) -> tuple[tuple[CloudTrailEvent, ...], dict[Place, str]]:
    """Who has entered which account from ours, as our account's log has it, and why it could not be asked."""
    account = aws.caller().account
    log: list[CloudTrailEvent] = []
    unasked: dict[Place, str] = {}
    for region in sorted(regions):
        try:
            log += lookup_events(aws, account, region, window, ENTRIES)
        except Rejected as rejection:
            unasked[account, region] = str(rejection)
    return tuple(log), unasked


def _open_connection(
    aws: Connection, place: Place, window: Window, access_roles: Sequence[str]
) -> tuple[CloudTrailEvent, ...] | Rejected:
    """The events, through the first of our roles that AWS lets ask; else the first refusal."""
    account, region = place
    roles: list[tuple[str, str | None]] = [("", None)]
    if account != aws.caller().account:
        roles = [(READ_ROLE, None), *((role, compact_json(ONLY_LOOK)) for role in access_roles)]
    first: Rejected | None = None
    for role, policy in roles:
        try:
            connection = aws.assume(account, role, policy=policy) if role else aws
            return tuple(lookup_events(connection, account, region, window))
        except Rejected as rejection:
            first = first or rejection
    assert first is not None
    return first


def lookup_events(
    aws: Connection, account: str, region: str, window: Window, attributes: Mapping[str, str] = CHANGES
) -> Iterator[CloudTrailEvent]:
    """Yield the events of an account and region, newest first, page by page; a page is read when it is needed.

    One may be empty and still have a successor.

    Args:
        aws: A connection as that account.
        account: For messages.
        region: The region.
        window: From when to when.
        attributes: The one lookup attribute that AWS takes.
    """

    def fetch(token: Token) -> Answer:
        return aws.read(
            "cloudtrail", "LookupEvents", region=region, LookupAttributes=[attributes], MaxResults=PAGE,
            StartTime=window.begin, EndTime=window.end, **token,
        )  # fmt: skip

    subject = f"AWS's log of account {account} in {region}"
    aws.progress(f"{subject}, page 1", 0.0, 0.0)
    pages = walk_pages("cloudtrail:LookupEvents", fetch, lambda page: next_token(page, "NextToken"))
    for number, page in enumerate(pages, 1):
        yield from (_as_event(json.loads(item["CloudTrailEvent"])) for item in page["Events"])
        aws.clock.sleep(PAUSE)  # also after the last page: the same place may be asked through another role
        if page.get("NextToken"):
            aws.progress(f"{subject}, page {number + 1}", 0.0, 0.0)


def _as_event(event: Mapping[str, Any]) -> CloudTrailEvent:
    identity: Mapping[str, Any] = event.get("userIdentity") or {}
    issuer = (identity.get("sessionContext") or {}).get("sessionIssuer") or {}
    return CloudTrailEvent(
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
        entered=_entered_account(event),
        mentions=frozenset(_texts([event.get("requestParameters"), event.get("responseElements")])),
    )


def _texts(value: Any) -> Iterator[str]:
    """Yield every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _entered_account(event: Mapping[str, Any]) -> str:
    """The session that was asked for, as its own calls are logged: without the path of its role."""
    parameters: Mapping[str, Any] = event.get("requestParameters") or {}
    parts = str(parameters.get("roleArn", "")).split(":")
    if event.get("eventName") != "AssumeRole" or len(parts) != 6:
        return ""
    return session_arn(parts[4], parts[5].rpartition("/")[2], str(parameters.get("roleSessionName", "")))
