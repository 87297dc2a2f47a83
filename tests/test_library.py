"""Applying from Python: the same rules as in a runbook, and nobody else applies meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orgkit.aws.lock import exclusive, lock_of_machine
from orgkit.errors import AnotherRun, WrongPlace
from orgkit.outcome import Result
from tests.aws.conftest import Answer, CountingClock, Wire, clock, own_environment, wire
from tests.aws.scene import CHANGE, go, set_up
from tests.plans.loader import MANAGEMENT

__all__ = ["clock", "own_environment", "wire"]

HOLDER = """
import sys, time
from pathlib import Path
from orgkit.aws.lock import exclusive
with exclusive(Path(sys.argv[1]), "x", "theirs"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def stage(own_environment: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    set_up(wire)
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", wire.url)
    return wire


@contextmanager
def another_process_holds(file: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_an_approved_plan_is_applied(stage: Wire, clock: CountingClock) -> None:
    assert [outcome.result for outcome in go(clock).items] == [Result.DONE]
    assert stage.asked.count(CHANGE) == 1


def test_two_applies_for_one_account_cannot_run_at_once(stage: Wire, clock: CountingClock) -> None:
    lock = lock_of_machine(MANAGEMENT, stage.url)
    with another_process_holds(lock) as process, pytest.raises(AnotherRun) as refused:
        go(clock)
    assert f"account {MANAGEMENT}: process {process.pid}, run theirs holds the lock" in refused.value.why
    assert CHANGE not in stage.asked
    go(clock)  # the lock ended with its holder, killed as it was
    assert stage.asked.count(CHANGE) == 1


def test_a_runbook_of_the_project_that_is_named_keeps_the_library_out_as_well(
    stage: Wire, clock: CountingClock, tmp_path: Path
) -> None:
    with (
        exclusive(tmp_path / MANAGEMENT / ".lock", MANAGEMENT, "a-runbook"),
        pytest.raises(AnotherRun, match="run a-runbook"),
    ):
        go(clock, outputs=tmp_path)
    assert CHANGE not in stage.asked
    go(clock, outputs=tmp_path)


def test_the_lock_is_free_again_after_a_failure(stage: Wire, clock: CountingClock) -> None:
    stage.always[CHANGE] = Answer.error("AccessDeniedException")
    for _ in range(2):
        assert [outcome.result for outcome in go(clock).items] == [Result.FAILED]
    with exclusive(lock_of_machine(MANAGEMENT, stage.url), MANAGEMENT):
        pass


def test_each_account_and_each_emulator_has_a_lock_of_its_own(tmp_path: Path) -> None:
    here = {"XDG_STATE_HOME": str(tmp_path)}
    ends = [None, "http://127.0.0.1:5000", "http://127.0.0.1:5001"]
    locks = {lock_of_machine(account, end, here) for account in (MANAGEMENT, "111111111111") for end in ends}
    assert len(locks) == 6
    assert all(lock.is_relative_to(tmp_path / "orgkit") for lock in locks)
    assert str(lock_of_machine(MANAGEMENT, None, {})) == f"~/.local/state/orgkit/{MANAGEMENT}.lock"


def test_only_its_owner_sees_the_lock(tmp_path: Path) -> None:
    lock = lock_of_machine(MANAGEMENT, None, {"XDG_STATE_HOME": str(tmp_path)})
    with exclusive(lock, MANAGEMENT):
        assert (lock.stat().st_mode & 0o777, lock.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        assert lock.read_text() == f"process {os.getpid()}"


def test_a_lock_that_cannot_be_held_stops_the_apply(
    stage: Wire, clock: CountingClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(WrongPlace, match="cannot be opened"):
        go(clock)
    assert CHANGE not in stage.asked
