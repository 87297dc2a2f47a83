"""What a frightened person reads: three lines, 80 columns, the right exit code, and never a traceback."""

import errno
import subprocess
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from orgkit.cli.doctor import doctor
from orgkit.cli.phases import run
from tests import fits_80_columns
from tests.bootstrap.project import CHECKOUT, Project, Stage, new_project

MALFORMED = CHECKOUT / "tests" / "parameters" / "malformed"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("errors") / "project")


@pytest.fixture(scope="module")
def stage(project: Project):
    stage = Stage(project)
    with stage.sandbox:
        yield stage


def output(done) -> str:
    """The three parts of an error, each there once; its words, wherever the length of a path let a line end."""
    text = done.stderr
    assert text.count("\n  why:") == 1, text
    assert text.count("\n  do:") == 1, text
    assert fits_80_columns(text), text
    return " ".join(text.split())


def test_every_problem_of_a_file_is_told_at_once(project):
    text = output(project.orgkit("check", MALFORMED / "five-faults.toml", code=2))
    assert "has 5 problems" in text


def test_a_malformed_file_is_refused_by_every_command_before_any_call(project, stage):
    stage.sandbox.forget_calls()
    bad = MALFORMED / "five-faults.toml"
    for command in (("plan", bad), ("run", bad, "01"), ("estimate", bad), ("rehearse", bad), ("sandbox", "start", bad)):
        output(stage.project.orgkit(*command, code=2))
    assert stage.sandbox.calls() == []


def test_a_file_that_is_not_there_is_named(project):
    assert "nowhere.toml" in output(project.orgkit("check", "nowhere.toml", code=2))


def test_without_credentials_nothing_is_tried(project, stage):
    nothing = str(project.folder / "nothing")
    done = stage.project.orgkit(
        "plan", project.file, code=1, AWS_PROFILE="", AWS_CONFIG_FILE=nothing, AWS_SHARED_CREDENTIALS_FILE=nothing
    )
    assert "unset AWS_PROFILE" in output(done)


@pytest.mark.parametrize(
    ("profile", "words"),
    [("root", "root user"), ("user", "long-lived"), ("dns", "111111111111"), ("nonsense", "nonsense")],
)
def test_the_wrong_identity_is_refused_before_anything_else(project, stage, profile, words):
    stage.sandbox.forget_calls()
    done = stage.project.orgkit("plan", project.file, code=1, AWS_PROFILE=profile)
    assert words in output(done)
    assert stage.changes() == []
    assert {call["operation"] for call in stage.sandbox.calls()} <= {"GetCallerIdentity"}


def test_an_endpoint_of_aws_s_own_settings_is_refused(project, stage):
    done = stage.project.orgkit("plan", project.file, code=1, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")
    assert "AWS_ENDPOINT_URL_S3" in output(done)


def test_an_emulator_elsewhere_is_refused(project, stage):
    done = stage.project.orgkit("plan", project.file, "--endpoint-url", "http://emulator.example.org", code=1)
    assert "emulator.example.org" in output(done)


def test_a_sandbox_that_does_not_run_is_told(project):
    done = project.orgkit("sandbox", "env", code=1)
    assert "no sandbox is running" in output(done)
    assert subprocess.run(["/bin/sh", "-c", f'eval "{done.stdout}"'], check=False).returncode == 1
    assert "No sandbox is running" in project.orgkit("sandbox", "status", code=1).stdout


def test_a_phase_that_is_none_is_told_with_those_that_are(project):
    done = project.orgkit("run", project.file, "99", code=2)
    assert "05-trail" in done.stderr


def test_a_phase_before_the_file_is_told_the_order(project):
    for command in ("plan", "apply"):
        assert "The order is FILE, then PHASE." in project.orgkit(command, "03", project.file, code=2).stderr


def test_planning_a_phase_that_plans_nothing_says_so(project):
    assert "plans nothing" in project.orgkit("plan", project.file, "06", code=2).stderr


def test_a_run_folder_that_is_sealed_is_not_sealed_again(project, stage):
    stage.begin()
    ended = stage.project.phase("00")
    done = stage.project.orgkit("records", "seal", ended["record"], code=1)
    assert "already" in output(done)


def test_the_help_tells_the_exit_codes(project):
    text = project.orgkit("--help").stdout
    assert "8 waiting for someone else" in text
    assert Path("orgkit").name in text


def test_debug_on_a_full_disk_ends_in_three_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", no_space)
    done = CliRunner().invoke(doctor, ["--debug"])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[1] == "  why: No space left on device: /tmp."


def test_the_order_of_arguments_that_is_printed_can_be_pasted_and_steers_no_terminal() -> None:
    done = CliRunner().invoke(run, ["2", "no such\x07 file.toml"])
    assert done.stderr.startswith("The order is FILE PHASE now: run 'no such\ufffd file.toml' 2\n")
