"""One change: its intent on disk, one wire attempt, its outcome on disk; again only after a clear refusal."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from orgkit.aws import response
from orgkit.aws.clock import Clock
from orgkit.aws.rejections import OutcomeUnknown, Rejected
from orgkit.aws.response import Answer
from orgkit.aws.waiting import Progress, Repeats, backoff_for
from orgkit.dataclass import dataclass
from orgkit.errors import ApprovalEnded
from orgkit.journal.events import Journal

# What identifies the thing being changed, for the journal: never a document, a policy or a secret.
NATURAL_KEYS = ("Email", "Name", "AccountName", "ServicePrincipal", "PolicyType", "Bucket", "RoleName", "AliasName",
                "AccountId", "ResourceId", "HandshakeId", "FeatureSet", "KeyId")  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What is to be sent, and the member by which a real answer is known."""

    client: Any
    service: str
    operation: str
    parameters: Mapping[str, Any]
    expect: str | None
    account: str = ""  # whose session it is; "" when nobody has asked AWS yet

    @property
    def call(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def region(self) -> str:
        """Of the endpoint that it goes to: there AWS logs it."""
        return str(self.client.meta.region_name)

    @property
    def key(self) -> str:
        values = ((name, self.parameters.get(name)) for name in NATURAL_KEYS)
        return " ".join(f"{name}={value}" for name, value in values if isinstance(value, str))


def send_once(change: Change, journal: Journal, clock: Clock) -> Answer:
    """Send it; whatever AWS refuses it for is for the caller to wait for."""
    return _attempt(change, journal, clock)


def send(change: Change, journal: Journal, clock: Clock, progress: Progress) -> Answer:
    """Send it until AWS takes it, refuses it for good, or its patience's budget of seconds is spent."""
    repeats = Repeats()
    while True:
        try:
            return _attempt(change, journal, clock)
        except Rejected as rejection:
            so_far, backoff = repeats.seconds, backoff_for(rejection)
            pause = repeats.pause(rejection)
            if backoff is None or pause is None:
                raise rejection.with_seconds(so_far) if so_far else rejection from None
            progress(f"{change.operation}: AWS asks to wait ({rejection.code})", so_far, backoff.max_seconds)
            clock.sleep(pause)


def _attempt(change: Change, journal: Journal, clock: Clock) -> Answer:
    now = clock.now()
    _check_approval(journal, lambda: now)
    intent = _intent(change, journal, now)
    try:
        answer = _sent(change, lambda: _check_approval(journal, clock.now))
    except ApprovalEnded:
        _outcome(journal, intent, "refused", "", "ApprovalEnded: it was not sent")
        raise
    except Rejected as rejection:
        _outcome(journal, intent, "refused", rejection.request_id, f"{rejection.code} {rejection.reason}".strip())
        raise
    except OutcomeUnknown as doubt:
        _outcome(journal, intent, "unsure", "", doubt.cause)
        raise
    _outcome(journal, intent, "committed", answer.request_id, "")
    return answer


def _check_approval(journal: Journal, now: Callable[[], datetime]) -> None:
    """ApprovalEnded for a step's first change after the end; a step of which AWS has a part is carried to its end."""
    expires_at = journal.expires_at
    if expires_at is not None and now() > expires_at and not journal.has_committed():
        raise ApprovalEnded.at(expires_at)


def _sent(change: Change, check: Callable[[], None]) -> Answer:
    """The answer, when it is one; OutcomeUnknown otherwise, and what `check` raises right before the request leaves.

    To write the intent and to sign the request takes a moment, in which a process can be stopped for hours.
    """
    answer = response.change(change.client, change.service, change.operation, change.parameters, before_send=check)
    if change.expect is not None and change.expect not in answer:
        raise OutcomeUnknown(change.call, f"the answer had no {change.expect}")
    # Many changes (TagResource, MoveAccount, PutBucketPolicy ...) answer with nothing at all: of these, a real answer
    # has AWS's id of the request. An empty one that has it too is found out when the phase is planned again.
    if not answer.request_id:
        raise OutcomeUnknown(change.call, "the answer had no request id")
    return answer


def _intent(change: Change, journal: Journal, now: datetime) -> dict[str, Any]:
    """What is about to be sent, and where and when AWS's own log will have it: by the clock that AWS's agrees with."""
    place = {"account": change.account, "region": change.region, "sent": now.isoformat(timespec="milliseconds")}
    step = {"step": journal.step, "sentence": journal.sentence}
    return journal.write("intent", intent=journal.new_id(), **step, call=change.call, key=change.key, **place)


def _outcome(journal: Journal, intent: Mapping[str, Any], result: str, request_id: str, code: str) -> None:
    known = {name: intent[name] for name in ("intent", "step", "call")}
    journal.write("answer", **known, result=result, request_id=request_id, code=code)
