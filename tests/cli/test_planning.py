"""What `orgkit plan` prints of plans: for a program, and as an exit code."""

import html
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orgkit import errors
from orgkit.ci.summary import render_plan as render_summary
from orgkit.cli.github import _plan_annotations
from orgkit.cli.options import apply_command
from orgkit.cli.planning import PlannedPhase, exit_code_of, show_next, show_plans, summary_of
from orgkit.model.finding import Finding
from orgkit.model.plan import Plan, Target, Waiting
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.phases.registry import phase_of
from orgkit.runbook.views.tables import as_items
from orgkit.runbook.views.views import render_plan
from tests.bootstrap.project import EXAMPLE
from tests.plans.loader import reviewed

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
STEP = CreateUnit(path=("Security",), tags=())
STOP = Finding.stops("root access keys", "there are some.", "delete them.", ("02",))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def planned(plan: Plan, phase: str = "02") -> PlannedPhase:
    return PlannedPhase(phase_of(phase), reviewed(plan, NOON))


STEPS = planned(Plan("units", TARGET, (STEP,)))
EMPTY = planned(Plan("units", TARGET))
STOPPED = planned(Plan("units", TARGET, stops=(STOP,), stopped_steps=(STEP,)))
WAITING = planned(Plan("units", TARGET, waiting=(Waiting("accept", "the owner"),)))
DRIFTED = [
    planned(Plan("units", TARGET, drift=("the trail does not deliver",))),
    planned(Plan("units", TARGET, waiting=(Waiting("a role is open", "its owner", drift=True),))),
]
BLOCKED = planned(Plan("units", TARGET, waiting=(Waiting("it is closed", "you", blocks="dns"),)))
FAILED = PlannedPhase(phase_of("03"), None, errors.NeedsDecision("two accounts.", "choose."))


def test_a_plan_without_steps_has_no_digest_for_a_program() -> None:
    assert STEPS.as_json()["digest"] == STEPS.plan.digest  # type: ignore[union-attr]
    assert [EMPTY.as_json()["digest"], STOPPED.as_json()["digest"], WAITING.as_json()["digest"]] == ["", "", ""]


@pytest.mark.parametrize(
    ("plans", "code"),
    [
        ([EMPTY], errors.EXIT_DONE),
        ([EMPTY, WAITING], errors.EXIT_WAITING),
        ([WAITING, STOPPED], errors.EXIT_REFUSED),
        ([WAITING, BLOCKED], errors.EXIT_REFUSED),
        ([WAITING, DRIFTED[0]], errors.EXIT_NOT_VERIFIED),
        ([WAITING, DRIFTED[1]], errors.EXIT_NOT_VERIFIED),
        ([BLOCKED, STOPPED, DRIFTED[0]], errors.EXIT_NOT_VERIFIED),
        ([BLOCKED, STOPPED, DRIFTED[1]], errors.EXIT_NOT_VERIFIED),
        ([STEPS, *DRIFTED], errors.EXIT_APPROVAL_NEEDED),
        ([STOPPED, STEPS, WAITING], errors.EXIT_APPROVAL_NEEDED),
        ([STEPS, FAILED], errors.EXIT_REFUSED),
    ],
)
def test_the_exit_code_is_that_of_what_comes_first(plans: list[PlannedPhase], code: int) -> None:
    assert exit_code_of(plans) == code


@pytest.mark.parametrize("drifted", DRIFTED)
def test_drift_of_every_kind_is_called_so_everywhere(drifted: PlannedPhase) -> None:
    assert drifted.plan is not None
    assert summary_of([drifted]) == "02 with drift that no step repairs (exit code 6)."
    assert [(note.level, note.title) for note in _plan_annotations(drifted)] == [("error", "02-units: drift")]
    assert next(render_summary("02-units", drifted.as_json())).endswith(": drift that no step repairs")
    assert render_plan(drifted.plan).text.startswith("No step to approve on")


def test_a_preview_has_no_digest() -> None:
    preview = planned(replace(Plan("units", TARGET, (STEP,)), target=replace(TARGET, organization=None)))
    assert preview.as_json()["digest"] == ""


