"""Runs `orgkit` commands in forks of a process that has imported everything they use.

Each command still has a process of its own, with its own environment, folder, streams and exit code, and so has the
kernel that it starts. They only do not spend one to two CPU seconds each on imports, which is most of what they cost.
What is about the start of a process (startup files, import order, the installed script) runs the real command: a
`Project` that is `installed`. Of startup files, a fork runs the one that kills it after a step.
"""

import asyncio
import atexit
import ctypes
import fcntl
import gc
import importlib
import io
import json
import math
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from orgkit.sanitize.secrets import replace_secrets
from tests import cached_libraries, kill_after

CHECKOUT = Path(__file__).parents[2]
STARTED, ENDED = b"started ", b"ended "
SET_CHILD_SUBREAPER = 36  # of prctl: orphans among its descendants become children of the process
SET_NAME, KERNEL_NAME = 15, "ipykernel"  # of prctl: by this name a fork is known as a kernel
KERNEL_MODULES = (
    "orgkit.runbook.stages", "tornado.platform.asyncio", "sqlite3",
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "IPython.core.completer",
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.logger", "IPython.core.oinspect",
)  # fmt: skip
# What commands and kernels import when they need it.
PRELOADED = (
    "orgkit.cli.main", "orgkit.cli.approve", "orgkit.cli.costs", "orgkit.cli.keys", "orgkit.cli.lab",
    "orgkit.cli.phases", "orgkit.cli.planning", "orgkit.cli.prices", "orgkit.cli.project", "orgkit.cli.records",
    "orgkit.cli.rehearse", "orgkit.cli.sandbox", "orgkit.records.verify.verify", "orgkit.rehearsal.bootstrap",
    "orgkit.runbook.execution.execute", "orgkit.runbook.estimate_stages",
    "orgkit.runbook.bill_stages", "orgkit.phases.trail.bucket_steps_aws", "orgkit.phases.trail.key_aws",
    "papermill.__main__", "nbconvert.exporters.html", "nh3", "pandas", *KERNEL_MODULES,
)  # fmt: skip

# Those that phases and records ask: botocore reads its model of a service when a client is made.
SERVICES = (
    "organizations", "sts", "iam", "s3", "cloudtrail", "kms", "service-quotas", "account", "controltower", "sso-admin",
    "billing", "budgets", "ce", "freetier",
)  # fmt: skip

PROGRAMS = {
    "orgkit": ("orgkit.cli.main", "main"),
    "papermill": ("papermill.__main__", "papermill"),
    "pytest": ("tests.notebooks.forked_pytest", "main"),
}
# `orgkit` for a shell: a small interpreter that asks the server, with the streams, environment and folder of the shell.
SCRIPT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({address!r})
    socket.send_fds(connection, [b"files"], [1, 2])
    values = {{"program": "orgkit", "arguments": sys.argv[1:], "cwd": os.getcwd(), "environment": dict(os.environ)}}
    connection.sendall(json.dumps(values).encode())
    connection.shutdown(socket.SHUT_WR)
    answers = connection.makefile("rb")
    answers.readline()
    last = answers.readline()
