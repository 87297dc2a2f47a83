"""Running a phase's runbook through papermill without a person, and leaving its sealed record."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from orgkit.aws.identity import endpoint_of
from orgkit.parameters import load
from orgkit.phases import Phase
from orgkit.record import outputs
from orgkit.record.files import label_of, read_json, sha256_of
from orgkit.record.redact import live_values
from orgkit.record.result import Result
from orgkit.record.seal import AS_IT_IS, result_of, seal
from orgkit.record.sealing import Sealing
from orgkit.runbook.kernels import Kernel, Kernels
from orgkit.runbook.prepare import check_parameters, find_runbook, literal, parameters_of
from orgkit.runbook.tail import OnEvent, told

GRACE = 10.0  # seconds that an interrupted cell has to come back
START_TIMEOUT, OUTPUT_TIMEOUT = 120, 60  # seconds; a loaded machine is slow, and that is no failure

# Without a handler of its own, papermill's logger would write to the terminal through Python's last resort.
logging.getLogger("papermill").addHandler(logging.NullHandler())


class _Signalled(Exception):
    """Between two cells: a signal asked the run to end."""


def execute(
    phase: Phase,
    parameters_file: Path,
    *,
    approved_plan: str = "",
    run_folder: Path | None = None,
    kernels: Kernels | None = None,
    on_event: OnEvent | None = None,
    environment: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
    sealing: Sealing = AS_IT_IS,
) -> Result:
    """Run one runbook headlessly; how it ended, in one word and one exit code.

    With `kernels`, made for several runs, the record is sealed beside the next run and `environment` is theirs.
    `more` are parameters of that runbook's own; UnknownParameter for one that it does not have.
    SIGINT and SIGTERM interrupt the kernel; the record is sealed as interrupted all the same.
    """
    with ExitStack() as stack:
        settings = kernels.environment if kernels else dict(os.environ if environment is None else environment)
        pool = kernels or stack.enter_context(Kernels(settings, outputs.project_of(parameters_file), count=1))
        folder = run_folder or _new_folder(phase, parameters_file, settings)
        runbook = find_runbook(phase, parameters_file)
        given = {**(more or {}), **parameters_of(parameters_file, folder, approved_plan)}
        check_parameters(runbook, given)
        source, kernel = sha256_of(runbook), pool.take()
        with told(folder / "events.jsonl", on_event):
            interrupted = _run(runbook, folder, given, kernel)
        result = result_of(folder, read_json(_executed(folder)), interrupted=interrupted)
        pool.later(
            seal,
            folder,
            _executed(folder),
            parameters_file,
            interrupted=interrupted,
            source_sha256=source,
            live=tuple(live_values(settings)),
            sealing=sealing,
        )
    return result


def _run(runbook: Path, folder: Path, given: Mapping[str, str], kernel: Kernel) -> bool:
    """Execute the notebook in this kernel, which has ended afterwards; whether something ended it from outside."""
    from papermill import PapermillExecutionError, execute_notebook

    try:
        with _signals_to(kernel) as stop_when_asked:
            execute_notebook(
                literal(runbook),
                literal(_executed(folder)),
                dict(given),
                kernel_name="python3",
                language="python",
                progress_bar=False,
                start_timeout=START_TIMEOUT,
                iopub_timeout=OUTPUT_TIMEOUT,
                km=kernel.manager,
                on_cell_execute=stop_when_asked,
            )
    except PapermillExecutionError:
        return False  # a cell raised: what that means stands in the events
    except (RuntimeError, _Signalled):
        return True  # RuntimeError: the kernel died, or never answered
    finally:
        kernel.end()
    return False


@contextmanager
def _signals_to(kernel: Kernel) -> Iterator[Callable[..., None]]:
    """Pass SIGINT and SIGTERM on to the kernel; a second one, or a cell that does not come back, kills it."""
    asked = threading.Event()
    impatient = threading.Timer(GRACE, kernel.kill)

    def on_signal(*_: Any) -> None:
        if asked.is_set():
            kernel.kill()
            return
        asked.set()
        kernel.interrupt()
        impatient.start()

    def stop_when_asked(**_: Any) -> None:
        if asked.is_set():
            raise _Signalled

    ours = threading.current_thread() is threading.main_thread()  # only there can signals be caught
    before = {each: signal.signal(each, on_signal) for each in (signal.SIGINT, signal.SIGTERM)} if ours else {}
    try:
        yield stop_when_asked
    finally:
        impatient.cancel()
        for each, handler in before.items():
            signal.signal(each, handler or signal.SIG_DFL)


def _executed(folder: Path) -> Path:
    return folder / f"{label_of(folder)}.ipynb"


def _new_folder(phase: Phase, parameters_file: Path, settings: Mapping[str, str]) -> Path:
    """A run folder under the account that the parameters file names."""
    account = load(parameters_file).organization.management_account_id
    kind = "emulator" if endpoint_of(settings) else "aws"
    base = outputs.base_folder(outputs.project_of(parameters_file), kind, settings)
    return outputs.new_run_folder(base, account, phase)
