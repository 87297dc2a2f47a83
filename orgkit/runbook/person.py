"""Opening a prepared copy of a runbook for a person in JupyterLab, and sealing its record afterwards."""

import os
import subprocess
import sys
from pathlib import Path

from orgkit.aws.clock import clock_of
from orgkit.aws.identity import endpoint_of
from orgkit.parameters import load
from orgkit.phases import Phase
from orgkit.record import outputs
from orgkit.record.result import Result
from orgkit.record.seal import seal
from orgkit.runbook.prepare import prepare


def open_in_jupyterlab(phase: Phase, parameters: Path) -> Result:
    """Prepare a copy in a new run folder, open it, wait until JupyterLab ends, and seal."""
    account = load(parameters).organization.management_account_id
    base = outputs.base_folder(outputs.project_of(parameters), "emulator" if endpoint_of() else "aws")
    folder = outputs.new_run_folder(base, account, phase.name, clock_of().now())
    notebook = prepare(phase, parameters, folder)
    # A kernel inherits this environment: it is how the gate knows that somebody is there to be asked.
    subprocess.run(  # noqa: S603  our own interpreter and our own file
        [sys.executable, "-m", "jupyterlab", str(notebook)],
        env=os.environ | {"ORGKIT_PERSON": "1"},
        check=False,
    )
    return seal(folder, notebook, parameters)
