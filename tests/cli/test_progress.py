"""The output while a phase runs, and after it, with accounts of any name."""

import json
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from orgkit.aws.session import report_no_read
from orgkit.cli.layout import MIN_COLUMNS
from orgkit.cli.live_progress import SAFE_TO_STOP, LiveProgress, RunState
from orgkit.cli.output import Progress
from orgkit.cli.read_progress import show_reading
from orgkit.cli.summary import show_outcome, show_result
from orgkit.engine import read_progress
from orgkit.errors import OutOfOrder
from orgkit.handover.plan_check import PlanCheck
from orgkit.handover.tools import TOOLS
from orgkit.phases.registry import phase_of
from orgkit.records.result import RunResult, compute
from orgkit.rehearsal.retries import Attempt
from tests.runbook.hostile import HOSTILE, check_text

UNITS = phase_of("units")


def ended(name: str) -> RunResult:
    """A run that failed, in which every text that others can have chosen is this one."""
    return RunResult(
        "failed", 5, (name, name, name), phase="units", commands=(name,), found=(name,),
        how_far=dict.fromkeys(("done", "not begun"), ({"id": name, "sentence": name},)),
        next_command=f"orgkit run FILE units --approved-plan {name}",
        record=Path("outputs/run"),
    )  # fmt: skip


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "log"])
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_progress_shows_names_as_text(name: str, terminal: bool, capsys: pytest.CaptureFixture[str]) -> None:
    screen = StringIO()
    progress = LiveProgress(Console(file=screen, width=80)) if terminal else Progress()
    with progress:
        progress.phase(UNITS, None)
        progress.event({"event": "apply", "steps": [{"id": name, "sentence": name}]})
        progress.event({"event": "intent", "sentence": name})
        slots = [[name, 1, 9, 0], ["", 0, 0, 0]]
        progress.event({"event": "wait", "what": name, "so_far": 0, "at_most": 9, "slots": slots})
        progress.event({"event": "step", "result": "done", "sentence": name, "step": name, "why": name})
        progress.attempt(UNITS, 2, Attempt(ended(name), Counter(throttling=1), (name,), repeat_command=name))
        progress.phase(UNITS, ended(name))
        progress.say(name)
    output = screen.getvalue() if terminal else capsys.readouterr().err
    assert output
    check_text(output)


def test_a_terminal_keeps_finished_steps_and_shows_the_slots_below_them() -> None:
    state, slots = RunState("03-accounts"), [["web", 3, 900, 60], ["shop", 70, 900, 60], ["", 0, 0, 0]]
    lines = [
        state.take(event)
        for event in (
            {"event": "apply", "steps": [{"id": "a", "sentence": "one"}, {"id": "b", "sentence": "two"}]},
            {"event": "intent", "sentence": "one"},
            {"event": "step", "step": "a", "result": "done", "sentence": "one", "seconds": 1.25},
            {"event": "intent", "sentence": "two"},
            {"event": "wait", "what": "AWS", "so_far": 3, "at_most": 900, "expected": 57, "slots": slots},
        )
    ]
    assert [line for line in lines if line] == ["done  one (1.2\u00a0s)"]
    below = list(state.lines(12.0, 40))
    assert below[0] == "03-accounts  applying  1 of 2 steps  12 s, about 57 s more"
    assert below[1] == "[##########----------]"
    assert "now: two" in below
    assert [line for line in below if line.startswith("  ")] == [
        "  1  web  3 s of about 60 s",
        "  2  shop  70 s, at most 900 s",
        "  3  free",
    ]
    state.take({"event": "step", "step": "b", "result": "done", "sentence": "two"})
    assert not [line for line in state.lines(13.0, 40) if line.startswith("  ")], "what has ended takes no slot"


def test_what_is_drawn_again_and_again_says_in_one_line_that_ctrl_c_is_safe() -> None:
    assert list(RunState("03-accounts").lines(12.0, 40))[-1] == SAFE_TO_STOP
    assert len(SAFE_TO_STOP) < MIN_COLUMNS


def test_a_finished_step_goes_on_below_its_sentence_and_its_seconds_are_not_broken() -> None:
    screen = StringIO()
    progress = LiveProgress(Console(file=screen, width=80))
    sentence = f"create organizational unit {'x' * 40}"  # the number would fit, and its unit would not
    progress.event({"event": "step", "step": "a", "result": "done", "sentence": sentence, "seconds": 0.2})
    assert screen.getvalue().splitlines() == [f"done  {sentence}", "      (0.2 s)"]


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
        next_command="orgkit run FILE units --approved-plan abc", record=Path("outputs/run"),
    )  # fmt: skip
    show_result(UNITS, result, Path("my files/acme.toml"))
    message = capsys.readouterr().out
    assert "\nDone:\n  - one\n" in message
    assert "\nIn doubt: sent, and no answer came; the next run checks whether AWS did it" in message
    assert "\nNot begun:\n  - three\n" in message
    assert "\nnext    orgkit run 'my files/acme.toml' units --approved-plan abc\n" in message


