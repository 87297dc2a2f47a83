"""Running a phase's runbook through papermill without a person: its events are shown, and its record is sealed."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orgkit.aws import credentials_in_use
from orgkit.aws.credentials_in_use import credential_values
from orgkit.aws.endpoint import endpoint_of
from orgkit.errors import OperatingSystemError
from orgkit.journal.events import Journal, object_in, read_events
from orgkit.journal.follow import follow_lines
from orgkit.parameters import load
from orgkit.phases.descriptor import Phase
from orgkit.records import outputs
from orgkit.records.files import label_of, read_json, sha256_of
from orgkit.records.notebook_result import NotebookStop, read_stop, stopped_by
from orgkit.records.redact import Redactor, live_values
from orgkit.records.result import RunResult, last_word
from orgkit.records.seal import DEFAULT_SEALING, result_of, seal, seal_or_report
from orgkit.records.seal_options import Sealing
from orgkit.runbook.execution.kernel_pool import Kernel, Kernels, convert_zmq_errors
from orgkit.runbook.execution.papermill_import import import_papermill
from orgkit.runbook.execution.prepare import check_parameters, find_runbook, literal, parameters_of
from orgkit.sanitize.terminal import flat

OnEvent = Callable[[Mapping[str, Any]], None]

if TYPE_CHECKING:
    from orgkit.runbook.execution.notebook_file import NotebookFile

GRACE_SECONDS = 10.0  # seconds that an interrupted cell has to come back
START_TIMEOUT, OUTPUT_TIMEOUT = 120, 60  # seconds; a loaded machine is slow, and that is no failure


@contextmanager
def follow_events(events: Path, on_event: OnEvent | None) -> Iterator[None]:
    """Call `on_event` with each event soon after it is written, from a thread; the last ones before this ends."""
    if on_event is None:
        yield
        return

    def on_line(line: bytes) -> None:
        if event := object_in(line):  # not what a kill or a full disk has cut short
            on_event(event)

    with follow_lines(events, on_line):
        yield


# Without a handler of its own, papermill's logger would write to the terminal through Python's last resort.
logging.getLogger("papermill").addHandler(logging.NullHandler())


class _SignalReceived(Exception):
    """Between two cells: a signal asked the run to end."""


@dataclass(frozen=True)
class _Ending:
    """How a notebook ended, as far as its runner knows: the disk may have taken neither its events nor itself."""

    interruption: str = ""  # what ended it from outside: a clause
    stop: NotebookStop | None = None
    unsaved: OSError | None = None  # why the notebook on the disk is not the one that was executed


def execute(
    phase: Phase,
    parameters_file: Path,
    *,
    approved_plan: str = "",
    run_folder: Path | None = None,
    kernels: Kernels | None = None,
    on_event: OnEvent | None = None,
    environment: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
    sealing: Sealing = DEFAULT_SEALING,
) -> RunResult:
    """Run one runbook headlessly; how it ended, in one word and one exit code.

    With `kernels`, made for several runs, the record is sealed while the next run starts, and `environment` is theirs.
    `extra` are parameters of that runbook's own; UnknownParameter for one that it does not have.
    SIGINT and SIGTERM interrupt the kernel; the record is sealed as interrupted all the same. Once the run has begun,
    no error of the operating system is raised: it is in the result.
    """
    with ExitStack() as stack:
        settings = kernels.environment if kernels else dict(os.environ if environment is None else environment)
        pool = kernels or stack.enter_context(Kernels(settings, outputs.project_of(parameters_file), count=1))
        folder = run_folder or _new_folder(phase, parameters_file, settings)
        runbook = find_runbook(phase, parameters_file)
        parameters = {**(extra or {}), **parameters_of(parameters_file, folder, approved_plan)}
        check_parameters(runbook, parameters)
        source, kernel = sha256_of(runbook), pool.take()
        with follow_events(folder / "events.jsonl", on_event):
            ending = _run(runbook, folder, parameters, kernel)
        notebook = _executed_notebook(folder)
        _journal_stop(folder, notebook, ending.stop)
        options: dict[str, Any] = {"interruption": ending.interruption, "source_sha256": source, "sealing": sealing}
        options["live"] = tuple(live_values(settings))
        if kernels is None:
            result = seal_or_report(folder, notebook, parameters_file, stop=ending.stop, **options)
        else:
            result = result_of(folder, read_json(notebook), interruption=ending.interruption, stop=ending.stop)
            kernels.submit(seal, folder, notebook, parameters_file, **options)
    if ending.unsaved:
        reason = OperatingSystemError.from_os_error(ending.unsaved).reason
        result = replace(result, found=(*result.found, f"the executed notebook could not be saved: {reason}"))
    return result


def _journal_stop(folder: Path, notebook: Path, stop: NotebookStop | None) -> None:
    """Write down what only the runner knows: a disk that did not take it before may have space now."""
    path = folder / "events.jsonl"
    if stop is None or last_word(list(read_events(path))) or stopped_by(read_json(notebook)):
        return
    values = {"exit_code": stop.exit_code, "summary": stop.summary, "why": stop.reason, "do": stop.remedy}
    with suppress(OSError):
        Journal(path, run=folder.name, hide=credentials_in_use.hidden).write("stop", kind="", **values)


def _run(runbook: Path, folder: Path, parameters: Mapping[str, str], kernel: Kernel) -> _Ending:
    """Execute the notebook in this kernel, which has ended afterwards."""
    import_papermill()
    from papermill import PapermillExecutionError, execute_notebook

    from orgkit.runbook.execution.notebook_file import ENGINE, NotebookFile

    file = NotebookFile(_executed_notebook(folder))
    try:
        with convert_zmq_errors(), _signals_to(kernel) as stop_when_asked:
            execute_notebook(
                literal(runbook),
                literal(file.path),
                dict(parameters),
                engine_name=ENGINE,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                start_timeout=START_TIMEOUT,
                iopub_timeout=OUTPUT_TIMEOUT,
                km=kernel.manager,
                on_cell_execute=_hooks(stop_when_asked, file),
            )
    except PapermillExecutionError as error:
        return _Ending(stop=read_stop(error.ename, error.evalue), unsaved=file.error)
    except _SignalReceived:
        return _Ending(interruption="a signal ended the run", unsaved=file.error)
    except RuntimeError as error:  # the kernel died, or never answered
        return _Ending(interruption=_interruption(kernel, error), unsaved=file.error)
    except OSError as error:
        stop = OperatingSystemError.from_os_error(error)
        return _Ending(stop=NotebookStop(stop.exit_code, stop.summary, stop.reason, stop.remedy), unsaved=file.error)
    finally:
        kernel.end()
    return _Ending(unsaved=file.error)


def _interruption(kernel: Kernel, error: RuntimeError) -> str:
    """What ended a run whose kernel gave no answer, as a clause: without it nobody knows where to look."""
    if kernel.was_interrupted:
        return "a signal ended the run"
    code, last_line = kernel.exit_code(), flat(Redactor(credential_values()).text(kernel.last_line()))
    if code is None:
        return f"the kernel gave no answer ({flat(str(error)) or type(error).__name__})"
    if code == -signal.SIGKILL:
        return "signal 9 (SIGKILL) ended the kernel's process, which the system sends when memory runs out"
    words = f": {last_line}" if last_line else ""
    if code < 0:
        return f"signal {-code} ({signal.Signals(-code).name}) ended the kernel's process{words}"
    return f"the kernel's process ended with exit code {code}{words}"


def _hooks(stop_when_asked: Callable[..., None], file: "NotebookFile") -> Callable[..., None]:
    """What is looked at before each cell: without a notebook on the disk, no run begins to change anything."""

    def before_cell(**_: Any) -> None:
        stop_when_asked()
        if file.error and not any(e["event"] == "intent" for e in read_events(file.path.with_name("events.jsonl"))):
            raise file.error

    return before_cell


@contextmanager
def _signals_to(kernel: Kernel) -> Iterator[Callable[..., None]]:
    """Pass SIGINT and SIGTERM on to the kernel; a second one, or a cell that does not come back, kills it."""
    interrupted = threading.Event()
    impatient = threading.Timer(GRACE_SECONDS, kernel.kill)

    def on_signal(*_: Any) -> None:
        if interrupted.is_set():
            kernel.kill()
            return
        interrupted.set()
        kernel.interrupt()
        impatient.start()

    def stop_when_asked(**_: Any) -> None:
        if interrupted.is_set():
            raise _SignalReceived

    in_main_thread = threading.current_thread() is threading.main_thread()  # only there can signals be caught
    handlers = (
        {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        if in_main_thread
        else {}
    )
    try:
        yield stop_when_asked
    finally:
        impatient.cancel()
        for number, handler in handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _executed_notebook(folder: Path) -> Path:
    return folder / f"{label_of(folder)}.ipynb"


def _new_folder(phase: Phase, parameters_file: Path, settings: Mapping[str, str]) -> Path:
    """A run folder under the account that the parameters file names."""
    account = load(parameters_file).organization.management_account_id
    kind = "emulator" if endpoint_of(settings) else "aws"
    base = outputs.base_folder(outputs.project_of(parameters_file), kind, settings)
    return outputs.new_run_folder(base, account, phase)
