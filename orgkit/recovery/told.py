"""What a run met and how it helped itself, told in sentences from the events of its record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orgkit.intents import Became
from orgkit.journal import read_events

Event = Mapping[str, Any]

FOUND = {
    Became.ADOPTED: "looked: it was done",
    Became.NOT_COMMITTED: "looked: it was not done, and was asked for again",
    Became.REPEATED: "it was asked for again, which changes nothing",
}


def told(record: Path) -> tuple[str, ...]:
    """One sentence for each change whose answer did not arrive, in this run or an earlier one: what became of it."""
    events = list(read_events(record / "events.jsonl"))
    unsure = {str(event["intent"]): event for event in events if _is(event, "answer") and event["result"] == "unsure"}
    settled = {str(event["intent"]): event for event in events if _is(event, "settled")}
    return (
        *(f"{_lost(event)}; {_found(settled.get(intent))}" for intent, event in unsure.items()),
        *(f"{_sent_earlier(event)}; {_found(event)}" for intent, event in settled.items() if intent not in unsure),
    )


def found_done(record: Path) -> int:
    """How many changes without an answer AWS turned out to have made."""
    events = read_events(record / "events.jsonl")
    return sum(_is(event, "settled") and event["result"] == Became.ADOPTED for event in events)


def _is(event: Event, name: str) -> bool:
    return event.get("event") == name


def _lost(answer: Event) -> str:
    operation, cause = _operation(answer), str(answer.get("code", ""))
    if "HTTP 5" in cause:
        return f"AWS failed while it answered {operation}"
    return f"AWS's answer to {operation} was {'empty' if cause.startswith('the answer had') else 'lost'}"


def _sent_earlier(settled: Event) -> str:
    return f"an earlier run had no answer to {_operation(settled)}"


def _operation(event: Event) -> str:
    return str(event["call"]).partition(":")[2]


def _found(settled: Event | None) -> str:
    if settled is None:
        return "the run ended before it had looked"
    return FOUND[Became(settled["result"])]
