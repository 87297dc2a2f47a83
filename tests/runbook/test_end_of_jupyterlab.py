"""`orgkit lab` seals its records also when JupyterLab does not end by itself."""

import os
import signal
import subprocess
import sys

import pytest

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
