"""`orgkit lab` seals its records also when JupyterLab does not end by itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orgkit.errors import JupyterLabFailed
from orgkit.runbook.interactive import jupyterlab

WAITS = "import time; print('ready', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"


@pytest.mark.parametrize(("program", "code"), [(STUBBORN, -signal.SIGKILL), (WAITS, -signal.SIGTERM)])
def test_a_jupyterlab_that_was_told_to_end_has_so_many_seconds(
    program: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jupyterlab, "SECONDS_TO_END", 0.5)
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as lab, jupyterlab._ignore_interrupts(lab):
        assert lab.stdout is not None
        lab.stdout.readline()
        os.kill(os.getpid(), signal.SIGTERM)
        assert lab.wait(30) == code


@pytest.mark.parametrize(("user", "flags"), [(0, ["--allow-root"]), (1000, [])])
def test_jupyterlab_opens_as_root_too_and_its_exit_code_is_known(
    user: int, flags: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commands: list[list[str]] = []
    popen = subprocess.Popen

    def fail(command: list[str], **_: object) -> "subprocess.Popen[bytes]":
        commands.append(command)
        return popen([sys.executable, "-c", "raise SystemExit(3)"])

    monkeypatch.setattr(jupyterlab.subprocess, "Popen", fail)
    monkeypatch.setattr(jupyterlab.os, "geteuid", lambda: user)
    assert jupyterlab.run_jupyterlab(tmp_path / "start.ipynb", tmp_path) == 3
    assert [flag for flag in commands[0] if flag == "--allow-root"] == flags


def test_a_jupyterlab_that_could_not_start_is_an_error_and_one_that_a_signal_ended_is_none() -> None:
    file = Path("acme.toml")
    with pytest.raises(JupyterLabFailed, match=r"(?s)exit code 3.*orgkit apply acme\.toml") as failure:
        jupyterlab.check_started(3, file)
    assert failure.value.exit_code == 1
    for code in (0, -signal.SIGTERM):
        jupyterlab.check_started(code, file)
