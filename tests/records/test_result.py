from typing import Any

import pytest

from orgkit.records.result import OUTCOMES, compute

Event = dict[str, Any]

PLAN: Event = {"event": "plan", "plan_sha256": "d", "steps": 2, "waiting": [], "needs": []}
EMPTY: Event = {**PLAN, "steps": 0}
APPLY: list[Event] = [
    {"event": "approval", "plan_sha256": "d", "asserted_by": "ann", "at": "2031-01-01T00:00:00+00:00"},
    {"event": "apply", "plan_sha256": "d", "steps": ["a", "b"]},
    {"event": "intent", "step": "a", "call": "organizations:CreateOrganizationalUnit"},
    {"event": "answer", "step": "a", "result": "committed", "request_id": "r-1"},
    {"event": "step", "sentence": "a", "result": "done"},
]
END: list[Event] = [{"event": "verified", "passed": True, "left": [], "waiting": []}, {"event": "end"}]


def events(*parts: Event | list[Event]) -> list[Event]:
    output: list[Event] = [{"event": "phase", "phase": "units", "run": "run-1"}]
    for part in parts:
        output.extend(part if isinstance(part, list) else [part])
    return [{"at": f"2026-07-01T12:00:{number:02}.500+00:00", **event} for number, event in enumerate(output)]


def stop(code: int, kind: str = "X") -> Event:
    return {"event": "stop", "kind": kind, "exit_code": code, "summary": "s", "why": "w", "do": "d"}


def cell(count: int | None = 1, error: tuple[str, str] | None = None, **execution: str) -> dict[str, Any]:
    shown = [{"output_type": "error", "ename": error[0], "evalue": error[1], "traceback": []}] if error else []
    metadata = {"execution": execution} if execution else {}
    return {"cell_type": "code", "source": "x", "execution_count": count, "outputs": shown, "metadata": metadata}


def notebook(*cells: dict[str, Any], **papermill: str | None) -> dict[str, Any]:
    times = papermill or {"start_time": "t", "end_time": "t"}
    return {"cells": [{"cell_type": "markdown", "source": "# T"}, *cells], "metadata": {"papermill": times}}


WHOLE = notebook(cell(1, **{"shell.execute_reply": "t"}), cell(2))


def test_a_run_that_was_verified_and_came_to_its_end_is_done():
    result = compute(WHOLE, events(PLAN, APPLY, END))
    assert (result.outcome, result.exit_code, result.reasons, result.succeeded) == ("done", 0, (), True)
    assert (result.phase, result.run, result.plan_sha256, result.steps) == ("units", "run-1", "d", 2)
    assert result.mutations == {"attempted": 1, "committed": 1, "refused": 0, "unsure": 0}
    assert (result.request_ids, result.ended, result.approval["asserted_by"]) == (("r-1",), {"done": 1}, "ann")


def test_seconds_are_told_by_one_clock():
    assert compute(WHOLE, events(PLAN, APPLY, END)).seconds == 8.0  # the approval's own time is the gate's clock


def test_an_empty_plan_is_nothing_to_change():
    assert compute(WHOLE, events(EMPTY, END)).outcome == "nothing to change"


def test_a_phase_that_plans_nothing_is_done():
    assert compute(WHOLE, events({"event": "checks", "stops": 0, "warns": 1}, END)).outcome == "done"


def test_what_waits_for_somebody_else_is_waiting():
    verified = {"event": "verified", "passed": True, "left": [], "waiting": ["dns accepts the invitation"]}
    result = compute(WHOLE, events(PLAN, APPLY, verified, END[1]))
    assert (result.outcome, result.exit_code, result.waiting) == ("waiting", 8, ("dns accepts the invitation",))


@pytest.mark.parametrize("code", [code for code in OUTCOMES if code])
def test_a_stop_decides_the_exit_code(code):
    result = compute(notebook(cell(error=("X", ""))), events(PLAN, stop(code)))
    assert (result.outcome, result.exit_code, result.reasons) == (OUTCOMES[code], code, ("s", "w", "d"))


@pytest.mark.parametrize("code", [0, 42, -1])
def test_a_stop_is_never_a_success(code):
    assert compute(WHOLE, events(PLAN, stop(code))).exit_code == 5


def test_refused_after_a_change_is_failed():
    assert compute(None, events(PLAN, APPLY, stop(1))).outcome == "failed"
    rejection = [{"event": "intent"}, {"event": "answer", "result": "refused"}]
    assert compute(None, events(PLAN, rejection, stop(1))).outcome == "refused"
    assert compute(None, events(PLAN, {"event": "intent"}, stop(1))).outcome == "failed"  # its outcome is unknown


def test_a_person_who_approves_after_the_stop_goes_on():
    assert compute(WHOLE, events(PLAN, stop(3), APPLY, END)).outcome == "done"
    assert compute(WHOLE, events(PLAN, stop(3), APPLY)).outcome == "interrupted"


def test_looking_again_after_the_end_changes_nothing():
    assert compute(WHOLE, events(PLAN, APPLY, END, EMPTY)).outcome == "done"
    assert compute(WHOLE, events(PLAN, APPLY, END, APPLY)).outcome == "interrupted"