def test_the_last_line_says_what_comes_of_each_phase_and_why_the_exit_code_is_what_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_plans([STOPPED, STEPS, WAITING, EMPTY])
    lines = capsys.readouterr().out.splitlines()
    last = "02 to be approved; 02 stopped by phase 00; 02 waiting for someone else; 02 without changes (exit code 3)."
    assert " ".join(" ".join(lines[lines.index("") :]).split()).endswith(last)
    show_plans([FAILED, STEPS])
    output = " ".join(capsys.readouterr().out.split())
    assert output.endswith("03 cannot be planned; 02 to be approved (exit code 1).")
    show_plans([STEPS])
    assert "exit code" not in capsys.readouterr().out


def test_the_next_command_has_the_real_file_and_digest_and_phase_10_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert STEPS.plan is not None
    show_next([EMPTY, STEPS], EXAMPLE)
    output = capsys.readouterr().out
    assert "10-billing is planned, too, once [billing] of the file names alerts.\n" in output
    command = f"orgkit run {EXAMPLE} 02 --approved-plan {STEPS.plan.digest} --approver NAME"
    assert f"\nnext    {command}\n" in output
    assert output.endswith(f"\n        orgkit apply {EXAMPLE}\n")
    show_next([EMPTY], EXAMPLE)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("number", ["13", "16"])
def test_the_next_command_names_a_phase_that_runs_only_where_it_is_named(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_next([replace(STEPS, phase=phase_of(number))], EXAMPLE)
    assert capsys.readouterr().out.endswith(f"\n        orgkit apply {EXAMPLE} {number}\n")
    assert apply_command(EXAMPLE, [phase_of("03"), phase_of(number)]) == f"orgkit apply {EXAMPLE} {number}"


@pytest.mark.parametrize("plan", [STEPS, EMPTY, STOPPED, WAITING])
def test_a_plan_is_printed_in_80_columns(plan: PlannedPhase, capsys: pytest.CaptureFixture[str]) -> None:
    target = replace(TARGET, organization="o-" + "a" * 32, kind="emulator")
    assert plan.plan is not None
    show_plans([replace(plan, plan=replace(plan.plan, target=target))])
    output = capsys.readouterr().out
    assert f"organization o-{'a' * 32}" in " ".join(output.split())
    assert max(map(len, output.splitlines())) <= 80


def test_no_name_or_email_is_broken_at_its_hyphens() -> None:
    email = "aws-log-archive-of-the-whole-organization@acme-and-sons.example"
    for start in range(1, 79):
        text = as_items([("+", f"{'x' * start} {email} more", f"because {'y' * start} {email}")])
        assert text.count(email) == 2


def test_of_a_long_plan_the_command_that_lists_each_step_is_shown_until_it_was_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = tuple(CreateUnit(path=(f"U{number:03}",), tags=()) for number in range(201))
    long = planned(Plan("units", TARGET, steps))
    show_plans([long])
    show_next([long], EXAMPLE)
    short = capsys.readouterr().out
    assert f"orgkit plan {EXAMPLE} 02 --all-steps" in short
    assert steps[100].sentence not in short
    show_plans([long], all_steps=True)
    show_next([long], EXAMPLE, all_steps=True)
    complete = capsys.readouterr().out
    assert "--all-steps" not in complete
    assert all(step.sentence in complete for step in steps)
    assert len(long.as_json()["steps"]) == len(steps)


def test_a_job_summary_of_a_long_plan_lists_what_is_no_part_of_a_kind_wherever_it_stands() -> None:
    steps = [CreateUnit(path=(f"U{number:03}",), tags=()).facts() for number in range(400)]
    facts = {"digest": "0" * 64, "steps": [*steps, {"id": "x:y", "sentence": "delete all"}]}
    text = html.unescape("".join(render_summary("02-units", facts)))
    assert "| 401 | delete all |" in text
    assert "400 steps: create organizational units (U000, U001, U002 and 397 more)" in text
