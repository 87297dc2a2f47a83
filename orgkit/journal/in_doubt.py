"""Changes that were sent and got no clear answer: found in the events of runs, and resolved by a later look at AWS."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orgkit.journal.events import Event

CLEAR_RESULTS = ("committed", "refused")
# AWS refuses these the second time: one that was accepted again had not been made before. The others set a state.
UNIQUE_CALL_PREFIXES = ("Create", "Invite", "Accept", "Move", "DetachPolicy", "DeletePolicy")


class Resolution(StrEnum):
    """What a change in doubt turned out to be."""

    ADOPTED = "adopted"  # AWS shows it
    NOT_COMMITTED = "not-committed"  # AWS had not done it: a later call did
    NOT_SHOWN = "not-shown"  # AWS does not show what its step makes, and the plan no longer asks for it
    REPEATED = "repeated"  # the same state was set once more, so that the two cannot be distinguished


@dataclass(frozen=True)
class Intent:
    """One change, as the journal knew it before it was sent."""

    id: str
    run: str
    step: str  # the id of its step; "" in a journal of plan schema 1
    call: str
    key: str
    sentence: str = ""  # of its step

    @property
    def description(self) -> str:
        return f"{self.call} {self.key}".strip()


@dataclass(frozen=True)
class Evidence:
    """What a run knows of the step of a change in doubt.

    Attributes:
        planned: The step, as it was when the change was sent, is in the plan that this run applies.
        done: This run has carried it out.
        shown: AWS showed what the step makes, before this run changed anything; None when that is not known.
    """

    planned: bool = False
    done: bool = False
    is_shown: bool | None = None


def unanswered_intents(run: str, events: Iterable[Event]) -> Iterator[Intent]:
    """The intents of a run that have no clear answer, in order."""
    events = list(events)
    clear = {
        event.get("intent") for event in events if event.get("result") in CLEAR_RESULTS and event["event"] == "answer"
    }
    for event in events:
        if event.get("event") == "intent" and event.get("intent") not in clear:
            yield _intent(run, event)


def _intent(run: str, event: Event) -> Intent:
    """In journals of plan schema 1, `step` is the sentence: of an id that looks like one nothing may be concluded."""
    step, sentence = str(event.get("step", "")), event.get("sentence")
    if sentence is None:
        step, sentence = "", step
    return Intent(str(event["intent"]), run, step, str(event.get("call", "")), str(event.get("key", "")), str(sentence))


def settled_intents(events: Iterable[Event]) -> set[str]:
    """The ids of the intents that these events settle."""
    return {str(event["intent"]) for event in events if event.get("event") == "settled"}


def events_since(intent: Intent, events: Sequence[Event]) -> Sequence[Event]:
    """The events after an intent; all of them when it is another run's."""
    places = [place for place, event in enumerate(events) if event.get("intent") == intent.id]
    return events[places[0] + 1 :] if places else events


def resolve(intent: Intent, step: str, since: Sequence[Event], evidence: Evidence) -> Resolution | None:
    """Decide the outcome of a change in doubt.

    A change counts as done only where AWS shows it, or where its step came to its end without sending it again. That a
    plan does not have the step any more proves nothing: the file may have changed, or the planner.

    Args:
        intent: The change.
        step: The id of its step.
        since: The events of this run after it.
        evidence: What this run knows of the step.

    Returns:
        None while its step is still to do, and where nothing is known.
    """
    if not evidence.planned:
        if evidence.is_shown is None:
            return None
        return Resolution.ADOPTED if evidence.is_shown else Resolution.NOT_SHOWN
    if _accepted_again(intent, step, since):
        is_unique = intent.call.rpartition(":")[2].startswith(UNIQUE_CALL_PREFIXES)
        return Resolution.NOT_COMMITTED if is_unique else Resolution.REPEATED
    return Resolution.ADOPTED if evidence.done else None


def _accepted_again(intent: Intent, step: str, since: Sequence[Event]) -> bool:
    later_intents = {
        event["intent"]
        for event in since
        if event.get("event") == "intent"
        and event["intent"] != intent.id
        and (event.get("step"), event.get("call"), event.get("key")) == (step, intent.call, intent.key)
    }
    return any(event.get("intent") in later_intents and event.get("result") == "committed" for event in since)
