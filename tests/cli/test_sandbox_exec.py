"""Signals to `orgkit sandbox exec` reach the command, whose exit code it returns."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

# A shell that starts the tests in the background has them ignore SIGINT, and nohup SIGHUP: processes inherit that.
PARENT = """
import signal, sys
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
from types import SimpleNamespace
from orgkit.cli import sandbox
sandbox._need = lambda: SimpleNamespace(environment=dict, endpoint_url="http://127.0.0.1:1")
sys.exit(sandbox._run_in_sandbox((sys.executable, "-S", "-c", sys.argv[1])))
"""
READY = "import os; print(os.getpid(), flush=True); import time; time.sleep(60)"
TRAPPED = "import os, signal; signal.signal({number}, lambda *_: os._exit(7)); " + READY
IGNORED = "import signal; signal.signal({number}, lambda *_: None); " + READY


def run(child: str, **options: Any) -> tuple[subprocess.Popen[str], int]:
    """Start it in a session of its own, without a terminal, and wait until the command has begun."""
    command = [sys.executable, "-c", PARENT, child]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, **options)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_command_which_decides_the_exit_code(number: signal.Signals) -> None:
    process, _ = run(TRAPPED.format(number=int(number)))
    with process:
        process.send_signal(number)
        assert process.wait(30) == 7


def test_a_command_that_a_signal_has_ended_is_gone_and_its_code_is_that_of_a_shell() -> None:
    process, child = run(READY)
    with process:
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_command_that_goes_on_after_a_signal_is_waited_for() -> None:
    process, child = run(IGNORED.format(number=int(signal.SIGTERM)))
    with process:
        process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        os.kill(child, signal.SIGKILL)
        assert process.wait(30) == 128 + signal.SIGKILL
