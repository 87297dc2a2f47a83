"""A run's record joined with AWS's own log: each change matched or not, and what else was done as us; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from orgkit.records.reconcile.cloudtrail_event import CloudTrailEvent, Place, is_own_session
from orgkit.records.reconcile.journal_changes import COMMITTED, REFUSED, Mutation, Window
from orgkit.records.reconcile.report import ClaimedEvent, MatchStatus, Reconciliation, Verdict

VISIBLE_WITHIN = timedelta(minutes=15)  # usually about 5, says AWS
MARGIN = timedelta(minutes=5)  # of clocks, and of what arrives late
EVENT_HISTORY_PERIOD = timedelta(days=90)  # AWS's event history
# How CloudTrail calls an operation where it is not the API's name: only a change without an answer is sought by name.
LOGGED_AS = {
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}
CALLS = ("AwsApiCall", "AwsConsoleAction")  # other kinds of events are sign-ins, and what AWS does by itself
DONE = "no answer had come; AWS logs it as done"
REFUSED_REMARK = "no answer had come; AWS logs that it refused it"
NOT_ARRIVED_REMARK = "no answer had come, and AWS logs no such request: it did not arrive"
HARMLESS = "AWS refused it, and does not log every refusal"
NO_ID = "its answer has no request id, which every answer of AWS has"
CONTRADICTED = {COMMITTED: "the record says committed, AWS logs an error", REFUSED: "refused, says the record; not AWS"}


def reconcile(
    mutations: Sequence[Mutation],
    neighbours: Sequence[Mutation],
    events_in_log: Iterable[CloudTrailEvent],
    *,
    claimed_mutations: Sequence[Mutation] = (),
    sessions: Collection[str],
    scope: Collection[Place],
    unasked: Mapping[Place, str],
    window: Window,
    now: datetime,
) -> Reconciliation:
    """Join a run's changes with what AWS logged; `neighbours` are the changes of all other runs of the account.

    `sessions` are the ARNs that were the run's identity; those that AWS logged for its requests count as well.
    `claimed_mutations` are changes of runs that nobody can check: they explain nothing, and are reported.
    """
    events = {event.request_id or event.event_id: event for event in events_in_log}
    known = (*mutations, *neighbours)
    matches = _match_events(known, list(events.values()))
    verdicts = tuple(Verdict(m, *_status(m, matches.get(m), scope, now), matches.get(m)) for m in mutations)
    sessions = {*sessions, *(verdict.event.arn for verdict in verdicts if verdict.event)}
    run = mutations[0].run if mutations else ""
    explained = {event.event_id for event in matches.values()}
    strange = [event for event in events.values() if event.event_id not in explained and event.kind in CALLS]
    suspected = [event for event in strange if is_own_session(event, sessions, run) and not event.service]
    doubtful = {event.event_id: mutation.run for mutation, event in _match_events(claimed_mutations, suspected).items()}
    return Reconciliation(
        verdicts,
        unmatched=tuple(event for event in suspected if event.event_id not in doubtful),
        other_events=tuple(event for event in strange if event not in suspected),
        claimed_events=tuple(ClaimedEvent(e, doubtful[e.event_id]) for e in suspected if e.event_id in doubtful),
        queried=frozenset(scope), unreachable=dict(unasked), window=window, complete=now >= window.end + VISIBLE_WITHIN,
    )  # fmt: skip


def _match_events(mutations: Iterable[Mutation], events: Sequence[CloudTrailEvent]) -> dict[Mutation, CloudTrailEvent]:
    """For each change its event: by the id of its request, else the first like it that nobody else has."""
    mutations, by_id = list(mutations), {event.request_id: event for event in events if event.request_id}
    matches = {candidate: by_id[candidate.request_id] for candidate in mutations if candidate.request_id in by_id}
    used_ids = {mutation.request_id for mutation in mutations} - {""}
    unmatched = sorted((event for event in events if event.request_id not in used_ids), key=lambda event: event.at)
    for mutation in (candidate for candidate in mutations if candidate not in matches and not candidate.is_certain):
        event = next((event for event in unmatched if _is_like(mutation, event)), None)
        if event is not None:
            matches[mutation] = event
            unmatched.remove(event)
    return matches


def _is_like(mutation: Mutation, event: CloudTrailEvent) -> bool:
    """The same operation in the same account, at about the time at which it was sent, from a client that says so."""
    service, _, operation = mutation.call.partition(":")
    is_same_call = (event.source, event.name) == (f"{service}.amazonaws.com", LOGGED_AS.get(operation, operation))
    near = -MARGIN <= event.at - mutation.sent <= MARGIN
    return is_same_call and near and event.account == mutation.account and f"orgkit-{mutation.run}"[:50] in event.agent


def _status(
    mutation: Mutation, event: CloudTrailEvent | None, queried: Collection[Place], now: datetime
) -> tuple[MatchStatus, str]:
    return _matched_status(mutation, event) if event else _unmatched_status(mutation, queried, now)


def _matched_status(mutation: Mutation, event: CloudTrailEvent) -> tuple[MatchStatus, str]:
    if not mutation.is_certain:
        return MatchStatus.MATCHED, REFUSED_REMARK if event.error else DONE
    if bool(event.error) != (mutation.result == REFUSED):
        return MatchStatus.CONTRADICTED, CONTRADICTED[mutation.result]
    return MatchStatus.MATCHED, event.error


def _unmatched_status(mutation: Mutation, queried: Collection[Place], now: datetime) -> tuple[MatchStatus, str]:
    if (mutation.account, mutation.region) not in queried:
        return (
            MatchStatus.NOT_QUERIED,
            "" if mutation.account else "the journal does not say in which account it was sent",
        )
    if mutation.result == COMMITTED and not mutation.request_id:
        return MatchStatus.UNKNOWN, NO_ID
    if now < mutation.sent + VISIBLE_WITHIN:
        return MatchStatus.NOT_YET, ""
    if mutation.result == COMMITTED:
        return MatchStatus.UNKNOWN, ""
    return MatchStatus.NOT_LOGGED, HARMLESS if mutation.result == REFUSED else NOT_ARRIVED_REMARK
