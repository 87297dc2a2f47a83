"""Runs that orgkit did not execute, and that ended as nobody meant: sealed afterwards, none is called done."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from orgkit.journal.events import read_events
from orgkit.records import outputs
from orgkit.records.result import RunResult
from orgkit.records.seal import seal
from orgkit.records.verify.verify import verify_all
from tests.runbook.test_execute import ACCOUNT, BEGIN, END, STOP, UNITS, write_runbook

SLEEP = "import time\njournal.write('wait')\ntime.sleep(60)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return outputs.new_run_folder(tmp_path / "outputs", ACCOUNT, UNITS)


def sealed(folder: Path, notebook: Path) -> RunResult:
    result = seal(folder, notebook if notebook.is_file() else None)
    assert verify_all(folder.parent).faults == ()
    assert not result.succeeded
    return result


def test_a_cell_that_took_too_long_for_papermill(tmp_path, folder):
    source, out = write_runbook(tmp_path, BEGIN, SLEEP, END), tmp_path / "out.ipynb"
    with pytest.raises((PapermillExecutionError, RuntimeError, TimeoutError)):
        execute_notebook(source, out, {"run_folder": str(folder)}, execution_timeout=3, progress_bar=False)
    assert nbformat.read(out, 4).metadata.papermill.exception is None, "papermill itself reports no error"
    assert sealed(folder, out).outcome == "interrupted"


def test_a_cell_that_exits_with_0(tmp_path, folder):
    source, out = write_runbook(tmp_path, BEGIN, "import sys\nsys.exit(0)", END), tmp_path / "out.ipynb"
    with suppress(PapermillExecutionError):
        execute_notebook(source, out, {"run_folder": str(folder)}, progress_bar=False)
    assert sealed(folder, out).outcome == "interrupted"


def test_papermill_that_was_killed_while_a_cell_ran(tmp_path, folder):
    source, out = write_runbook(tmp_path, BEGIN, SLEEP, END), tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(source), str(out), "-r", "run_folder", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as papermill:
        until = time.monotonic() + 60
        while "wait" not in [event["event"] for event in read_events(folder / "events.jsonl")]:
            assert time.monotonic() < until, "the cell never began"
            time.sleep(0.05)
        os.killpg(papermill.pid, signal.SIGKILL)
    assert sealed(folder, out).outcome == "interrupted"


def test_nbval_which_goes_on_after_a_cell_that_stopped(tmp_path, folder):
    """It runs END after STOP, and leaves no executed notebook: the events alone would report success."""
    source, ready = write_runbook(tmp_path, BEGIN, STOP, END), tmp_path / "ready.ipynb"
    execute_notebook(source, ready, {"run_folder": str(folder)}, prepare_only=True, progress_bar=False)
    command = [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "-p", "no:cacheprovider", "-p", "no:xdist", ready]
    done = subprocess.run(map(str, command), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 failed" in done.stdout
    assert [event["event"] for event in read_events(folder / "events.jsonl")] == ["phase", "stop", "verified", "end"]
    assert sealed(folder, tmp_path / "none.ipynb").outcome == "failed"
