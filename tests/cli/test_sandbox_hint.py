"""An error that a sandbox explains says so, with the command that uses the sandbox."""

import sys

import pytest

from orgkit import errors
from orgkit.cli import running_sandbox
from orgkit.cli.sandbox_hint import sandbox_hint

WITHOUT_CREDENTIALS = errors.WrongAccount("no AWS credentials were found.", "sign in")
UNREADABLE = errors.CouldNotRead("AWS could not be asked.", "run it again")


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ORGKIT_ENDPOINT_URL", "ORGKIT_CLOCK_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["orgkit", "status", "my file.toml"])


def set_running(monkeypatch: pytest.MonkeyPatch, running: bool) -> None:
    monkeypatch.setattr(running_sandbox, "running_sandbox", lambda: object() if running else None)


@pytest.mark.parametrize("stop", [WITHOUT_CREDENTIALS, errors.ApprovalMismatch("no plan is kept.", "plan again")])
def test_a_sandbox_that_runs_unused_is_named_with_the_whole_command(monkeypatch, stop) -> None:
    set_running(monkeypatch, running=True)
    assert sandbox_hint(stop).endswith("orgkit sandbox exec -- orgkit status 'my file.toml'")


def test_nothing_is_said_where_no_sandbox_runs_or_the_error_has_another_cause(monkeypatch) -> None:
    assert sandbox_hint(UNREADABLE) == ""
    set_running(monkeypatch, running=False)
    assert sandbox_hint(WITHOUT_CREDENTIALS) == ""


def test_a_shell_whose_sandbox_has_ended_learns_it(monkeypatch) -> None:
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("ORGKIT_CLOCK_URL", "http://127.0.0.1:1/orgkit/clock")
    set_running(monkeypatch, running=False)
    assert "has ended" in sandbox_hint(UNREADABLE)
    set_running(monkeypatch, running=True)
    assert sandbox_hint(UNREADABLE) == ""
