"""JupyterLab for a person: on a page of ours, with the guided kernel and the extension that orgkit ships."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any
from urllib.parse import quote

from orgkit.aws.clock import clock_of
from orgkit.aws.endpoint import endpoint_of
from orgkit.errors import JupyterLabFailed
from orgkit.journal.file_writes import create_file
from orgkit.parameters import load
from orgkit.phases.descriptor import Phase
from orgkit.records import outputs
from orgkit.records.result import RunResult
from orgkit.records.seal import seal_or_report
from orgkit.records.seal_options import sealing_of
from orgkit.runbook.execution.prepare import prepare
from orgkit.runbook.interactive.session import START_PAGE

SHARED_DATA = Path(__file__).with_name("jupyter")  # kernels/ and labextensions/, as in a wheel's share/jupyter
PAGES = ("README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md")
AS_ROOT = "JupyterLab runs as root: its page can do everything on this machine. Better: a user of its own."
SECONDS_TO_END = 30.0  # for JupyterLab and its kernels, after SIGTERM

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


def open_in_jupyterlab(phase: Phase, parameters: Path) -> RunResult:
    """Prepare a copy in a new run folder, open it, wait until JupyterLab ends, and seal."""
    desired, project = load(parameters), outputs.project_of(parameters)
    account, sealing = desired.organization.management_account_id, sealing_of(desired, parameters)
    base = outputs.base_folder(project, "emulator" if endpoint_of() else "aws")
    folder = outputs.new_run_folder(base, account, phase.label, clock_of().now())
    notebook = prepare(phase, parameters, folder)
    code = run_jupyterlab(notebook, folder)
    if not (folder / "events.jsonl").exists():
        check_started(code, parameters)
    return seal_or_report(folder, notebook, parameters, sealing=sealing)


def run_jupyterlab(page: Path, root: Path, settings: Mapping[str, str] = os.environ) -> int:
    """Show `page` of the folder `root` to a person; when JupyterLab has ended, however it did, its exit code."""
    with TemporaryDirectory(prefix="orgkit-lab-") as folder:
        command = [sys.executable, "-m", "jupyterlab", "--log-level=ERROR", "--LabApp.log_level=ERROR",
                   f"--ServerApp.root_dir={root}", *(["--allow-root"] if is_root() else []),
                   f"--LabApp.default_url=/lab/tree/{quote(str(page.relative_to(root)))}", str(page)]  # fmt: skip
        start_page = str(page.relative_to(root)) if page.name == START_PAGE else ""
        environment = dict(settings) | _settings(Path(folder), start_page)
        with subprocess.Popen(command, env=environment) as lab, _ignore_interrupts(lab):  # noqa: S603  our own page
            return lab.wait()


def is_root() -> bool:
    """Whether JupyterLab would refuse to run, unless a flag allows it."""
    return os.geteuid() == 0


def check_started(code: int, file: Path) -> None:
    """Raise JupyterLabFailed for the exit code of one that ended with an error, and not by a signal."""
    if code > 0:
        raise JupyterLabFailed(
            f"it ended with exit code {code}; its own message is above.",
            "fix what that message names, and run the same command again; without JupyterLab: orgkit apply "
            f"{shlex.quote(str(file))}",
        )


def put_readme(folder: Path) -> Path:
    """Copy the README and the pages that it links to into a folder that JupyterLab serves: errors link to them."""
    packaged = Path(str(files("orgkit"))) / "_project"
    source = packaged if packaged.is_dir() else Path(__file__).parents[3]
    shutil.copytree(source / "docs", folder / "docs", ignore=shutil.ignore_patterns("*.py", "_*"), dirs_exist_ok=True)
    for name in PAGES:
        shutil.copyfile(source / name, folder / name)
    return folder / "README.md"


def _settings(settings_folder: Path, start_page: str) -> dict[str, str]:
    """Where JupyterLab finds the guided kernel, the extension and the defaults; it is all in this installation."""
    config = settings_folder / "labconfig"
    config.mkdir(parents=True)
    create_file(config / "default_setting_overrides.json", json.dumps(DEFAULTS).encode())
    create_file(config / "page_config.json", json.dumps({"orgkitStartPage": start_page}).encode())
    return {
        "JUPYTER_PATH": _search_path("JUPYTER_PATH", SHARED_DATA),
        "JUPYTER_CONFIG_PATH": _search_path("JUPYTER_CONFIG_PATH", settings_folder),
    }


def _search_path(name: str, folder: Path) -> str:
    """Our folder first, then those that the person has named."""
    return os.pathsep.join(part for part in (str(folder), os.environ.get(name, "")) if part)


@contextmanager
def _ignore_interrupts(lab: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Ctrl-C at the terminal is JupyterLab's, which asks whether to end; one more does not keep us from sealing.

    A JupyterLab that does not end in time after SIGTERM is killed, and its kernels end with it.
    """
    timers: list[Timer] = []

    def pass_on(*_: Any) -> None:
        lab.terminate()
        timers.append(Timer(SECONDS_TO_END, lab.kill))
        timers[-1].daemon = True
        timers[-1].start()

    handlers = {signal.SIGINT: signal.signal(signal.SIGINT, _ignore_signal)}
    handlers |= {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)
        for timer in timers:
            timer.cancel()


def _ignore_signal(*_: Any) -> None:
    """A handler of our own, since one that is ignored would be ignored by our children too."""
