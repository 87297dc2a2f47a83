"""A kernel that cannot start leaves no process and no folder, whatever the reason was."""

import os
import signal
from pathlib import Path

import pytest
from zmq import ZMQError

from orgkit.runbook.execution import kernel_pool
from orgkit.runbook.execution.kernel_pool import Kernel, Kernels


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Kernel]:
    """The kernels that have started; they run `sleep` in place of Python, in folders below that of the test."""
    kernels: list[Kernel] = []
    begin = Kernel.__init__

    def note(kernel: Kernel, *arguments: object) -> None:
        begin(kernel, *arguments)
        kernels.append(kernel)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Kernel, "__init__", note)
    monkeypatch.setattr(kernel_pool, "_kernel_command", lambda: ["sleep", "60"])
    return kernels


@pytest.fixture
def failing(started: list[Kernel], monkeypatch: pytest.MonkeyPatch):
    """Fail at the start of one kernel, before its process exists or after."""

    def fail(at: int, error: BaseException, *, after: bool = False) -> None:
        start = kernel_pool._Manager.start_kernel
        count = iter(range(100))

        async def start_kernel(manager: kernel_pool._Manager, **settings: object) -> None:
            fails = next(count) == at
            if fails and not after:
                raise error
            await start(manager, **settings)
            if fails:
                started_processes.append(manager.provisioner.process)
                raise error

        monkeypatch.setattr(kernel_pool._Manager, "start_kernel", start_kernel)

    started_processes: list = []
    fail.processes = started_processes
    return fail


REASONS = [OSError(11, "no process"), ZMQError(24), KeyboardInterrupt(), RuntimeError("no event loop"), MemoryError()]


@pytest.mark.parametrize("error", REASONS, ids=lambda error: type(error).__name__)
def test_when_the_second_kernel_cannot_start_the_first_is_ended(error, started, failing, tmp_path):
    failing(1, error)
    with pytest.raises(OSError if isinstance(error, ZMQError) else type(error)), Kernels(os.environ, count=2):
        pytest.fail("it was entered")
    assert [kernel._process.returncode for kernel in started] == [-signal.SIGKILL]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", REASONS, ids=lambda error: type(error).__name__)
def test_a_process_that_has_started_is_ended_when_its_kernel_fails(error, failing, tmp_path):
    failing(0, error, after=True)
    with pytest.raises(OSError if isinstance(error, ZMQError) else type(error)):
        Kernel(os.environ, tmp_path)
    assert [process.returncode for process in failing.processes] == [-signal.SIGKILL]
    assert list(tmp_path.iterdir()) == []


def test_when_no_kernel_can_be_started_ahead_the_one_that_was_taken_is_ended(started, failing, tmp_path):
    failing(2, OSError(11, "no process"))
    with pytest.raises(OSError, match="no process"), Kernels(os.environ, count=3) as kernels:
        kernels.take()
    assert [kernel._process.returncode for kernel in started] == [-signal.SIGKILL] * 2
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_zeromq_has_its_number_and_reason(failing, tmp_path):
    failing(0, ZMQError(24))
    with pytest.raises(OSError, match="Too many open files") as raised:
        Kernel(os.environ, tmp_path)
    assert raised.value.errno == 24
