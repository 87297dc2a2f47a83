"""AWS calls that look up in CloudTrail's event history which identity made a difference.

A difference is looked up by the names of the events that can make it, in the account and region that log them. So a
history with thousands of other changes costs no more requests. AWS answers two requests a second for an account and
region.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.desired import READ_ROLE
from orgkit.model.inventory import PRESENCE, PRESENT
from orgkit.model.plan import ABSENT
from orgkit.records.health.comparison import LAST_RUN, ChangeEvent, Difference
from orgkit.records.reconcile.cloudtrail_aws import lookup_events
from orgkit.records.reconcile.cloudtrail_event import CloudTrailEvent
from orgkit.records.reconcile.journal_changes import Window
from orgkit.records.reconcile.match import EVENT_HISTORY_PERIOD

MAX_LOOKUPS = 120  # requests for first pages: about a minute
MAX_EVENTS = 250  # of one name, in one account and region: five pages
MAX_EVENTS_SHOWN = 3  # of one difference
TAG_EVENTS = ("TagResource", "UntagResource", "AddTags", "RemoveTags")  # which name the keys of the tags
# First words of the events that make a resource or an attribute, and of those that end it. Put replaces: it does both.
ADDING = ("Create", "Invite", "Accept", "Tag", "AddTags", "Attach", "Enable", "Register", "Start")
REMOVING = ("Delete", "Remove", "Leave", "Disable", "Deregister", "Cancel", "Schedule", "Untag", "Detach", "Stop")
RUN = re.compile(r"orgkit-(\d{8}T\d{6}Z-\d\d-[0-9a-z-]+)")  # in the user agent, of which 50 characters are sent
Lookup = tuple[str, str, str]  # account, region and name of the event
UNKNOWN_CALLS = "which event changes it is not known"
TOO_MANY = f"not looked up: a run looks up {MAX_LOOKUPS} kinds of events at most"


@dataclass(frozen=True)
class _Answer:
    """The events of one lookup, and why there may be more."""

    events: tuple[CloudTrailEvent, ...] = ()
    gap: str = ""


def with_events(
    aws: Connection,
    differences: Sequence[Difference],
    since: datetime | None,
    own_requests: Collection[str] = (),
) -> tuple[Difference, ...]:
    """Return the differences with the events that made them, newest first; drift comes first.

    What orgkit alone has changed since the last run is no drift, unless the file says otherwise.

    Args:
        aws: A connection as the management account.
        differences: What differs.
        since: When the last run read AWS; None to look back as far as AWS does.
        own_requests: The ids of the requests that runs of orgkit sent since then.
    """
    now = aws.clock.now()
    lookups = list(dict.fromkeys(lookup for item in differences for lookup in _lookups(item)))
    answers = {lookup: _look_up(aws, lookup, now) for lookup in lookups[:MAX_LOOKUPS]}
    answers |= {lookup: _Answer(gap=TOO_MANY) for lookup in lookups[MAX_LOOKUPS:]}
    items = (_with_events(item, answers, since, own_requests) for item in differences)
    return tuple(sorted(items, key=lambda item: not item.is_drift))


def _lookups(item: Difference) -> Iterator[Lookup]:
    resource = item.resource
    yield from ((resource.account, resource.region, name) for name in resource.calls_for(item.attribute))


def _look_up(aws: Connection, lookup: Lookup, now: datetime) -> _Answer:
    """Return the newest events of one name; of a member account through its read role."""
    account, region, name = lookup
    window = Window(now - EVENT_HISTORY_PERIOD, now)
    events: list[CloudTrailEvent] = []
    try:
        connection = aws if account == aws.caller().account else aws.assume(account, READ_ROLE)
        attribute = {"AttributeKey": "EventName", "AttributeValue": name}
        for event in lookup_events(connection, account, region, window, attribute):
            if len(events) == MAX_EVENTS:
                return _Answer(tuple(events), f"only the newest {MAX_EVENTS} events {name} were read")
            events.append(event)
    except Rejected as rejection:
        return _Answer(tuple(events), f"account {account} in {region}: {rejection}")
    return _Answer(tuple(events))


def _with_events(
    item: Difference, answers: Mapping[Lookup, _Answer], since: datetime | None, own_requests: Collection[str]
) -> Difference:
    lookups = list(_lookups(item))
    if not lookups:
        return replace(item, log_gap=UNKNOWN_CALLS)
    events = [event for lookup in lookups for event in answers[lookup].events if _is_about(event, item)]
    newest = sorted(events, key=lambda event: event.at, reverse=True)
    if since is not None and item.last_value not in (None, item.actual):  # what was before the last run did not do it
        newest = [event for event in newest if event.at >= since]
    gaps = dict.fromkeys(gap for lookup in lookups if (gap := answers[lookup].gap))
    is_own = bool(newest) and not gaps and all(event.request_id in own_requests for event in newest)
    return replace(
        item,
        events=tuple(map(_event, newest[:MAX_EVENTS_SHOWN])),
        log_gap="" if newest else "; ".join(gaps),
        is_drift=item.is_drift and not (is_own and _may_be_approved(item)),
    )


def _may_be_approved(item: Difference) -> bool:
    """Return whether the file may ask for a change: it says nothing else, and the change added nothing unnamed."""
    is_new = item.attribute == PRESENCE and item.actual == PRESENT
    return item.basis == LAST_RUN and not (is_new and item.resource.is_unmanaged)


def _can_cause(name: str, item: Difference) -> bool:
    """Return whether an event of this name can have the effect: what creates a resource does not end it."""
    if item.attribute.startswith("not "):  # such an attribute is there while something else is not
        return True
    if item.actual == ABSENT:
        return not name.startswith(ADDING)
    return not (item.attribute == PRESENCE and item.actual == PRESENT and name.startswith(REMOVING))


def _is_about(event: CloudTrailEvent, item: Difference) -> bool:
    """Return whether a call was successful and names the resource, by one of its identifiers."""
    names = {name for name in item.resource.identifiers if name}
    if event.error or not _can_cause(event.name, item):
        return False
    if not (names & event.mentions or (item.resource.is_only_one and not event.mentions)):
        return False
    word, _, key = item.attribute.partition(" ")
    if word == "tag" and event.name in TAG_EVENTS:
        return key in event.mentions
    return True


def _event(event: CloudTrailEvent) -> ChangeEvent:
    run, identity = RUN.search(event.agent), event.arn or event.role or "an unknown caller"
    return ChangeEvent(
        at=f"{event.at:%Y-%m-%d %H:%M:%S} UTC", call=event.call, identity=identity,
        event_id=event.event_id, run=run[1] if run else "",
    )  # fmt: skip


def time_of(text: str) -> datetime | None:
    """Return the time of an event of a journal, which is in UTC where it does not say so; None where it has none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