os._exit(int(last.removeprefix({ended!r})) if last else 128 + {kill})
"""


class ForkServer:
    """The server process, and how a test has it run a command."""

    def __init__(self, python: Path = Path(sys.executable), checkout: Path = CHECKOUT) -> None:
        self._python = python
        self._folder = Path(tempfile.mkdtemp(prefix="fork-", dir="/tmp"))  # a socket's path has to be short
        self._address = str(self._folder / "socket")
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        command = [str(python), "-m", "tests.bootstrap.fork_server", self._address, str(os.getpid())]
        self._process = subprocess.Popen(
            command, cwd=checkout, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        timeout: float,
        program: str = "orgkit",
    ) -> subprocess.CompletedProcess[str]:
        """As subprocess.run does with `capture_output` and `text`; TimeoutExpired after so many seconds."""
        values = {"program": program, "arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment)}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self._ask(json.dumps(values), (out.fileno(), err.fileno()), timeout)
            texts = [_text(file) for file in (out, err)]
        return subprocess.CompletedProcess([program, *arguments], code, *texts)

    def start(
        self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], files: Sequence[int]
    ) -> "ForkedCommand":
        """Start `orgkit`, with files for output and errors; or with one, which is the terminal of its session.

        It has a process group of its own, as a shell gives to each command.
        """
        values = {"program": "orgkit", "arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment)}
        has_terminal = len(files) == 1
        return ForkedCommand(
            self._connect(
                json.dumps(values | {"terminal": has_terminal, "group": True}), [*files] * (3 if has_terminal else 1)
            )
        )

    def install(self, folder: Path) -> None:
        """Write an `orgkit` into a folder of a shell's PATH that runs as `run` does."""
        script = folder / "orgkit"
        script.write_text(
            SCRIPT.format(python=self._python, address=self._address, ended=ENDED, kill=int(signal.SIGKILL))
        )
        script.chmod(0o755)

    def stop(self) -> None:
        """End the server; commands that it runs go on."""
        self._process.terminate()
        self._process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ask(self, requests: str, files: Sequence[int], timeout: float) -> int:
        with self._connect(requests, files) as connection:
            connection.settimeout(timeout)
            with connection.makefile("rb") as answers:
                pid = int(answers.readline().removeprefix(STARTED))
                try:
                    last = answers.readline()
                except TimeoutError:
                    os.kill(pid, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(requests, timeout) from None
        return int(last.removeprefix(ENDED)) if last else -signal.SIGKILL  # nothing is said by a process that is killed

    def _connect(self, requests: str, files: Sequence[int]) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._address)
        socket.send_fds(connection, [b"files"], list(files))
        connection.sendall(requests.encode())
        connection.shutdown(socket.SHUT_WR)
        return connection


