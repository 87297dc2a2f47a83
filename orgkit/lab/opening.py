"""`orgkit lab`: JupyterLab on the start page, on AWS or on a sandbox of its own; afterwards every record is sealed."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

from orgkit.aws.identity import endpoint_of
from orgkit.errors import ParametersInvalid, Stop, WrongPlace
from orgkit.lab.draft import example
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.record import outputs
from orgkit.record.files import ACCOUNT_FOLDER, private_folder, run_folders
from orgkit.record.manifest import MANIFEST
from orgkit.record.result import Result
from orgkit.record.seal import AS_IT_IS, seal
from orgkit.record.sealing import Sealing, sealing_of, unsigned
from orgkit.recovery.circumstances import Circumstances
from orgkit.runbook.guided import README
from orgkit.runbook.kernels import Kernel
from orgkit.runbook.person import put_readme, run_jupyterlab
from orgkit.runbook.prepare import literal, session_of
from orgkit.sandbox.lifecycle import Sandbox, start
from orgkit.scene import environment, new_sandbox_folder, seed_of

LOOK_EVERY = 0.5  # seconds between two looks at whether the parameters file has changed
Say = Callable[[str], None]


def open_on_aws(file: Path, say: Say) -> list[Result]:
    """The start page over the person's own AWS identity; WrongPlace where a setting leads to an emulator."""
    if endpoint_of():
        raise WrongPlace(
            "ORGKIT_ENDPOINT_URL is set, so calls would go to an emulator and not to AWS.",
            "unset it (open a new shell), or leave --target aws out.",
        )
    base = outputs.base_folder(outputs.project_of(file), "aws")
    return _open(file, base, say, lambda desired: sealing_of(desired, file))


def open_on_sandbox(file: Path, circumstances: Circumstances, say: Say) -> list[Result]:
    """The start page over a fresh sandbox, seeded for the file; it ends with JupyterLab."""
    folder = new_sandbox_folder(file)
    seed = circumstances.over(seed_of(_loaded(file) or load(example())))
    with (
        start(seed, folder, real_time=circumstances.real_time) as sandbox,
        environment(sandbox.environment()),
        _following(file, sandbox, circumstances, say),
    ):
        return _open(file, folder, say, unsigned)


def _open(file: Path, base: Path, say: Say, sealing: Callable[[Desired], Sealing]) -> list[Result]:
    project = outputs.project_of(file)
    folder = private_folder(base / "lab" / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    readme = put_readme(folder)
    settings = dict(os.environ) | {README: str(readme)}
    page = _start_page(file, folder, settings)
    run_jupyterlab(page, Path(os.path.commonpath((project, base))), settings)
    say("JupyterLab has ended; sealing the records of this session …")
    how = _sealing(file, say, sealing)
    return [seal(run, parameters_file=file, sealing=how) for run in _begun_in(folder.name, base)]


def _sealing(file: Path, say: Say, sealing: Callable[[Desired], Sealing]) -> Sealing:
    """As the file asks for when JupyterLab has ended; records are sealed also where its key cannot sign."""
    desired = _loaded(file)
    try:
        return sealing(desired) if desired else AS_IT_IS
    except Stop as stop:
        say(f"The records are not signed: {stop.why}")
        return AS_IT_IS


def _start_page(file: Path, folder: Path, settings: dict[str, str]) -> Path:
    """The page in a folder of its own, run once, so that a person sees where they are before they press anything."""
    from nbformat.sign import NotebookNotary
    from papermill import PapermillExecutionError, execute_notebook

    source, page = Path(str(files("orgkit.lab"))) / "start.ipynb", folder / "start.ipynb"
    given = {"parameters_file": str(file.absolute())}
    kernel = Kernel(settings, folder)
    try:
        with suppress(PapermillExecutionError, RuntimeError):  # the page itself says what went wrong
            execute_notebook(
                literal(source), literal(page), given, kernel_name="python3", language="python", progress_bar=False,
                km=kernel.manager,
            )  # fmt: skip
    finally:
        kernel.end()
    _sign(page, NotebookNotary())
    return page


def _sign(page: Path, notary: object) -> None:
    """Ours, just made: JupyterLab shows no picture of a page that it does not trust."""
    import nbformat

    notebook = nbformat.from_dict(json.loads(page.read_text(encoding="utf-8")))
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", ())):
            cell.metadata["jupyter"] = {"source_hidden": True}
    nbformat.write(notebook, page)
    notary.sign(nbformat.read(page, 4))  # type: ignore[attr-defined]


def _begun_in(session: str, base: Path) -> Iterator[Path]:
    """The runs of this session that are not sealed; those that somebody else has under way are theirs."""
    for account in sorted(base.iterdir()):
        if ACCOUNT_FOLDER.fullmatch(account.name):
            for run in run_folders(base, account.name):
                begun, sealed = (run / "events.jsonl").exists(), (run / MANIFEST).exists()
                if begun and not sealed and session_of(run) == session:
                    yield run


@contextmanager
def _following(file: Path, sandbox: Sandbox, circumstances: Circumstances, say: Say) -> Iterator[None]:
    """A sandbox that nobody has changed yet begins again when the file asks for other accounts than it was made for."""
    ended = threading.Event()

    def follow() -> None:
        known = _loaded(file)
        while not ended.wait(LOOK_EVERY):
            now = _loaded(file)
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


def _begin_again(sandbox: Sandbox, desired: Desired, circumstances: Circumstances, say: Say) -> None:
    if any(call["mutating"] for call in sandbox.calls()):
        say("The file asks for other accounts than this sandbox was made for: end JupyterLab, and start again.")
    else:
        sandbox.reset(circumstances.over(seed_of(desired)))


def _loaded(file: Path) -> Desired | None:
    try:
        return load(file)
    except ParametersInvalid:
        return None
