"""`orgkit status`: what it prints of each phase, and the one command below."""

from pathlib import Path

import pytest

from orgkit.cli import drift
from orgkit.cli.status import show_statuses, status_json
from orgkit.cli.summary import with_file
from orgkit.lab.phase_status import LastRun, PhaseStatus, State
from orgkit.model.inventory import Gap
from orgkit.phases.registry import phase_of
from orgkit.records.health.health import Health
from orgkit.records.health.quotas_aws import NOT_REPORTED, SOURCE, Quota
from orgkit.records.outputs import name_in_project
from tests.plans.loader import desired_of, observed_of

FILE = Path("acme.toml")
ACCOUNT, UNITS, IMPORTS = phase_of("00"), phase_of("02"), phase_of("04")


def done(phase: str) -> PhaseStatus:
    return PhaseStatus(phase_of(phase), State.DONE, "AWS is as the file asks", None)


@pytest.mark.parametrize(
    ("open_phase", "command"),
    [
        (PhaseStatus(IMPORTS, State.WAITING, "1 invitation", None), "orgkit plan acme.toml 04"),
        (PhaseStatus(UNITS, State.DRIFTED, "it was renamed", None), "orgkit plan acme.toml 02"),
        (PhaseStatus(UNITS, State.DRIFTED, "1 step(s)", None, step_count=1), "orgkit apply acme.toml"),
        (PhaseStatus(UNITS, State.READY, "3 step(s)", None, step_count=3), "orgkit apply acme.toml"),
        (PhaseStatus(ACCOUNT, State.WAITING, "1 finding(s) stop phases", None), "orgkit run acme.toml 00"),
    ],
)
def test_what_is_open_has_a_command_and_is_never_called_done(
    open_phase: PhaseStatus, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_statuses([done("01"), open_phase, done("05")], FILE)
    text = capsys.readouterr().out
    assert text.endswith(f"\n  {command}\n")
    assert "Every phase is done" not in text
    assert status_json(open_phase, FILE)["next_command"] == command


def test_what_applies_comes_before_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = PhaseStatus(IMPORTS, State.WAITING, "1 invitation", None)
    show_statuses([waiting, PhaseStatus(phase_of("05"), State.READY, "18 step(s)", None, step_count=18)], FILE)
    assert capsys.readouterr().out.endswith("next\n  orgkit apply acme.toml\n")


def test_only_when_every_phase_is_done_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_statuses([done("01"), done("05")], FILE)
    assert capsys.readouterr().out.endswith("Every phase is done.\n")
    show_statuses([done("01"), PhaseStatus(UNITS, State.NOT_YET, "stopped by phase 00", None)], FILE)
    assert "Every phase is done" not in capsys.readouterr().out


def test_names_from_aws_and_from_records_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "unit Prod\x07\x1b]0;title\x07\u202e is renamed"
    show_statuses([PhaseStatus(UNITS, State.WAITING, hostile, LastRun(Path("run"), hostile, False, ""))], FILE)
    text = capsys.readouterr().out
    assert text.count("Prod") == 2
    assert not {"\x07", "\x1b", "\u202e"} & set(text)


def test_a_command_of_a_record_names_the_file_as_the_caller_did(tmp_path: Path) -> None:
    """The record names it from the folder of the project; who stands elsewhere has typed another path."""
    (tmp_path / "outputs").mkdir()
    file = tmp_path / "parameters" / "acme corp.toml"
    name = name_in_project(file)
    assert name == "parameters/acme corp.toml"
    for text in ("to repair: `orgkit plan FILE`", f"to repair: `orgkit plan '{name}'`"):
        assert with_file(text, file) == f"to repair: `orgkit plan '{file}'`"
    assert with_file("parameters/acme.toml.old is there", tmp_path / "parameters" / "acme.toml").startswith("param")


def test_the_report_of_drift_is_80_columns_wide_and_names_the_file_as_the_caller_did(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reason = "the file has read_role = false in [members]"
    gaps = tuple(Gap("role", f"{number:012}/orgkit-read", reason, is_expected=True) for number in range(3))
    quotas = (Quota("accounts", 3, 10, f"{SOURCE}, Default maximum number of accounts"),
              Quota("policies", 3, None, NOT_REPORTED))  # fmt: skip
    result = Health(observed_of({"organization": {}}), desired_of(), (), (), gaps, quotas=quotas, step_counts={"05": 1})
    drift._show(result, Path("acme corp.toml"))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines), lines
    assert f"  - 3 roles: {reason}" in lines
    assert lines[-1] == "  orgkit plan 'acme corp.toml'"
    assert "  orgkit run 'acme corp.toml' 08" in lines
    assert "no API reports it" in "".join(lines)