class ForkedCommand:
    """A command that runs: of subprocess.Popen, what is needed to wait for it and to kill it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._code: int | None = None
        self._answers = connection.makefile("rb")
        self.pid = int(self._answers.readline().removeprefix(STARTED))

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        if self._code is None:
            has_ended = not _runs(self.pid)  # its kernels have the connection open, too
            if select.select([self._connection], [], [], 0)[0]:
                last = self._answers.readline()
                self._code = int(last.removeprefix(ENDED)) if last else -signal.SIGKILL
            elif has_ended:
                self._code = -signal.SIGKILL
            if self._code is not None:
                self._answers.close()
                self._connection.close()
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; TimeoutExpired when it has not ended after so many seconds."""
        until = time.monotonic() + timeout if timeout is not None else math.inf
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("orgkit", timeout or 0)
            time.sleep(0.01)
        return code

    def kill(self) -> None:
        """Kill it as nothing but SIGKILL does."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _text(file: Any) -> str:
    file.seek(0)
    content: str = file.read().decode()
    return content.replace("\r\n", "\n")


def serve(address: str, parent: int) -> None:
    """Fork for each connection, and collect the forks that have ended, until the process of the tests ends."""
    from orgkit.aws.garbage_collection import collect_less_often
    from orgkit.records.iri_parser import postpone_iri_parser

    collect_less_often()
    postpone_iri_parser()
    preload()
    cached_libraries.cache_botocore()
    cached_libraries.cache_searches()
    _convert_a_notebook()
    _make_clients()
    _read_and_redact()
    gc.freeze()  # a fork need not look at what is there, and then copy it
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)
        while os.getppid() == parent:
            if select.select([listening], [], [], 1)[0]:
                connection, _ = listening.accept()
                requests, files = _receive(connection)
                _search_parameters(requests)
                if os.fork() == 0:
                    listening.close()
                    _be_command(connection, requests, files)
                for file in (connection.detach(), *files):
                    os.close(file)
            _collect()
    shutil.rmtree(Path(address).parent, ignore_errors=True)


def preload(names: Sequence[str] = PRELOADED) -> None:
    """Import what commands and kernels import when they need it."""
    sys.modules["debugpy"] = None  # as kernels have it (orgkit/runbook/execution/kernel_process.py)
    for name in names:
        importlib.import_module(name)


def _convert_a_notebook() -> None:
    """Make the exporter and the validator, compile their templates and schemas, and load the lexers."""
    import nbformat

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1"), nbformat.v4.new_markdown_cell("- a")],
        metadata={"kernelspec": {"name": "python3", "display_name": "python3", "language": "python"}},
    )
    nbformat.validate(notebook)
    importlib.import_module("orgkit.records.html").body(notebook)


def _make_clients() -> None:
    """Make a client for each service that phases ask, whose models are then read once, and not in each fork."""
    from orgkit.aws import session

    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    for service in SERVICES:
        session._session("us-east-1").client(service, **keys)


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """What a test asks for, and the files that it hands over."""
    _, files, _, _ = socket.recv_fds(connection, len(b"files"), 3)
    with connection.makefile("rb") as asking:
        requests: dict[str, Any] = json.loads(asking.read())
    return requests, files


def _search_parameters(requests: Mapping[str, Any]) -> None:
    """Search the parameters file for secrets once, and not in each run that records it: a quarter of its time."""
    for word in requests["arguments"]:
        file = Path(requests["cwd"]) / word if word.endswith(".toml") else Path()
        if file.is_file():
            replace_secrets(file.read_text(encoding="utf-8", errors="replace"))


def _read_and_redact() -> None:
    """Fill the caches of pure functions: patterns of secrets, characters that look the same, texts of the runbooks."""
    from orgkit.parameters import load
    from orgkit.records.redact import Redactor

    load(CHECKOUT / "parameters" / "example.toml")
    for runbook in sorted((CHECKOUT / "runbooks").glob("*.ipynb")):
        Redactor().value(json.loads(runbook.read_text(encoding="utf-8")))


def _collect() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _be_command(connection: socket.socket, requests: Mapping[str, Any], files: Sequence[int]) -> None:
    """The forked process from here on: what was asked for, and its exit code at the end."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        connection.sendall(STARTED + str(os.getpid()).encode() + b"\n")
        if requests.get("terminal"):
            os.setsid()
            fcntl.ioctl(files[0], termios.TIOCSCTTY, 0)
        elif requests.get("group"):
            os.setpgid(0, 0)
        if requests.get("group"):
            signal.signal(signal.SIGINT, signal.default_int_handler)
        _enter(requests, files)
        if os.environ.get("PYTHONPATH") == str(kill_after.FOLDER):
            runpy.run_path(str(kill_after.FOLDER / "sitecustomize.py"))
        fork_kernels(requests["arguments"])
        code = _run(requests["program"], requests["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(ENDED + str(code).encode() + b"\n")
        os._exit(code)


def _enter(requests: Mapping[str, Any], files: Sequence[int]) -> None:
    """Streams, environment and folder as `exec` would give them; two files are output and errors, without input."""
    files = [*files] if len(files) > 2 else [os.open(os.devnull, os.O_RDONLY), *files]
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in set(files):
        os.close(file)
    # closefd: a kernel's streams take the place of its runner's in the same fork. Those would close the descriptors
    # when they are collected. ZeroMQ may have its own under these numbers by then, and aborts where they are closed.
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    output = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(output, encoding="utf-8", line_buffering=os.isatty(1))
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    os.environ.clear()
    os.environ.update(requests["environment"])
    os.chdir(requests["cwd"])


class _ForkedKernel(subprocess.Popen[bytes]):
    """A kernel that was forked instead of executed; jupyter_client waits for it and signals it as for any other."""

    def __init__(self, pid: int) -> None:
        self.pid, self.args, self.returncode = pid, [], None
        self.stdin = self.stdout = self.stderr = None
        self._child_created, self._waitpid_lock, self._sigint_wait_secs = True, threading.Lock(), 0.25


class _KernelForks:
    """A process without threads, which forks the kernels of one that has some."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        adopt_orphans()  # kernels become children of this process

    def fork(self, values: Mapping[str, Any], files: Sequence[int]) -> int:
        """The process id of a kernel, whose parent is this process."""
        content = json.dumps(values).encode()
        socket.send_fds(self._requests, [len(content).to_bytes(8)], list(files))
        self._requests.sendall(content)
        return int.from_bytes(self._requests.recv(8, socket.MSG_WAITALL))


def adopt_orphans(*, adopt: bool = True) -> None:
    """Let orphans among the descendants of this process become its children, or those of the first one again."""
    if ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _fork_of_this_process() -> socket.socket:
    """Forks kernels for this process, and is asked over this connection."""
    ours, requests = socket.socketpair()
    command = os.getpid()
    if os.fork() == 0:
        ours.close()
        _serve_kernels(requests, command)
    requests.close()
    return ours


@contextmanager
def forked_kernels() -> Iterator[None]:
    """The kernels that this process starts are forks of another one, which has imported what kernels import."""
    from jupyter_client.provisioning import local_provisioner

    ours, requests = socket.socketpair()
    command = [sys.executable, "-m", "tests.bootstrap.fork_server", "kernels", str(requests.fileno()), str(os.getpid())]
    execute = local_provisioner.launch_kernel
    with subprocess.Popen(command, cwd=CHECKOUT, pass_fds=[requests.fileno()], stdin=subprocess.DEVNULL), ours:
        requests.close()
        _launch_by(_KernelForks(ours))
        try:
            yield
        finally:
            local_provisioner.launch_kernel = execute
            adopt_orphans(adopt=False)
            ours.close()  # whereupon the process ends


def _serve_kernels(requests: socket.socket, command: int) -> NoReturn:
    """Until the process that starts kernels ends, and with it the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        length, files, _, _ = socket.recv_fds(requests, 8, 2)
        if not length:
            os._exit(0)
        values = json.loads(requests.recv(int.from_bytes(length), socket.MSG_WAITALL))
        output, result = os.pipe()
        parent = os.fork()
        if parent == 0:
            if os.fork():
                os._exit(0)
            os.setsid()  # before jupyter_client hears of it and asks for its process group, which it will signal
            os.write(result, os.getpid().to_bytes(8))
            while os.getppid() != command:  # until the process between them has ended
                time.sleep(0.001)
            for end in (output, result):
                os.close(end)
            requests.close()
            _be_kernel(values["command"], values, files)
        for end in (result, *files):
            os.close(end)
        os.waitpid(parent, 0)
        requests.sendall(os.read(output, 8))
        os.close(output)


def fork_kernels(arguments: Sequence[str] = ()) -> None:
    """Let this process fork its kernels. A rehearsal has threads by then, which would be missing in its own forks."""
    _launch_by(_KernelForks(_fork_of_this_process()) if "rehearse" in arguments[:1] else None)


def _launch_by(forks: _KernelForks | None) -> None:
    """Have kernels forked by that process, or by this one while it has one thread."""
    from jupyter_client.provisioning import local_provisioner

    from orgkit.runbook.execution import kernel_pool

    execute = local_provisioner.launch_kernel

    def launch(
        command: list[str], *, env: dict[str, str], cwd: str = "", stdout: Any = None, stderr: Any = None, **more: Any
    ) -> Any:
        is_kernel = command[2] == str(kernel_pool.PROGRAM) or command[1:3] == ["-m", "ipykernel_launcher"]
        if not is_kernel or (forks is None and threading.active_count() > 1):
            return execute(command, env=env, cwd=cwd or None, stdout=stdout, stderr=stderr, **more)
        environment = env | {"JPY_PARENT_PID": str(os.getpid())}
        values = {"environment": environment, "cwd": cwd or str(Path.cwd())}
        files = [file.fileno() if file else number for number, file in ((1, stdout), (2, stderr))]
        if forks is not None:
            return _ForkedKernel(forks.fork(values | {"command": command}, files))
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            os.read(reading, 1)  # nothing comes: it is closed when the kernel has a session of its own
            os.close(reading)
            return _ForkedKernel(pid)
        os.setsid()  # before jupyter_client asks for its process group, which it will signal
        os.close(reading)
        os.close(writing)
        _be_kernel(command, values, [os.dup(file) for file in files])

    local_provisioner.launch_kernel = launch


def _be_kernel(command: Sequence[str], requests: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
    """The forked process from here on, with nothing of the event loop in which it was forked."""
    code = 1
    try:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL)
        asyncio._set_running_loop(None)
        asyncio.set_event_loop(None)
        _enter(requests, files)
        ctypes.CDLL(None).prctl(SET_NAME, KERNEL_NAME.encode())
        sys.argv = list(command[2:])
        from ipykernel.kernelapp import IPKernelApp

        # ipykernel has read this variable when it was imported, and a kernel ends when its parent does.
        parent = f"--IPKernelApp.parent_handle={os.environ['JPY_PARENT_PID']}"
        IPKernelApp.launch_instance(argv=[*command[3:], parent])
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _run(program: str, arguments: Sequence[str]) -> int:
    module, function = PROGRAMS[program]
    main = getattr(importlib.import_module(module), function)
    sys.argv = [str(Path(sys.executable).parent / program), *arguments]
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        atexit._run_exitfuncs()
    return 0


def main(arguments: Sequence[str]) -> None:
    """Serve commands at an address, or kernels over a connection, for a process."""
    if arguments[0] != "kernels":
        serve(arguments[0], int(arguments[1]))
        return
    from orgkit.aws.garbage_collection import collect_less_often

    collect_less_often()
    preload(KERNEL_MODULES)
    gc.freeze()
    _serve_kernels(socket.socket(fileno=int(arguments[1])), int(arguments[2]))


if __name__ == "__main__":
    main(sys.argv[1:])
