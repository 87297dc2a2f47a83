"""An apply under way, as a person in JupyterLab sees it."""

import re
from dataclasses import replace

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


def test_what_aws_usually_takes_goes_before_the_pace() -> None:
    done, running = StepStatus.DONE, StepStatus.RUNNING
    items = outcomes(done, done, running, running)
    assert "; AWS usually takes about 72 s more." in render_progress(replace(items, expected=72.0), 300.0)


def test_the_bar_of_a_slot_is_full_when_aws_has_taken_as_long_as_usual() -> None:
    slots = (Slot("shop", 15.0, 1800.0, 60.0), Slot("late", 90.0, 1800.0, 60.0), Slot("web", 30.0, 120.0), Slot())
    html = render_progress(Outcomes((), slots=slots), 0.0)
    assert re.findall(r"width: (\d+)%", html) == ["0", "25", "100", "25"]
    assert "<td>shop</td>" in html
    assert "15 s; usually about 60 s, at most 30 min" in html
    assert "<td>30 s; at most 2 min</td>" in html
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
    display.update(outcomes(StepStatus.DONE, StepStatus.RUNNING))
    display.update(outcomes(StepStatus.DONE, StepStatus.DONE))
    assert ("orgkit-bar" in shown[0]) is live
    assert "orgkit-bar" not in shown[1]
    assert "<table>" in shown[1]
    assert ['class="orgkit-outcomes"' in html for html in shown] == [live, live]
