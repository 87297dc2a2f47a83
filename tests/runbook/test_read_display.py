"""How far a reading is, in a runbook: in place for a person, and by events for the command that runs it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orgkit.aws.session import report_no_read
from orgkit.engine import read_progress
from orgkit.journal.events import Journal
from orgkit.runbook import read_display
from orgkit.runbook.interactive.session import INTERACTIVE_VARIABLE


class Shown:
    """Stands for IPython's display: what is shown in place, in its order."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, bundle: dict[str, str], **_: Any) -> "Shown":
        self.texts.append(bundle["text/plain"])
        return self

    update = __call__


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    display = Shown()
    monkeypatch.setattr("IPython.display.display", display)
    return display


def read(monkeypatch: pytest.MonkeyPatch, journal: Journal, seconds: float) -> None:
    """A reading of three accounts, of which each takes so long."""
    now = iter(range(100))
    monkeypatch.setattr(read_progress, "time", SimpleNamespace(monotonic=lambda: next(now) * seconds))
    run: Any = SimpleNamespace(journal=journal)
    aws: Any = SimpleNamespace(report_read=report_no_read)
    with read_display.show_reading(run, aws):
        for done in range(4):
            aws.report_read("member accounts", done, 3)


def test_a_person_sees_how_far_it_is_and_then_how_long_it_took(
    monkeypatch: pytest.MonkeyPatch, shown: Shown, tmp_path: Path
) -> None:
    monkeypatch.setenv(INTERACTIVE_VARIABLE, "1")
    read(monkeypatch, Journal(tmp_path / "events.jsonl", run="r"), 0.6)
    assert shown.texts[0] == "Reading member accounts, 0 of 3, 1 s."
    assert shown.texts[-2:] == ["Reading member accounts, 3 of 3, 5 s.", "AWS was read in 5 s."]


def test_a_short_reading_shows_nothing(monkeypatch: pytest.MonkeyPatch, shown: Shown, tmp_path: Path) -> None:
    monkeypatch.setenv(INTERACTIVE_VARIABLE, "1")
    journal = Journal(tmp_path / "events.jsonl", run="r")
    read(monkeypatch, journal, 0.01)
    assert (shown.texts, journal.events) == ([], [])


def test_without_a_person_a_long_reading_leaves_few_events_and_no_output(
    monkeypatch: pytest.MonkeyPatch, shown: Shown, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "events.jsonl", run="r")
    read(monkeypatch, journal, 3)
    assert shown.texts == []
    assert [(event["event"], event["what"], event["done"], event["count"]) for event in journal.events] == [
        ("reading", "member accounts", 1, 3),
        ("reading", "member accounts", 3, 3),
    ]
