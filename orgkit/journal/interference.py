"""Signs of somebody else at work on the same organization: what AWS refused us for, and what it works on."""

from collections.abc import Iterable, Iterator, Sequence

from orgkit.journal.events import Event
from orgkit.journal.in_doubt import Intent

REMEDY = "find out who before you go on: CloudTrail's event history shows who sent it"
# What we were about to make is there. When an earlier request of ours, whose answer was lost, can have made it, that
# is no sign of anybody.
ALREADY_EXISTS_CODES = frozenset(
    {
        "AlreadyInOrganizationException", "BucketAlreadyOwnedByYou", "DuplicateAccountException",
        "DuplicateHandshakeException", "DuplicateOrganizationalUnitException", "EntityAlreadyExists",
        "EntityAlreadyExistsException", "HandshakeAlreadyInStateException", "PolicyTypeAlreadyEnabledException",
        "TrailAlreadyExistsException", "AlreadyExistsException",
    }
)  # fmt: skip
CONCURRENT_CHANGE_CODE = "ConcurrentModificationException"


def detect_concurrent_changes(events: Sequence[Event], earlier: Iterable[Intent]) -> Iterator[str]:
    """A line for each sign in the events of a run; `earlier` are the changes of other runs without an answer.

    None of them stops anything: AWS is the truth, and is read before and after.
    """
    intents = {event["intent"]: event for event in events if event.get("event") == "intent"}
    answers = [event for event in events if event.get("event") == "answer" and event.get("intent") in intents]
    doubtful = {(earlier_intent.call, earlier_intent.key) for earlier_intent in earlier}
    busy = 0
    for answer in answers:
        intent, code = intents[answer["intent"]], str(answer.get("code", "")).partition(" ")[0]
        sent = (intent.get("call", ""), intent.get("key", ""))
        if answer.get("result") == "unsure":
            doubtful.add(sent)
        elif code in ALREADY_EXISTS_CODES and sent not in doubtful:
            yield f"{' '.join(sent).strip()} was there already, and no run known here had sent it: {REMEDY}"
        busy += code == CONCURRENT_CHANGE_CODE
    if busy:
        yield f"AWS was changing the organization for somebody else at {busy} of our changes: {REMEDY}"
    for event in events:
        if event.get("event") == "others":
            yield f"AWS creates {event['what']}, which this plan does not ask for: {REMEDY}"