def test_the_outcome_has_what_terraform_said_of_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check = PlanCheck(TOOLS["terraform"], tmp_path, 39, counts={"import": 39, "keep": 2})
    (tmp_path / "events.jsonl").write_text(json.dumps({"event": "verified", "sentence": check.sentence}))
    show_outcome(phase_of("handover"), RunResult("done", 0, seconds=22.5, record=tmp_path), Path("acme.toml"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "11-handover: done (22.5 s)"
    text = " ".join(" ".join(lines[1:]).split())
    assert text.startswith("Terraform's plan: 39 to import, 0 to add, 0 to change, 0 to destroy; 2 unchanged")


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ({}, "refused (0 of 3 steps done, 1.2 s)"),
        ({"done": 1, "found done": 1, "failed": 1}, "refused (2 of 3 steps done, 1.2 s)"),
    ],
)
def test_how_many_steps_are_done_is_said_and_not_how_many_there_were(
    ends: dict[str, int], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = RunResult("refused", 1, steps=3, ended=ends, seconds=1.2, record=Path("outputs/run"))
    show_result(UNITS, result, Path("acme.toml"))
    assert f"02-units: {text}\n" in capsys.readouterr().out
    Progress(quiet=False).phase(UNITS, result)
    assert f"{2 if ends else 0} of 3 steps done" in capsys.readouterr().err


def test_a_phase_without_steps_counts_none(capsys: pytest.CaptureFixture[str]) -> None:
    show_result(UNITS, RunResult("done", 0, seconds=1.2, record=Path("outputs/run")), Path("acme.toml"))
    assert "02-units: done (1.2 s)\n" in capsys.readouterr().out


def test_findings_are_listed_with_the_page_that_has_them_all(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = Path("outputs/run") / f"{phase_of('00').run_label}.html"
    page.parent.mkdir(parents=True)
    page.touch()
    events = [
        {"event": "phase", "phase": "management_account", "run": "r"},
        {"event": "checks", "stops": 0, "warns": 1, "lines": ["phone (warning): not verified, " + "a-b " * 30]},
    ]
    result = replace(compute(None, events), record=Path("outputs/run"))
    assert result.checks == {"stops": 0, "warns": 1}
    show_result(phase_of("00"), result, Path("acme.toml"))
    output = capsys.readouterr().out
    assert "- phone (warning): not verified, a-b" in output
    assert f"page    {page}\n" in output
    assert max(map(len, output.splitlines())) <= 80


def test_what_is_waited_for_is_wrapped_and_no_name_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(quiet=False)
    progress.label = "03-accounts"
    name = "account-that-has-a-long-name"
    waited = f"AWS to create {name} and {name} and {name}: one-of-several, three of five accounts"
    progress.event({"event": "wait", "what": waited, "so_far": 0, "at_most": 900})
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.count(name) for line in lines) == 3


def test_a_run_that_needs_an_earlier_phase_ends_with_the_command_that_runs_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reasons = (OutOfOrder.summary, "the organization does not exist yet: run 01-organization")
    show_result(UNITS, RunResult("refused", 1, reasons, record=Path("outputs/run")), Path("my files/acme.toml"))
    assert capsys.readouterr().out.endswith("\nnext    orgkit apply 'my files/acme.toml'\n")


class Clock:
    """Seconds that pass by each look, for what measures how long a reading takes."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def monotonic(self) -> float:
        self.now += self.step
        return self.now


def reading(monkeypatch: pytest.MonkeyPatch, console: Console | None, step: float, members: int = 1004) -> None:
    """One reading of 1,004 accounts, of which each report comes `step` seconds after the one before."""
    monkeypatch.setattr(read_progress, "time", Clock(step))
    aws: Any = SimpleNamespace(report_read=report_no_read)
    with show_reading(aws, console):
        for done in range(0, members, 100):
            aws.report_read("member accounts", done, members)
    assert aws.report_read is report_no_read


def test_a_reading_of_less_than_a_second_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = StringIO()
    reading(monkeypatch, Console(file=screen, width=80, force_terminal=True), 0.05)
    reading(monkeypatch, None, 0.05)
    assert screen.getvalue() == capsys.readouterr().err == ""


def test_a_longer_reading_is_a_bar_on_a_terminal_that_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    reading(monkeypatch, Console(file=screen, width=80, force_terminal=True), 0.5)
    assert "[#-------------------] reading member accounts, 100 of 1,004, 1 s" in screen.getvalue()
    assert "[###################-] reading member accounts, 1,000 of 1,004, 6 s" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K"), "the line is erased"


def test_in_a_log_a_longer_reading_is_a_line_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading(monkeypatch, None, 30)
    assert capsys.readouterr().err.splitlines() == [
        f"reading member accounts, {done} of 1,004, {seconds} s" for done, seconds in READ_BY_THE_MINUTE
    ]


READ_BY_THE_MINUTE = [("0", 30), ("200", 90), ("400", 150), ("600", 210), ("800", 270), ("1,000", 330)]


def test_the_reading_of_a_run_is_shown_with_its_phase(capsys: pytest.CaptureFixture[str]) -> None:
    event = {"event": "reading", "what": "member accounts", "done": 412, "count": 1004, "seconds": 6}
    state = RunState("03-accounts")
    assert state.take(event) == ""
    assert list(state.lines(7.0, 80))[1] == "[########------------] member accounts, 412 of 1,004"
    state.take({"event": "plan"})
    assert "412" not in " ".join(state.lines(7.0, 80))
    progress = Progress()
    progress.label = "03-accounts"
    progress.event(event)
    assert capsys.readouterr().err == "03-accounts: reading member accounts, 412 of 1,004\n"


def test_in_a_log_waits_that_take_turns_are_a_line_a_minute_each(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.label = "03-accounts"
    for seconds in range(0, 90, 10):
        for account in ("shop", "web"):
            event = {"event": "wait", "what": f"the role in {account}", "so_far": seconds, "at_most": 900}
            progress.event(event)
    assert capsys.readouterr().err.splitlines() == [
        f"03-accounts: waiting for the role in {account}, {seconds} of at most 900 s"
        for seconds in (0, 60)
        for account in ("shop", "web")
    ]