def test_without_stop_or_end_a_run_was_interrupted():
    assert compute(WHOLE, events(PLAN, APPLY)).outcome == "interrupted"
    assert compute(None, []).outcome == "interrupted"
    assert compute(WHOLE, events(PLAN, APPLY, END[0])).exit_code == 7  # papermill's completed is not trusted


def test_a_signal_after_the_end_is_too_late():
    assert compute(WHOLE, events(PLAN, APPLY, END), interruption="a signal ended the run").outcome == "done"


def test_an_end_without_a_passed_verification_is_not_verified():
    assert compute(WHOLE, events(PLAN, APPLY, END[1])).exit_code == 6
    failed = {"event": "verified", "passed": False, "left": ["a"]}
    assert compute(WHOLE, events(PLAN, APPLY, failed, END[1])).reasons[1:] == ("a",)
    assert compute(WHOLE, events(PLAN, END[0], APPLY, END[1])).exit_code == 6  # verified before it was applied


@pytest.mark.parametrize(
    ("executed", "fault"),
    [
        (None, "no executed notebook"),
        (notebook(cell(error=("ValueError", "x"))), "failed with ValueError"),
        (notebook(cell(error=("SystemExit", "0"))), "failed with SystemExit"),
        (notebook(cell(1), cell(None)), "code cell 2 was not executed"),
        (notebook(cell(1, **{"iopub.execute_input": "t"})), "never came back"),
        (notebook(cell(1), start_time="t", end_time=None), "papermill did not come to its end"),
    ],
)
def test_a_notebook_that_is_not_whole_is_no_success(executed, fault):
    result = compute(executed, events(PLAN, APPLY, END))
    assert result.exit_code == 5
    assert fault in result.reasons[1]


def test_a_notebook_that_jupyterlab_ran_needs_no_papermill():
    empty = {"cell_type": "code", "source": [""], "execution_count": None, "outputs": [], "metadata": {}}
    prepared = {"cells": [cell(), empty], "metadata": {"papermill": {"parameters": {}}}}
    assert compute(prepared, events(PLAN, APPLY, END)).outcome == "done"


def test_an_orgkit_error_before_the_first_event_is_known_by_its_name():
    text = "The parameters file is invalid; AWS was not called.\n  why: a.toml has 1 problem:\n    x\n  do:  fix it."
    result = compute(notebook(cell(error=("ParametersInvalid", text))), [])
    assert (result.outcome, result.exit_code) == ("parameters", 2)
    assert result.reasons[1:] == ("a.toml has 1 problem:\n    x", "fix it.")


def test_an_exception_that_nobody_foresaw_is_refused_or_failed():
    broken = notebook(cell(error=("ZeroDivisionError", "division by zero")))
    assert compute(broken, events(PLAN)).exit_code == 1
    assert compute(broken, events(PLAN, APPLY)).exit_code == 5
    assert "ZeroDivisionError" in compute(broken, events(PLAN)).reasons[0]


@pytest.mark.parametrize("name", ["KeyboardInterrupt", "SystemExit"])
def test_a_cell_that_was_told_to_end_is_interrupted(name):
    assert compute(notebook(cell(error=(name, ""))), events(PLAN)).exit_code == 7


def test_damaged_events_do_not_keep_the_result_from_being_computed():
    assert compute(WHOLE, [{}, {"event": "stop"}, {"event": "step"}, {"event": "answer"}]).exit_code == 7
    assert compute(WHOLE, [{"event": "stop"}]).exit_code == 5


def test_the_record_s_own_place_is_no_part_of_it():
    assert "record" not in compute(None, []).as_json()


def test_what_was_found_out_about_earlier_runs_and_others_stands_in_the_result() -> None:
    events = [{"event": "found", "at": "2026-11-24T05:00:00+00:00", "lines": ["it was made", "somebody was there"]}]
    assert compute(None, events).found == ("it was made", "somebody was there")
    assert compute(None, []).found == ()


@pytest.mark.parametrize("code", ["ApprovalEnded", "ApprovalMismatch"])
def test_the_next_command_of_a_failed_run_plans_where_its_approval_has_ended_or_does_not_fit_since(code):
    applied = [{**event, "digest": "e" * 64} if event["event"] == "approval" else event for event in APPLY]
    left = {"event": "step", "step": "b", "result": "left", "code": code}
    for more, command in (
        ([], f"orgkit run FILE units --approved-plan {'e' * 64}"),
        ([left], "orgkit plan FILE units"),
        ([left, *applied], f"orgkit run FILE units --approved-plan {'e' * 64}"),  # approved and applied once more
    ):
        assert compute(None, events(PLAN, applied, more, stop(5))).next_command == command


@pytest.mark.parametrize("end", [stop(1), stop(8), END], ids=["stopped", "waiting", "at its end"])
def test_a_run_with_an_empty_plan_has_no_digest_that_somebody_could_approve(end):
    digest = {"digest": "e" * 64}
    assert compute(WHOLE, events({**EMPTY, **digest}, end)).digest == ""
    assert compute(WHOLE, events({**PLAN, **digest}, stop(3))).digest == "e" * 64
    applied = [{**event, **digest} if event["event"] == "apply" else event for event in APPLY]
    assert compute(WHOLE, events({**PLAN, **digest}, applied, {**EMPTY, "digest": "f" * 64}, END)).digest == "e" * 64
