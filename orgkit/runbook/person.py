"""JupyterLab for a person: on a page of ours, and with a kernel that tells errors in three lines."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from orgkit.aws.clock import clock_of
from orgkit.aws.identity import endpoint_of
from orgkit.parameters import load
from orgkit.phases import Phase
from orgkit.record import outputs
from orgkit.record.result import Result
from orgkit.record.seal import seal
from orgkit.record.sealing import sealing_of
from orgkit.runbook.guided import PERSON
from orgkit.runbook.prepare import prepare

# Defaults of JupyterLab, over which the person's own settings go.
DEFAULTS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {
        "autosaveInterval": 10,  # seconds: the saved notebook becomes the record
        "defaultViewers": {"markdown": "Markdown Preview"},  # links to the README are there to be read
    },
    "@jupyterlab/notebook-extension:tracker": {
        "windowingMode": "none",  # short notebooks, whole: for screen readers, for searching, for printing
        "recordTiming": True,
    },
}


def open_in_jupyterlab(phase: Phase, parameters: Path) -> Result:
    """Prepare a copy in a new run folder, open it, wait until JupyterLab ends, and seal."""
    desired, project = load(parameters), outputs.project_of(parameters)
    account, sealing = desired.organization.management_account_id, sealing_of(desired, parameters)
    base = outputs.base_folder(project, "emulator" if endpoint_of() else "aws")
    folder = outputs.new_run_folder(base, account, phase.name, clock_of().now())
    notebook = prepare(phase, parameters, folder)
    run_jupyterlab(notebook, folder)
    return seal(folder, notebook, parameters, sealing=sealing)


def run_jupyterlab(page: Path, root: Path, settings: Mapping[str, str] = os.environ) -> None:
    """Show `page` of the folder `root` to a person; returns when JupyterLab has ended, however it did."""
    with TemporaryDirectory(prefix="orgkit-lab-") as made:
        command = [sys.executable, "-m", "jupyterlab", "--log-level=ERROR", "--LabApp.log_level=ERROR",
                   f"--ServerApp.root_dir={root}",
                   f"--LabApp.default_url=/lab/tree/{quote(str(page.relative_to(root)))}", str(page)]  # fmt: skip
        environment = dict(settings) | _settings(Path(made)) | ({PERSON: "1"})
        with subprocess.Popen(command, env=environment) as lab, _outlasting(lab):  # noqa: S603  our own page
            lab.wait()


def put_readme(folder: Path) -> Path:
    """A copy of the README, with its pictures, to which errors and pages link: inside the folder that is served."""
    packaged = Path(str(files("orgkit"))) / "_project"
    source = packaged if packaged.is_dir() else Path(__file__).parents[2]
    (folder / "docs").mkdir(exist_ok=True)
    for picture in (*(source / "docs").glob("*.svg"), *(source / "docs").glob("*.png")):
        shutil.copyfile(picture, folder / "docs" / picture.name)
    return Path(shutil.copyfile(source / "README.md", folder / "README.md"))


def _settings(made: Path) -> dict[str, str]:
    """A kernel of this interpreter, called as the notebooks call theirs, that tells errors in three lines."""
    kernel, config = made / "kernels" / "python3", made / "labconfig"
    for folder in (kernel, config):
        folder.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--ext", "orgkit.runbook.kernel",
               "--log-level=ERROR"]  # fmt: skip
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    (config / "default_setting_overrides.json").write_text(json.dumps(DEFAULTS), encoding="utf-8")
    return {"JUPYTER_PATH": _before("JUPYTER_PATH", made), "JUPYTER_CONFIG_PATH": _before("JUPYTER_CONFIG_PATH", made)}


def _before(name: str, folder: Path) -> str:
    """Our folder first, then those that the person has named."""
    return os.pathsep.join(part for part in (str(folder), os.environ.get(name, "")) if part)


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
