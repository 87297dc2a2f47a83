"""A run's record joined with AWS's own log: each change matched or not, and what else was done as us; pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from orgkit.proof.mutations import COMMITTED, REFUSED, Mutation, Window
from orgkit.proof.reconciliation import Logged, Place, Reconciliation, Verdict, Word

VISIBLE_WITHIN = timedelta(minutes=15)  # usually about 5, says AWS
MARGIN = timedelta(minutes=5)  # of clocks, and of what arrives late
KEPT = timedelta(days=90)  # AWS's event history
# How CloudTrail calls an operation where it is not the API's name: only a change without an answer is sought by name.
LOGGED_AS = {
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}
CALL = "AwsApiCall"  # other kinds of events are sign-ins, and what AWS does by itself
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
    identity: str,
    asked: Collection[Place],
    unasked: Mapping[Place, str],
    window: Window,
    now: datetime,
) -> Reconciliation:
    """Join a run's changes with what AWS logged; `neighbours` are the changes of all other runs of the account.

    `identity` is the ARN that the run called as; whoever AWS logged the run's own requests for was the run as well.
    """
    events = {event.request_id or event.event_id: event for event in logged}
    ids = {mutation.request_id for mutation in (*mutations, *neighbours)} - {""}
    found = _claims((*mutations, *neighbours), [event for event in events.values() if event.request_id not in ids])
    verdicts = tuple(_verdict(m, events.get(m.request_id) or found.get(m), asked, now) for m in mutations)
    claimed = ids | {event.request_id for event in found.values()}
    ours = frozenset({identity, *(verdict.logged.arn for verdict in verdicts if verdict.logged)})
    run = mutations[0].run if mutations else ""
    strange = [event for event in events.values() if event.request_id not in claimed and event.kind == CALL]
    beside = tuple(event for event in strange if _is_ours(event, ours, run) and not event.service)
    others = tuple(event for event in strange if event not in beside)
    return Reconciliation(verdicts, beside, others, dict(unasked), window, complete=now >= window.end + VISIBLE_WITHIN)


def _claims(mutations: Iterable[Mutation], events: Sequence[Logged]) -> dict[Mutation, Logged]:
    """For each change without an answer the event that it must have been: the first like it that nobody else has."""
    left = sorted(events, key=lambda event: event.at)
    found: dict[Mutation, Logged] = {}
    for mutation in mutations:
        event = next((event for event in left if not mutation.sure and _is_like(mutation, event)), None)
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


def _verdict(mutation: Mutation, event: Logged | None, asked: Collection[Place], now: datetime) -> Verdict:
    word, remark = _matched(mutation, event) if event else _unmatched(mutation, asked, now)
    return Verdict(mutation, word, remark, event)


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


def _is_ours(event: Logged, ours: Collection[str], run: str) -> bool:
    """The same ARN, a session of the same role, or a session that has the run's name."""
    roles = {role for arn in ours for role in _role(arn)}
    named = bool(run) and event.arn.endswith(f"/orgkit-{run}"[:65])
    return event.arn in ours or named or any(role in roles for role in _role(event.arn))


def _role(arn: str) -> Iterator[tuple[str, str]]:
    """Account and role of arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; nothing of a user's."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[5].startswith("assumed-role/"):
        yield parts[4], parts[5].split("/")[1]
