"""Kernels for headless runs: a fresh one for each notebook, started while the notebooks before it still run."""

import os
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from zmq import ZMQError

from orgkit.phases.registry import PHASES

# Imported while the notebook before is still running, so that no cell has to wait for it. Not boto3, which
# orgkit.aws.session imports in its own way; and not pandas: only runbooks 06 and 07 show tables made with it.
PRELOADED_MODULES = ("orgkit.runbook.stages",)
WARM_UP = (
    "import contextlib, importlib\n"
    "from orgkit.aws.garbage_collection import collect_less_often\n"
    "collect_less_often()\n"
    f"for name in {PRELOADED_MODULES!r}:\n"
    "    with contextlib.suppress(Exception):\n"  # the cell that imports it says what is wrong
    "        importlib.import_module(name)"
)
STARTED_AHEAD = 2  # kernels; a notebook may end before the next one's kernel has started
PROGRAM = Path(__file__).with_name("kernel_process.py")
MAX_SOCKET_PATH = 60  # characters of a folder for sockets: their whole path must stay below 108


@contextmanager
def convert_zmq_errors() -> Iterator[None]:
    """Raise OSError for an error of ZeroMQ, which has the number of one of the system, such as that of full tables."""
    try:
        yield
    except ZMQError as error:
        raise OSError(error.errno, error.strerror) from error


class _ThisPython(KernelSpecManager):  # type: ignore[misc]
    """The kernel is always this interpreter, whatever kernel specs a person has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(argv=_kernel_command(), display_name=kernel_name, language="python")


def _kernel_command() -> list[str]:
    # -P: neither its folder nor the notebook's is searched for modules, until IPython adds the notebook's.
    command = [sys.executable, "-P", str(PROGRAM), "-f", "{connection_file}"]
    return [*command, "--HistoryManager.hist_file=:memory:", f"--IPKernelApp.exec_lines=exec({WARM_UP!r}, {{}})"]


class _Manager(AsyncKernelManager):  # type: ignore[misc]
    """Remembers the client that nbclient asks for, since nbclient leaves it open."""

    kernel_client: Any = None

    def client(self, **settings: Any) -> Any:
        self.kernel_client = super().client(**settings)
        return self.kernel_client


class Kernel:
    """One kernel process; it listens on sockets of this machine in a folder that only its owner can enter."""

    def __init__(self, environment: Mapping[str, str], cwd: Path) -> None:
        self.was_interrupted = False
        place = tempfile.gettempdir()
        self.folder = Path(tempfile.mkdtemp(prefix="orgkit-", dir=place if len(place) < MAX_SOCKET_PATH else "/tmp"))  # noqa: S108
        self.manager = _Manager(
            transport="ipc",  # ipykernel warns of TCP, which other users of the machine can reach
            connection_file=str(self.folder / "kernel.json"),
            kernel_spec_manager=_ThisPython(),
        )
        try:
            with (self.folder / "stderr").open("wb") as stderr, convert_zmq_errors():
                settings = _settings(environment, self.folder)
                run_sync(self.manager.start_kernel)(env=settings, cwd=str(cwd), stdout=stderr, stderr=stderr)
        except BaseException:  # also what a signal raises, or a socket after the process has started
            self.end()
            raise

    @property
    def _process(self) -> Any:
        """None where it has not started."""
        return getattr(self.manager.provisioner, "process", None)

    def exit_code(self) -> int | None:
        """Of its process, negative for a signal; None while it runs."""
        code: int | None = None if self._process is None else self._process.poll()
        return code

    def last_line(self) -> str:
        """What the process wrote last on its standard error, which is removed with its folder."""
        try:
            lines = (self.folder / "stderr").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def interrupt(self) -> None:
        """What Ctrl-C does: KeyboardInterrupt in the cell that runs."""
        self.was_interrupted = True
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process at once; a thread that waits for it finds it dead."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process and leave nothing behind: what a run has to keep, it has already written and synced."""
        if self._process is not None:
            self.kill()
            self._process.wait()
        if self.manager.kernel_client is not None:
            self.manager.kernel_client.stop_channels()
        run_sync(self.manager.cleanup_resources)()
        shutil.rmtree(self.folder, ignore_errors=True)


class Kernels:
    """A kernel for each of `count` notebooks, the next two already starting, and work in the background.

    Used as a context manager: on leaving it, every record is sealed and every kernel has ended.
    """

    def __init__(
        self, environment: Mapping[str, str] = os.environ, cwd: Path | None = None, count: int = len(PHASES)
    ) -> None:
        self.environment = dict(environment)
        self._cwd = cwd or Path.cwd()
        self._remaining = count
        self._started: deque[Kernel] = deque()
        self._sealer = ThreadPoolExecutor(1, "orgkit-seal")
        self._futures: list[Future[Any]] = []

    def __enter__(self) -> "Kernels":
        try:
            self._start_kernels()
        except BaseException:  # the second may not start, or a signal may come; __exit__ is not called then
            self._end_kernels()
            raise
        return self

    def __exit__(self, *trouble: object) -> None:
        self._end_kernels()
        self._sealer.shutdown()
        if trouble[0] is None:
            for future in self._futures:
                future.result()

    def take(self) -> Kernel:
        """A kernel that no other notebook has used; the caller ends it."""
        kernel = self._started.popleft() if self._started else Kernel(self.environment, self._cwd)
        try:
            self._start_kernels()
        except BaseException:
            kernel.end()
            raise
        return kernel

    def submit(self, work: Callable[..., Any], *arguments: Any, **keywords: Any) -> None:
        """Run this in the background; leaving the context waits for it, and raises its exception."""
        self._futures.append(self._sealer.submit(work, *arguments, **keywords))

    def _end_kernels(self) -> None:
        while self._started:
            self._started.popleft().end()

    def _start_kernels(self) -> None:
        while self._remaining > 0 and len(self._started) < STARTED_AHEAD:
            self._remaining -= 1
            self._started.append(Kernel(self.environment, self._cwd))


def _settings(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The kernel's environment: what the run was given, but nothing of a person's own start-up files."""
    settings = {k: v for k, v in environment.items() if k not in ("PYTHONSTARTUP", "ORGKIT_PERSON", "IPYTHONDIR")}
    if settings.get("ORGKIT_OUTPUTS"):
        settings["ORGKIT_OUTPUTS"] = str(Path(settings["ORGKIT_OUTPUTS"]).expanduser().absolute())
    return settings | {"IPYTHONDIR": str(folder)}
