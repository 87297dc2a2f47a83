"""Of a run that ended early, its record says which steps are done, which are not, and which nobody knows about."""

from typing import Any

import pytest

from orgkit.records.apply_progress import how_far
from orgkit.records.result import compute

Event = dict[str, Any]
APPLY: Event = {
    "event": "apply",
    "plan_sha256": "d" * 64,
    "steps": [{"id": name, "sentence": f"make {name}"} for name in ("one", "two", "three")],
}
APPROVED: Event = {"event": "approval", "digest": "a" * 64}
BEGIN: Event = {"event": "phase", "phase": "units", "run": "r"}


def named(*names: str) -> tuple[dict[str, str], ...]:
    return tuple({"id": name, "sentence": f"make {name}"} for name in names)


def step(name: str, result: str) -> Event:
    return {"event": "step", "step": name, "sentence": f"make {name}", "result": result}


def sent(step: str, *answers: str) -> list[Event]:
    """So many calls for a step; an empty answer is none."""
    events: list[Event] = []
    for number, answer in enumerate(answers):
        events.append({"event": "intent", "intent": f"{step}-{number}", "step": step, "call": "a:B"})
        if answer:
            events.append({"event": "answer", "intent": f"{step}-{number}", "step": step, "result": answer})
    return events


def test_a_run_that_never_began_to_apply_has_done_nothing() -> None:
    assert how_far([BEGIN]) == {}


def test_each_step_stands_where_its_end_puts_it() -> None:
    ends = [step("one", "done"), step("two", "failed"), step("three", "left")]
    assert how_far([APPLY, *ends]) == {
        "done": named("one"),
        "failed": named("two"),
        "not begun": named("three"),
    }
    assert how_far([APPLY, step("two", "found done")])["done"] == named("two")


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ((), "not begun"),
        (("refused",), "not begun"),
        (("refused", "refused"), "not begun"),
        (("committed",), "begun"),
        (("committed", "refused"), "begun"),
        (("",), "in doubt"),
        (("unsure",), "in doubt"),
        (("refused", ""), "in doubt"),
        (("committed", ""), "in doubt"),
        (("unsure", "committed"), "begun"),
    ],
)
def test_a_step_without_an_end_stands_where_the_last_that_was_sent_for_it_puts_it(
    answers: tuple[str, ...], word: str
) -> None:
    assert how_far([APPLY, step("one", "done"), *sent("two", *answers)])[word][0]["id"] == "two"


def test_only_the_last_apply_of_a_run_is_told() -> None:
    """In JupyterLab a person can run the cell again: what was left is a new apply."""
    again = {**APPLY, "steps": list(named("three"))}
    assert how_far([APPLY, step("one", "done"), step("two", "done"), again]) == {"not begun": named("three")}


def test_damaged_events_keep_nothing_from_being_told() -> None:
    assert how_far([{"event": "apply"}, step("one", "done")]) == {}
    odd: list[Event] = [{"event": "apply", "steps": ["one", 2]}, {"event": "step", "sentence": "one", "result": []}]
    assert [each["id"] for each in how_far(odd)["not begun"]] == ["one", "2"]


def test_a_run_of_plan_schema_1_named_its_steps_by_their_sentences() -> None:
    old: list[Event] = [
        {"event": "apply", "steps": ["make one", "make two", "make three"]},
        {"event": "step", "sentence": "make one", "result": "done"},
        {"event": "intent", "intent": "i", "step": "make two", "call": "a:B"},
    ]
    found = {word: [each["sentence"] for each in steps] for word, steps in how_far(old).items()}
    assert found == {"done": ["make one"], "in doubt": ["make two"], "not begun": ["make three"]}


def stop(code: int) -> Event:
    return {"event": "stop", "exit_code": code, "summary": "s", "why": "w", "do": "d"}


@pytest.mark.parametrize("code", [5, 7, 9])
def test_what_to_run_next_is_told_with_its_approval(code: int) -> None:
    result = compute(None, [BEGIN, APPROVED, APPLY, stop(code)])
    assert result.next_command == f"orgkit run FILE units --approved-plan {'a' * 64}"
    assert result.as_json()["how_far"] == {"not begun": named("one", "two", "three")}


def test_a_signed_approval_is_passed_again_as_the_record_keeps_it() -> None:
    signed = {**APPROVED, "signed_sha256": "b" * 64}
    assert compute(None, [BEGIN, signed, APPLY, stop(5)]).next_command == "orgkit run FILE units --approval APPROVAL"


def test_a_run_that_was_killed_before_it_was_approved_is_run_again_without() -> None:
    result = compute(None, [BEGIN], interruption="a signal ended the run")
    assert result.next_command == "orgkit run FILE units"
    assert "and had changed nothing" in result.reasons[1]


def test_one_that_was_given_an_approval_and_had_not_come_to_it_is_run_again_with_it() -> None:
    values = {"parameters_file": "acme.toml", "approved_plan": "a" * 64}
    notebook = {"metadata": {"papermill": {"parameters": values}}, "cells": []}
    result = compute(notebook, [BEGIN], interruption="a signal ended the run")
    assert result.next_command == f"orgkit run FILE units --approved-plan {'a' * 64}"
    assert "with the same approval if it had one" in result.reasons[2]


@pytest.mark.parametrize("metadata", [{}, {"papermill": {}}, {"papermill": {"parameters": {"approved_plan": "$(x)"}}}])
def test_one_that_was_given_none_is_run_again_without(metadata: dict[str, object]) -> None:
    result = compute({"metadata": metadata, "cells": []}, [BEGIN], interruption="a signal ended the run")
    assert result.next_command == "orgkit run FILE units"


@pytest.mark.parametrize("code", [1, 2, 3, 6])
def test_where_the_same_command_would_not_help_none_is_told(code: int) -> None:
    assert compute(None, [BEGIN, stop(code)]).next_command == ""


def test_where_the_approval_does_not_fit_or_has_ended_it_is_planned_again() -> None:
    assert compute(None, [BEGIN, APPROVED, APPLY, stop(4)]).next_command == "orgkit plan FILE units"


def test_nobody_is_told_that_nothing_changed_when_something_was_sent() -> None:
    result = compute(None, [BEGIN, APPROVED, APPLY, *sent("one", "")], interruption="a signal ended the run")
    assert "and had changed nothing" not in result.reasons[1]
    assert result.how_far == {"in doubt": named("one"), "not begun": named("two", "three")}
