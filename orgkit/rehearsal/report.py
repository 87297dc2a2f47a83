"""The faults of a run and how it recovered, as sentences made from the events of its record."""

from pathlib import Path

from orgkit.journal.events import Event, read_events
from orgkit.journal.in_doubt import Resolution

RESOLUTION_TEXTS = {
    Resolution.ADOPTED: "looked: it was done",
    Resolution.NOT_COMMITTED: "looked: it was not done, and was asked for again",
    Resolution.NOT_SHOWN: "looked: AWS does not show it, and it is not asked for any more",
    Resolution.REPEATED: "it was asked for again, which changes nothing",
}


def describe_faults(record: Path) -> tuple[str, ...]:
    """Return the outcome of each change whose response did not arrive, in this run or an earlier one, as sentences."""
    events = list(read_events(record / "events.jsonl"))
    doubt = {
        str(event["intent"]): event for event in events if _is_event(event, "answer") and event["result"] == "unsure"
    }
    settled = {str(event["intent"]): event for event in events if _is_event(event, "settled")}
    return (
        *(f"{_lost_response(event)}; {_resolution_text(settled.get(intent))}" for intent, event in doubt.items()),
        *(
            f"{_sent_earlier(event)}; {_resolution_text(event)}"
            for intent, event in settled.items()
            if intent not in doubt
        ),
    )


def adopted_steps(record: Path) -> int:
    """Return the number of changes without a response that AWS has made."""
    events = read_events(record / "events.jsonl")
    return sum(_is_event(event, "settled") and event["result"] == Resolution.ADOPTED for event in events)


def _is_event(event: Event, name: str) -> bool:
    return event.get("event") == name


def _lost_response(answer: Event) -> str:
    operation, cause = _operation(answer), str(answer.get("code", ""))
    if "HTTP 5" in cause:
        return f"AWS failed while it answered {operation}"
    return f"AWS's answer to {operation} was {'empty' if cause.startswith('the answer had') else 'lost'}"


def _sent_earlier(settled: Event) -> str:
    return f"an earlier run had no answer to {_operation(settled)}"


def _operation(event: Event) -> str:
    return str(event["call"]).partition(":")[2]


def _resolution_text(settled: Event | None) -> str:
    if settled is None:
        return "the run ended before it had looked"
    return RESOLUTION_TEXTS[Resolution(settled["result"])]
