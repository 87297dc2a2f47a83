"""The changes of a run as its journal has them: where each was sent, when, and what came back."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from orgkit.dataclass import dataclass
from orgkit.journal.events import Event

NO_ANSWER = "no answer"  # the run ended, or was ended, before one came
COMMITTED, REFUSED = "committed", "refused"


@dataclass(frozen=True)
class Mutation:
    """One change, sent once."""

    run: str
    call: str  # service:Operation
    key: str  # what it changes, in a word
    account: str  # "" in journals that do not say
    region: str
    sent: datetime
    result: str  # committed, refused, unsure, or NO_ANSWER
    request_id: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether AWS's answer came, and was one."""
        return self.result in (COMMITTED, REFUSED)

    @property
    def description(self) -> str:
        return f"{self.call} {self.key}".strip()


@dataclass(frozen=True)
class Window:
    """When a run was at work, by the clock that AWS's agrees with."""

    begin: datetime
    end: datetime

    def widened(self, margin: timedelta) -> "Window":
        return Window(self.begin - margin, self.end + margin)


def mutations_of(run: str, events: Iterable[Event]) -> tuple[Mutation, ...]:
    """Every change that a run has sent, in order."""
    events = list(events)
    answers = {event.get("intent"): event for event in events if event.get("event") == "answer"}
    sent = (event for event in events if event.get("event") == "intent")
    return tuple(_mutation(run, event, answers.get(event.get("intent"), {})) for event in sent)


def _mutation(run: str, intent: Event, answer: Event) -> Mutation:
    return Mutation(
        run=run,
        call=str(intent.get("call", "")),
        key=str(intent.get("key", "")),
        account=str(intent.get("account", "")),
        region=str(intent.get("region", "")),
        sent=_send_time(intent),
        result=str(answer.get("result") or NO_ANSWER),
        request_id=str(answer.get("request_id", "")),
    )


def window_of(events: Sequence[Event]) -> Window | None:
    """From the first event to the last; None for a journal without any.

    Journals hold this machine's time, and their intents AWS's as well: a sandbox's clock runs ahead.
    """
    timed = [event for event in events if "at" in event and event.get("event") != "approval"]
    if not timed:
        return None
    clock_offsets = [_send_time(event) - _event_time(event) for event in timed if event.get("event") == "intent"] or [
        timedelta()
    ]
    return Window(_event_time(timed[0]) + clock_offsets[0], _event_time(timed[-1]) + clock_offsets[-1])


def _send_time(intent: Event) -> datetime:
    return _time(str(intent["sent"])) if "sent" in intent else _event_time(intent)


def _event_time(event: Event) -> datetime:
    return _time(str(event["at"]))


def _time(text: str) -> datetime:
    """Journals are in UTC; one that another program wrote may not say so."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
