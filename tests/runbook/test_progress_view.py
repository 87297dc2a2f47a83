"""An apply under way, as a person in JupyterLab sees it."""

import pytest

from orgkit.model.outcome import Outcome, Outcomes, Slot, StepStatus
from orgkit.runbook import live_display
from orgkit.runbook.live_display import LiveDisplay
from orgkit.runbook.views.progress_view import render_progress


def outcomes(*statuses: StepStatus) -> Outcomes:
    return Outcomes(tuple(Outcome(f"<b>step</b> {number}", "+", status) for number, status in enumerate(statuses)))


def test_each_step_has_a_sign_and_a_word_and_the_bar_says_how_far_it_is() -> None:
    html = render_progress(outcomes(StepStatus.DONE, StepStatus.RUNNING, StepStatus.PENDING, StepStatus.FAILED), 7.0)
    assert "1 of 4 steps done, 7 s so far." in html
    assert "width: 25%" in html
    for line in ("✓ &lt;b&gt;step", "▶ &lt;b&gt;step", "· &lt;b&gt;step", "✗ &lt;b&gt;step"):
        assert line in html


def test_what_is_left_of_the_time_is_said_by_the_pace_of_two_steps_at_least() -> None:
    done, pending = StepStatus.DONE, StepStatus.PENDING
    assert "more at this pace" not in render_progress(outcomes(done, pending, pending), 10.0)
    assert "about 30 s more at this pace" in render_progress(outcomes(done, done, pending, pending, pending), 20.0)
    assert "about 5 min more at this pace" in render_progress(outcomes(done, done, pending, pending), 300.0)


def test_a_slot_has_a_bar_of_its_time_and_a_free_one_none() -> None:
    html = render_progress(Outcomes((), slots=(Slot("shop", 30.0, 120.0), Slot())), 0.0)
    assert "<td>shop</td>" in html
    assert "width: 25%" in html
    assert "30 s of at most 120 s" in html
    assert "<td>free</td><td></td>" in html


@pytest.mark.parametrize(("person", "live"), [("1", True), ("", False)])
def test_a_person_sees_the_bar_until_the_steps_have_ended_and_then_the_table_that_the_record_keeps(
    monkeypatch: pytest.MonkeyPatch, person: str, live: bool
) -> None:
    monkeypatch.setenv("ORGKIT_PERSON", person)
    monkeypatch.setattr(live_display, "UPDATE_SECONDS", -1.0)
    shown: list[str] = []
    display = LiveDisplay()
    monkeypatch.setattr(display, "_put", lambda bundle: shown.append(bundle["text/html"]))
    display.outcomes(outcomes(StepStatus.DONE, StepStatus.RUNNING))
    display.outcomes(outcomes(StepStatus.DONE, StepStatus.DONE))
    assert ("orgkit-bar" in shown[0]) is live
    assert "orgkit-bar" not in shown[1]
    assert "<table>" in shown[1]
