"""Opening a prepared copy of a runbook for a person in JupyterLab, and sealing its record afterwards."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orgkit.aws.clock import clock_of
from orgkit.aws.identity import endpoint_of
from orgkit.parameters import load
from orgkit.phases import Phase
from orgkit.record import outputs
from orgkit.record.result import Result
from orgkit.record.seal import seal
from orgkit.runbook.prepare import prepare

# How the gate knows that somebody is there to be asked; the kernel is this interpreter's, not one of the person's own.
SETTINGS = {"ORGKIT_PERSON": "1", "JUPYTER_PREFER_ENV_PATH": "1"}


def open_in_jupyterlab(phase: Phase, parameters: Path) -> Result:
    """Prepare a copy in a new run folder, open it, wait until JupyterLab ends, and seal."""
    account = load(parameters).organization.management_account_id
    base = outputs.base_folder(outputs.project_of(parameters), "emulator" if endpoint_of() else "aws")
    folder = outputs.new_run_folder(base, account, phase.name, clock_of().now())
    notebook = prepare(phase, parameters, folder)
    command = [sys.executable, "-m", "jupyterlab", str(notebook)]
    with subprocess.Popen(command, env=os.environ | SETTINGS) as lab, _outlasting(lab):  # noqa: S603  our own file
        lab.wait()
        return seal(folder, notebook, parameters)


@contextmanager
def _outlasting(lab: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Ctrl-C at the terminal is JupyterLab's, which asks whether to end; one more does not keep us from sealing."""

    def pass_on(*_: Any) -> None:
        lab.terminate()

    before = {signal.SIGINT: signal.signal(signal.SIGINT, _nothing)}
    before |= {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _nothing(*_: Any) -> None:
    """A handler of our own, since one that is ignored would be ignored by our children too."""
