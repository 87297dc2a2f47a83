"""Changes that were sent and whose answer nobody has: found in the events of runs, and settled by a later look."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Event = Mapping[str, Any]

CLEAR = ("committed", "refused")
# AWS refuses these the second time: one that was accepted again had not been made before. The others set a state.
MADE_ONCE = ("Create", "Invite", "Accept", "Move")


class Became(StrEnum):
    """What an intent without an answer turned out to be."""

    ADOPTED = "adopted"  # AWS had done it
    NOT_COMMITTED = "not-committed"  # it had not: a later call did
    REPEATED = "repeated"  # the same state was set once more, which harms nothing and tells nothing


@dataclass(frozen=True)
class Intent:
    """One change, as the journal knew it before it was sent."""

    id: str
    run: str
    step: str  # the sentence of its step
    call: str
    key: str

    @property
    def what(self) -> str:
        return f"{self.call} {self.key}".strip()


def unanswered(run: str, events: Iterable[Event]) -> Iterator[Intent]:
    """The intents of a run that have no clear answer, in order."""
    events = list(events)
    clear = {event.get("intent") for event in events if event.get("result") in CLEAR and event["event"] == "answer"}
    for event in events:
        if event.get("event") == "intent" and event.get("intent") not in clear:
            yield Intent(event["intent"], run, event.get("step", ""), event.get("call", ""), event.get("key", ""))


def settled_in(events: Iterable[Event]) -> set[str]:
    """The ids of the intents that these events settle."""
    return {str(event["intent"]) for event in events if event.get("event") == "settled"}


def events_since(intent: Intent, events: Sequence[Event]) -> Sequence[Event]:
    """The events after an intent; all of them when it is another run's."""
    places = [place for place, event in enumerate(events) if event.get("intent") == intent.id]
    return events[places[0] + 1 :] if places else events


def became(intent: Intent, since: Sequence[Event], left: Collection[str], ended: Collection[str]) -> Became | None:
    """What became of an intent, from the events after it; None while its step is neither gone nor done.

    `left` are the sentences that were still to do when AWS was looked at again, `ended` those that are done by now.
    """
    again = {
        event["intent"]
        for event in since
        if event.get("event") == "intent"
        and event["intent"] != intent.id
        and (event.get("step"), event.get("call"), event.get("key")) == (intent.step, intent.call, intent.key)
    }
    accepted = any(event.get("intent") in again and event.get("result") == "committed" for event in since)
    if accepted:
        once = intent.call.rpartition(":")[2].startswith(MADE_ONCE)
        return Became.NOT_COMMITTED if once else Became.REPEATED
    return Became.ADOPTED if intent.step in ended or intent.step not in left else None
