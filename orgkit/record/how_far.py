"""How far an apply came: its steps, each by how it stood when the run wrote its last event."""

from collections.abc import Mapping, Sequence
from typing import Any

from orgkit.outcome import Result as StepResult

Event = Mapping[str, Any]

DONE, FAILED, BEGUN, IN_DOUBT, NOT_BEGUN = "done", "failed", "begun", "in doubt", "not begun"
# For a person: what each means for the next run.
MEANS = {
    DONE: "Done",
    FAILED: "Failed",
    BEGUN: "Begun: AWS took it, and may go on by itself; the next run finds what came of it",
    IN_DOUBT: "In doubt: sent, and no answer came; the next run looks whether AWS did it before it sends anything",
    NOT_BEGUN: "Not begun",
}
ENDS = {StepResult.DONE: DONE, StepResult.FOUND: DONE, StepResult.FAILED: FAILED, StepResult.LEFT: NOT_BEGUN}
CLEAR = ("committed", "refused")


def how_far(events: Sequence[Event]) -> dict[str, tuple[str, ...]]:
    """The sentences of the last apply's steps, in the order of the plan; nothing when the run never began to apply."""
    places = [place for place, event in enumerate(events) if event["event"] == "apply"]
    if not places:
        return {}
    since = events[places[-1] :]
    steps = since[0].get("steps")
    stood = {str(step): _stood(step, since) for step in (steps if isinstance(steps, list) else ())}
    found = {word: tuple(step for step, at in stood.items() if at == word) for word in MEANS}
    return {word: sentences for word, sentences in found.items() if sentences}


def _stood(step: str, since: Sequence[Event]) -> str:
    """By its end when it has one; else by what was sent for it, and how AWS answered the last of it."""
    results = [event.get("result") for event in since if event["event"] == "step" and event.get("sentence") == step]
    ends = [ENDS[StepResult(result)] for result in results if result in list(ENDS)]
    if ends:
        return ends[-1]
    mine = [event for event in since if event.get("step") == step]
    answers = {str(event.get("intent")): event.get("result") for event in mine if event["event"] == "answer"}
    sent = [answers.get(str(event.get("intent"))) for event in mine if event["event"] == "intent"]
    if sent and sent[-1] not in CLEAR:
        return IN_DOUBT
    return BEGUN if "committed" in sent else NOT_BEGUN
