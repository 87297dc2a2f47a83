"""A phase on a disk that fails at each of its writes: no change without its intent, and no wrong exit code."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import Tell

CHECKOUT = Path(__file__).parents[2]


def sweep(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", "-m", "tests.faults.full_disk", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_a_disk_that_fails_at_any_write_of_an_apply_loses_no_intent_and_gives_no_wrong_exit_code(report: Tell) -> None:
    """`--unchecked`, which trusts the result of os.write, loses eight intents."""
    done = sweep()
    report(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("0 bad: lost intents 0, wrong exit codes 0")
