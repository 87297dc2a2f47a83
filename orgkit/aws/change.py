"""One change: its intent on disk, one wire attempt, its outcome on disk; again only after a clear refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orgkit.aws import answer
from orgkit.aws.answer import Answer
from orgkit.aws.clock import Clock
from orgkit.aws.patience import Repeats, patience_with
from orgkit.aws.retry import Refused, Unsure
from orgkit.aws.waiting import Progress
from orgkit.journal import Journal

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
        found = ((name, self.parameters.get(name)) for name in NATURAL_KEYS)
        return " ".join(f"{name}={value}" for name, value in found if isinstance(value, str))


def send_once(change: Change, journal: Journal, clock: Clock) -> Answer:
    """Send it; whatever AWS refuses it for is for the caller to wait for."""
    return _attempt(change, journal, clock)


def send(change: Change, journal: Journal, clock: Clock, progress: Progress) -> Answer:
    """Send it until AWS takes it, refuses it for good, or its patience's budget of seconds is spent."""
    repeats = Repeats()
    while True:
        try:
            return _attempt(change, journal, clock)
        except Refused as refused:
            so_far, patience = repeats.seconds, patience_with(refused)
            pause = repeats.pause(refused)
            if patience is None or pause is None:
                raise refused.after(so_far) if so_far else refused from None
            progress(f"{change.operation}: AWS asks to wait ({refused.code})", so_far, patience.at_most)
            clock.sleep(pause)


def _attempt(change: Change, journal: Journal, clock: Clock) -> Answer:
    intent = _intent(change, journal, clock)
    try:
        found = _sent(change)
    except Refused as refused:
        _outcome(journal, intent, "refused", refused.request_id, f"{refused.code} {refused.reason}".strip())
        raise
    except Unsure as unsure:
        _outcome(journal, intent, "unsure", "", unsure.cause)
        raise
    _outcome(journal, intent, "committed", found.request_id, "")
    return found


def _sent(change: Change) -> Answer:
    """The answer, when it is one; Unsure otherwise."""
    found = answer.change(change.client, change.service, change.operation, change.parameters)
    if change.expect is not None and change.expect not in found:
        raise Unsure(change.call, f"the answer had no {change.expect}")
    # Many changes (TagResource, MoveAccount, PutBucketPolicy ...) answer with nothing at all: of these, a real answer
    # has AWS's id of the request. An empty one that has it too is found out when the phase is planned again.
    if not found.request_id:
        raise Unsure(change.call, "the answer had no request id")
    return found


def _intent(change: Change, journal: Journal, clock: Clock) -> dict[str, Any]:
    """What is about to be sent, and where and when AWS's own log will have it: by the clock that AWS's agrees with."""
    place = {"account": change.account, "region": change.region, "sent": clock.now().isoformat(timespec="milliseconds")}
    return journal.write(
        "intent", intent=journal.new_id(), step=journal.step, call=change.call, key=change.key, **place
    )


def _outcome(journal: Journal, intent: Mapping[str, Any], result: str, request_id: str, code: str) -> None:
    known = {name: intent[name] for name in ("intent", "step", "call")}
    journal.write("answer", **known, result=result, request_id=request_id, code=code)
