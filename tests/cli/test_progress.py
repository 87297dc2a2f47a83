"""What is told while a phase runs, and after it, whatever somebody has named their accounts."""

from collections import Counter
from pathlib import Path

import pytest

from orgkit.cli.output import Progress
from orgkit.cli.summary import show_result
from orgkit.phases.registry import phase_of
from orgkit.records.result import RunResult
from orgkit.rehearsal.retries import Attempt
from tests.runbook.hostile import HOSTILE, check_text

UNITS = phase_of("units")


def ended(name: str) -> RunResult:
    """A run that failed, in which every text that others can have chosen is this one."""
    return RunResult(
        "failed", 5, (name, name, name), phase="units", commands=(name,), found=(name,),
        how_far=dict.fromkeys(("done", "not begun"), ({"id": name, "sentence": name},)),
        next_command=f"orgkit run units FILE --approved-plan {name}",
        record=Path("outputs/run"),
    )  # fmt: skip


@pytest.mark.parametrize("living", [True, False], ids=["terminal", "log"])
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_progress_shows_names_as_text(
    name: str, living: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress(quiet=False)
    progress.living = living
    monkeypatch.setattr(Progress, "_clear", lambda _: None)  # the one sequence that acts, and is ours
    progress.phase(UNITS, None)
    progress.event({"event": "wait", "what": name, "so_far": 0, "at_most": 9})
    progress.event({"event": "step", "result": "done", "sentence": name})
    progress.attempt(UNITS, 2, Attempt(ended(name), Counter(throttling=1), (name,), repeat_command=name))
    progress.phase(UNITS, ended(name))
    progress.say(name)
    check_text(capsys.readouterr().err)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_the_end_of_a_run_shows_names_as_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_result(UNITS, ended(name), Path("acme.toml"))
    message = capsys.readouterr().out
    check_text(message)
    assert not [line for line in message.splitlines() if line.startswith("  do:")]


def test_what_a_run_met_is_wrapped_at_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(quiet=False)
    progress.attempt(UNITS, 2, Attempt(ended("a reason " * 20), Counter(throttling=1)))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= 80


def test_a_run_that_ended_early_says_what_is_done_what_is_not_and_what_to_run_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stood = (("done", "one"), ("in doubt", "two"), ("not begun", "three"))
    how_far = {word: ({"id": "x:y", "sentence": sentence},) for word, sentence in stood}
    result = RunResult(
        "interrupted", 7, ("Interrupted.",), how_far=how_far,
        next_command="orgkit run units FILE --approved-plan abc", record=Path("outputs/run"),
    )  # fmt: skip
    show_result(UNITS, result, Path("my files/acme.toml"))
    message = capsys.readouterr().out
    assert "\nDone:\n  - one\n" in message
    assert "\nIn doubt: sent, and no answer came; the next run looks" in message
    assert "\nNot begun:\n  - three\n" in message
    assert "\nnext    orgkit run units 'my files/acme.toml' --approved-plan abc\n" in message
