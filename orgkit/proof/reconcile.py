"""A run's record joined with AWS's own log: each change matched or not, and what else was done as us; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from orgkit.proof.logged import Logged, Place
from orgkit.proof.mutations import COMMITTED, REFUSED, Mutation, Window
from orgkit.proof.ours import is_ours
from orgkit.proof.reconciliation import Claimed, Reconciliation, Verdict, Word

VISIBLE_WITHIN = timedelta(minutes=15)  # usually about 5, says AWS
MARGIN = timedelta(minutes=5)  # of clocks, and of what arrives late
KEPT = timedelta(days=90)  # AWS's event history
# How CloudTrail calls an operation where it is not the API's name: only a change without an answer is sought by name.
LOGGED_AS = {
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}
CALLS = ("AwsApiCall", "AwsConsoleAction")  # other kinds of events are sign-ins, and what AWS does by itself
DONE = "no answer had come; AWS logs it as done"
NOT_DONE = "no answer had come; AWS logs that it refused it"
NEVER = "no answer had come, and AWS logs no such request: it did not arrive"
HARMLESS = "AWS refused it, and does not log every refusal"
NO_ID = "its answer has no request id, which every answer of AWS has"
CONTRADICTED = {COMMITTED: "the record says committed, AWS logs an error", REFUSED: "refused, says the record; not AWS"}


def reconcile(
    mutations: Sequence[Mutation],
    neighbours: Sequence[Mutation],
    logged: Iterable[Logged],
    *,
    claimed: Sequence[Mutation] = (),
    ours: Collection[str],
    asked: Collection[Place],
    unasked: Mapping[Place, str],
    window: Window,
    now: datetime,
) -> Reconciliation:
    """Join a run's changes with what AWS logged; `neighbours` are the changes of all other runs of the account.

    `ours` are the ARNs that were the run's identity; whoever AWS logged its own requests for was the run as well.
    `claimed` are changes of runs that nobody can check: they explain nothing, and are told with what they claim.
    """
    events = {event.request_id or event.event_id: event for event in logged}
    known = (*mutations, *neighbours)
    found = _claims(known, list(events.values()))
    verdicts = tuple(Verdict(m, *_word(m, found.get(m), asked, now), found.get(m)) for m in mutations)
    ours = {*ours, *(verdict.logged.arn for verdict in verdicts if verdict.logged)}
    run = mutations[0].run if mutations else ""
    explained = {event.event_id for event in found.values()}
    strange = [event for event in events.values() if event.event_id not in explained and event.kind in CALLS]
    suspected = [event for event in strange if is_ours(event, ours, run) and not event.service]
    doubtful = {event.event_id: mutation.run for mutation, event in _claims(claimed, suspected).items()}
    return Reconciliation(
        verdicts,
        beside=tuple(event for event in suspected if event.event_id not in doubtful),
        others=tuple(event for event in strange if event not in suspected),
        claimed=tuple(Claimed(e, doubtful[e.event_id]) for e in suspected if e.event_id in doubtful),
        asked=frozenset(asked), unasked=dict(unasked), window=window, complete=now >= window.end + VISIBLE_WITHIN,
    )  # fmt: skip


def _claims(mutations: Iterable[Mutation], events: Sequence[Logged]) -> dict[Mutation, Logged]:
    """For each change its event: by the id of its request, else the first like it that nobody else has."""
    mutations, by_id = list(mutations), {event.request_id: event for event in events if event.request_id}
    found = {each: by_id[each.request_id] for each in mutations if each.request_id in by_id}
    taken = {mutation.request_id for mutation in mutations} - {""}
    left = sorted((event for event in events if event.request_id not in taken), key=lambda event: event.at)
    for mutation in (each for each in mutations if each not in found and not each.sure):
        event = next((event for event in left if _is_like(mutation, event)), None)
        if event is not None:
            found[mutation] = event
            left.remove(event)
    return found


def _is_like(mutation: Mutation, event: Logged) -> bool:
    """The same operation in the same account, at about the time at which it was sent, from a client that says so."""
    service, _, operation = mutation.call.partition(":")
    same = (event.source, event.name) == (f"{service}.amazonaws.com", LOGGED_AS.get(operation, operation))
    near = -MARGIN <= event.at - mutation.sent <= MARGIN
    return same and near and event.account == mutation.account and f"orgkit-{mutation.run}"[:50] in event.agent


def _word(mutation: Mutation, event: Logged | None, asked: Collection[Place], now: datetime) -> tuple[Word, str]:
    return _matched(mutation, event) if event else _unmatched(mutation, asked, now)


def _matched(mutation: Mutation, event: Logged) -> tuple[Word, str]:
    if not mutation.sure:
        return Word.MATCHED, NOT_DONE if event.error else DONE
    if bool(event.error) != (mutation.result == REFUSED):
        return Word.CONTRADICTED, CONTRADICTED[mutation.result]
    return Word.MATCHED, event.error


def _unmatched(mutation: Mutation, asked: Collection[Place], now: datetime) -> tuple[Word, str]:
    if (mutation.account, mutation.region) not in asked:
        return Word.NOT_ASKED, "" if mutation.account else "the journal does not say in which account it was sent"
    if mutation.result == COMMITTED and not mutation.request_id:
        return Word.UNKNOWN, NO_ID
    if now < mutation.sent + VISIBLE_WITHIN:
        return Word.NOT_YET, ""
    if mutation.result == COMMITTED:
        return Word.UNKNOWN, ""
    return Word.NOT_LOGGED, HARMLESS if mutation.result == REFUSED else NEVER
