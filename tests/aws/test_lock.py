"""One apply at a time for a management account, by this user on this machine and into one folder of records."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orgkit.aws.lock import lock_machine
from orgkit.errors import AnotherRun

ACCOUNT = "111122223333"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_it_is_held_by_one_and_names_its_holder(tmp_path: Path) -> None:
    with (
        lock_machine(ACCOUNT, None, "run-1", tmp_path / "a-project"),
        pytest.raises(AnotherRun, match=rf"process {os.getpid()}, run run-1"),
        lock_machine(ACCOUNT, None, "run-2", tmp_path / "another-project"),
    ):
        raise AssertionError("two at a time")


def test_one_folder_of_records_has_one_apply_whoever_s_machine_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lock_machine(ACCOUNT, None, "run-1", tmp_path / "shared"):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-user"))
        with pytest.raises(AnotherRun, match="run run-1"), lock_machine(ACCOUNT, None, "run-2", tmp_path / "shared"):
            raise AssertionError("two at a time")
        with lock_machine(ACCOUNT, None, "run-2", tmp_path / "own"):
            pass


def test_it_is_free_again_afterwards_and_apart_for_each_account_and_emulator(tmp_path: Path, state: Path) -> None:
    outputs = tmp_path / "outputs"
    with (
        lock_machine(ACCOUNT, None, "a rather long name", outputs),
        lock_machine("999999999999", None, "", outputs),
        lock_machine(ACCOUNT, "http://127.0.0.1:4000", "", None),
    ):
        pass
    with lock_machine(ACCOUNT, None, "", outputs):
        assert (outputs / ACCOUNT / ".lock").read_text() == f"process {os.getpid()}"
        assert (state / "orgkit" / f"{ACCOUNT}.lock").exists()


def test_of_a_killed_process_it_is_free(tmp_path: Path) -> None:
    program = (
        "import os, pathlib; from orgkit.aws.lock import lock_machine\n"
        f"with lock_machine({ACCOUNT!r}, None, 'killed', pathlib.Path({str(tmp_path)!r})):\n"
        "    os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    with lock_machine(ACCOUNT, None, "", tmp_path):
        pass
