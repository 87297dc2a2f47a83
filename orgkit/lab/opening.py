"""`orgkit lab`: JupyterLab on the start page, on AWS or on a sandbox of its own; afterwards every record is sealed."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

from orgkit.aws.endpoint import endpoint_of
from orgkit.errors import OrgkitError, ParametersInvalid, WrongPlace
from orgkit.journal.file_writes import replace_file
from orgkit.lab.draft import example
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.records import outputs
from orgkit.records.files import ACCOUNT_FOLDER, LOCKED, private_folder, run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.result import RunResult
from orgkit.records.seal import DEFAULT_SEALING, seal_or_report
from orgkit.records.seal_options import Sealing, sealing_of, unsigned_sealing
from orgkit.rehearsal.fault_options import FaultOptions
from orgkit.rehearsal.setup import environment, new_sandbox_folder, seed_of
from orgkit.runbook.default_approver import default_approver
from orgkit.runbook.execution.kernel_pool import Kernel
from orgkit.runbook.execution.papermill_import import import_papermill
from orgkit.runbook.execution.prepare import literal, session_of, target_facts
from orgkit.runbook.interactive.jupyterlab import AS_ROOT, check_started, is_root, put_readme, run_jupyterlab
from orgkit.runbook.interactive.session import KERNEL, README, START_PAGE
from orgkit.sandbox.lifecycle import Sandbox, start

POLL_SECONDS = 0.5  # seconds between two looks at whether the parameters file has changed
GREETING = "JupyterLab opens on {}. When you are done there: File > Shut Down, or Ctrl-C here."
Report = Callable[[str], None]


def open_on_aws(file: Path, say: Report) -> list[RunResult]:
    """The start page over the person's own AWS identity; WrongPlace where a setting leads to an emulator."""
    if endpoint_of():
        raise WrongPlace(
            "ORGKIT_ENDPOINT_URL is set, so calls would go to an emulator and not to AWS.",
            "unset it (open a new shell), or leave --target aws out.",
        )
    say(GREETING.format("AWS, with your credentials"))
    base = outputs.base_folder(outputs.project_of(file), "aws")
    return _open(file, base, say, lambda desired: sealing_of(desired, file))


def open_on_sandbox(file: Path, circumstances: FaultOptions, say: Report) -> list[RunResult]:
    """The start page over a fresh sandbox, seeded for the file; it ends with JupyterLab."""
    say(GREETING.format("a sandbox: nothing touches AWS"))
    if circumstances.faults:
        say(circumstances.sentence)
    folder, approver = new_sandbox_folder(file), {"ORGKIT_APPROVER": default_approver()}  # which the form offers
    seed = circumstances.apply_to(seed_of(_load_file(file) or load(example())))
    with (
        start(seed, folder, real_time=circumstances.real_time) as sandbox,
        environment(sandbox.environment() | approver),
        _follow_runs(file, sandbox, circumstances, say),
    ):
        return _open(file, folder, say, unsigned_sealing)


def _open(file: Path, base: Path, say: Report, sealing: Callable[[Desired], Sealing]) -> list[RunResult]:
    project = outputs.project_of(file)
    folder = private_folder(base / "lab" / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    readme = put_readme(folder)
    settings = dict(os.environ) | {README: str(readme)}
    page = _start_page(file, folder, settings)
    if is_root():
        say(AS_ROOT)
    code = run_jupyterlab(page, Path(os.path.commonpath((project, base))), settings)
    runs = list(_runs_begun_in(folder.name, base))
    if not runs:
        check_started(code, file)
    say("JupyterLab has ended; sealing the records of this session …")
    sealing_options = _sealing(file, say, sealing)
    return [seal_or_report(run, parameters_file=file, sealing=sealing_options) for run in runs]


def _sealing(file: Path, say: Report, sealing: Callable[[Desired], Sealing]) -> Sealing:
    """As the file asks for when JupyterLab has ended; records are sealed also where its key cannot sign."""
    desired = _load_file(file)
    try:
        return sealing(desired) if desired else DEFAULT_SEALING
    except OrgkitError as stop:
        say(f"The records are not signed: {stop.reason}")
        return DEFAULT_SEALING


def _start_page(file: Path, folder: Path, settings: dict[str, str]) -> Path:
    """The page in a folder of its own, run once, so that a person sees where they are before they press anything."""
    import_papermill()
    from nbformat.sign import NotebookNotary
    from papermill import PapermillExecutionError, execute_notebook

    source, page = Path(str(files("orgkit.lab"))) / START_PAGE, folder / START_PAGE
    values = {"parameters_file": str(file.absolute())}
    kernel = Kernel(settings, folder)
    try:
        with suppress(PapermillExecutionError, RuntimeError):  # the page itself says what went wrong
            execute_notebook(
                literal(source), literal(page), values, kernel_name="python3", language="python", progress_bar=False,
                km=kernel.manager,
            )  # fmt: skip
    finally:
        kernel.end()
    desired = _load_file(file)
    facts = target_facts(desired.organization.management_account_id if desired else "")
    _finish(page, NotebookNotary(), {**facts, "page": "start", "title": "All phases"})
    return page


def _finish(page: Path, notary: object, facts: Mapping[str, str]) -> None:
    """With the guided kernel, and signed: JupyterLab shows no picture of a page that it does not trust."""
    import nbformat

    notebook = nbformat.from_dict(json.loads(page.read_text(encoding="utf-8")))
    notebook.metadata |= {"kernelspec": KERNEL, "orgkit": dict(facts)}
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata |= LOCKED
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", ())):
            cell.metadata["jupyter"] = {"source_hidden": True}
    replace_file(page, f"{nbformat.writes(notebook)}\n".encode())
    notary.sign(nbformat.read(page, 4))  # type: ignore[attr-defined]


def _runs_begun_in(session: str, base: Path) -> Iterator[Path]:
    """The runs of this session that are not sealed; those that somebody else has under way are theirs."""
    for account in sorted(base.iterdir()):
        if ACCOUNT_FOLDER.fullmatch(account.name):
            for run in run_folders(base, account.name):
                has_events, sealed = (run / "events.jsonl").exists(), (run / MANIFEST).exists()
                if has_events and not sealed and session_of(run) == session:
                    yield run


@contextmanager
def _follow_runs(file: Path, sandbox: Sandbox, circumstances: FaultOptions, say: Report) -> Iterator[None]:
    """A sandbox that nobody has changed yet begins again when the file asks for other accounts than it was made for."""
    ended = threading.Event()

    def follow() -> None:
        known = _load_file(file)
        while not ended.wait(POLL_SECONDS):
            now = _load_file(file)
            if now is None or (known is not None and now.sha256 == known.sha256):
                continue
            if known is None or seed_of(now) != seed_of(known):
                _begin_again(sandbox, now, circumstances, say)
            known = now

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _begin_again(sandbox: Sandbox, desired: Desired, circumstances: FaultOptions, say: Report) -> None:
    if any(call["mutating"] for call in sandbox.calls()):
        say("The file asks for other accounts than this sandbox was made for: end JupyterLab, and start again.")
    else:
        sandbox.reset(circumstances.apply_to(seed_of(desired)))


def _load_file(file: Path) -> Desired | None:
    try:
        return load(file)
    except ParametersInvalid:
        return None
