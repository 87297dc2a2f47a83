"""How far an apply came: its steps, each by how it stood when the run wrote its last event."""

from collections.abc import Iterator, Mapping, Sequence

from orgkit.journal.events import Event, step_of
from orgkit.journal.in_doubt import CLEAR_RESULTS
from orgkit.model.index import all_by
from orgkit.model.outcome import StepStatus

NamedStep = Mapping[str, str]  # id and sentence

DONE, FAILED, BEGUN, IN_DOUBT, NOT_BEGUN = "done", "failed", "begun", "in doubt", "not begun"
# For a person: what each means for the next run.
STATE_DESCRIPTIONS = {
    DONE: "Done",
    FAILED: "Failed",
    BEGUN: "Begun: AWS accepted it and may still work on it; the next run finds the outcome",
    IN_DOUBT: "In doubt: sent, and no answer came; the next run checks whether AWS did it before it sends anything",
    NOT_BEGUN: "Not begun",
}
STATE_OF_STATUS = {
    StepStatus.DONE: DONE,
    StepStatus.ALREADY_APPLIED: DONE,
    StepStatus.FAILED: FAILED,
    StepStatus.SKIPPED: NOT_BEGUN,
}


def how_far(events: Sequence[Event]) -> dict[str, tuple[NamedStep, ...]]:
    """The steps of the last apply, each with its id and its sentence, in the order of the plan.

    Nothing when the run never began to apply. In a run of plan schema 1 the sentence stands for the id too.
    """
    places = [place for place, event in enumerate(events) if event["event"] == "apply"]
    if not places:
        return {}
    since = events[places[-1] :]
    events_of = all_by(since, step_of)
    states = [(step, _state_of(events_of.get(step["id"], ()))) for step in _steps(since[0])]
    groups = {state: tuple(step for step, at in states if at == state) for state in STATE_DESCRIPTIONS}
    return {state: steps for state, steps in groups.items() if steps}


def _steps(apply: Event) -> Iterator[NamedStep]:
    steps = apply.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            yield {"id": str(step.get("id", "")), "sentence": str(step.get("sentence", ""))}
        else:
            yield {"id": str(step), "sentence": str(step)}


def _state_of(step_events: Sequence[Event]) -> str:
    """By its end when it has one; else by what was sent for it, and how AWS answered the last of it."""
    results = [event.get("result") for event in step_events if event["event"] == "step"]
    states = [STATE_OF_STATUS[StepStatus(result)] for result in results if result in list(STATE_OF_STATUS)]
    if states:
        return states[-1]
    answers = {str(event.get("intent")): event.get("result") for event in step_events if event["event"] == "answer"}
    sent = [answers.get(str(event.get("intent"))) for event in step_events if event["event"] == "intent"]
    if sent and sent[-1] not in CLEAR_RESULTS:
        return IN_DOUBT
    return BEGUN if "committed" in sent else NOT_BEGUN
