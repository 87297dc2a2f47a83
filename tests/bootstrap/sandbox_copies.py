"""A sandbox whose state can be kept and served again: each copy is a fork, made in milliseconds.

One process, the root, listens on the sandbox's port and never answers. A *template* is a process with one thread that
holds a state. Asked for a copy it forks, and the fork answers on the port until the test is over. A copy becomes a
template by forking in the handler of a request, when no other request is under way. All of them end with the root.

A sandbox for the example file is lent: the states that one file of tests has had made, the next one finds.

So a test finds the same port, folder and credentials as after `Sandbox.reset`, and the state that it asked for, without
having the phases before it applied again. Roots are forks as well, of a process that has imported moto, which takes a
CPU second: there is one for each process that runs tests.
"""

import atexit
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from orgkit.aws.garbage_collection import collect_less_often
from orgkit.sandbox import lifecycle, profiles, server
from orgkit.sandbox.lifecycle import Sandbox
from orgkit.sandbox.seed import Seed
from tests import cached_libraries

CHECKOUT = Path(__file__).parents[2]
ROOT = "root"
# Services whose models moto reads when it is first called for them, as a copy would each time.
MODELS = ("organizations", "sts", "iam", "s3", "cloudtrail", "kms", "service-quotas", "account", "sso-admin")
SECONDS = 60  # until a copy has to answer, on a machine that is busy


@dataclass
class CopiedSandbox:
    """The client: which states are kept, and the copy that answers now."""

    root: Sandbox
    controls: Path  # a socket for each template
    kept: dict[tuple[str, ...], str] = field(default_factory=lambda: {(): ROOT})
    _copy: int | None = None  # a descriptor of its process: a process id may be given to another one later

    def restore(self, state: tuple[str, ...]) -> Sandbox:
        """Serve a copy of a state that is kept, instead of the copy that was served."""
        self.end_copy()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            connection.connect(str(self.controls / self.kept[state]))
            self._copy = os.pidfd_open(int(connection.makefile().readline()))
        return self.root

    def keep(self, state: tuple[str, ...]) -> None:
        """Keep the state of the copy that answers now."""
        name = str(len(self.kept))
        self.root._ask("/orgkit/keep", {"name": name})
        self.kept[state] = name

    def clean(self) -> None:
        """Remove the sockets of the templates, which ended with the root."""
        shutil.rmtree(self.controls, ignore_errors=True)

    def end_copy(self) -> None:
        """Serve nothing until a state is restored."""
        _end(self._copy)
        self._copy = None


@dataclass(frozen=True)
class LentSandbox(Sandbox):
    """A sandbox that is given back where another would be stopped."""

    give_back: Callable[[], None] = field(repr=False, compare=False)

    def stop(self) -> None:
        """End what the test has made of it, and keep its states for the next file of tests."""
        self.give_back()


_to_lend: dict[Seed, CopiedSandbox] = {}


def lend(seed: Seed) -> CopiedSandbox:
    """The sandbox of this seed whose states other files of tests have had made, or a new one while it is in use.

    All who ask with a seed have to apply the same phases to it, by the same parameters.
    """
    copied = _to_lend.pop(seed, None) or start(seed)
    values = {each.name: getattr(copied.root, each.name) for each in fields(Sandbox)}
    lent = LentSandbox(**values, give_back=lambda: _take_back(seed, copied))
    profiles.write(profiles.credentials(seed, lent.folder), lent.folder / "aws")  # a reset may have written others
    copied.root = lent
    return copied


def _take_back(seed: Seed, copied: CopiedSandbox) -> None:
    copied.end_copy()
    if _to_lend.setdefault(seed, copied) is not copied:
        Sandbox.stop(copied.root)
        copied.clean()


def start(seed: Seed, folder: Path | None = None, *, real_time: bool = False) -> CopiedSandbox:
    """As lifecycle.start; nothing answers until a state is restored. A folder that is not given ends with the root."""
    controls = Path(tempfile.mkdtemp(prefix="copies-", dir="/tmp"))  # a socket's path has to be short
    folder = (folder or controls / "box").resolve()
    aws = folder / "aws"
    aws.mkdir(mode=0o700, parents=True)
    values = profiles.credentials(seed, folder)
    profiles.write(values, aws)
    profiles.write_private(aws / "seed.json", json.dumps(lifecycle._start_values(seed, values)))
    arguments = ["--controls", str(controls), "--seed", str(aws / "seed.json"), "--folder", str(folder)]
    arguments += ["--real-time"] if real_time else []
    return CopiedSandbox(lifecycle._wait(_roots().fork(arguments, aws / "server.log"), folder), controls)


class _Roots:
    """The process of which roots are forks; they end when it does, and it ends when the process of the tests does."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bootstrap.sandbox_copies"], cwd=CHECKOUT,
            env=environment | {"PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def fork(self, arguments: list[str], log: Path) -> int:
        """The process that has been forked for a root; its output is in the log."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"arguments": arguments, "log": str(log)}) + "\n")
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        """End it; it reads until there is no more."""
        self._process.communicate()


@cache
def _roots() -> _Roots:
    roots = _Roots()
    atexit.register(roots.stop)
    return roots


def _fork_roots() -> None:
    """Fork for each line that is read, until the process of the tests has ended."""
    collect_less_often()
    server._settle_environment()
    server._use_virtual_time()
    server._find_regions_of_ec2_quickly()
    cached_libraries.cache_moto()
    for name in ("orgkit.sandbox.app", "orgkit.sandbox.corrections.all", "moto.moto_server.werkzeug_app"):
        importlib.import_module(name)
    server.warm_up()  # here and not in a thread: a fork must not find an import under way
    for service in MODELS:
        importlib.import_module("moto.core.utils").get_service_model(service)
    gc.collect()
    gc.freeze()  # a fork need not look at what is there, and then copy it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # roots are not waited for
    for line in sys.stdin:
        asked, parent = json.loads(line), os.getpid()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
                os.dup2(file, number)
            _Server([*asked["arguments"], "--parent", str(parent)])
        print(pid, flush=True)


def _end(process: int | None) -> None:
    """Kill a process that is no child of ours, and wait until it holds no connection."""
    if process is None:
        return
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, signal.SIGKILL)
    select.select([process], [], [], SECONDS)  # readable once the process has ended
    os.close(process)


class _Server:
    """What a template and its copies share: the listening socket, the application, and the pipe of the root."""

    def __init__(self, arguments: list[str]) -> None:
        at = arguments.index("--controls")
        self._controls = Path(arguments[at + 1])
        chosen = server.parse(arguments[:at] + arguments[at + 2 :])
        self._application = server.make_application(chosen)
        self._application._pages = self._page
        self._own_pages = server.Pages(chosen)
        self._own_pages.application = self._application
        self._listening = socket.create_server((server.HOST, 0), backlog=128)
        self._listening.set_inheritable(True)
        # A reader of it learns that the root has ended, since only the root can write.
        self._root_ended, self._root = os.pipe()
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies are not waited for
        self._parent = chosen.parent
        control = self._control(ROOT)
        server.announce(chosen.folder, self._listening.getsockname()[1], self._application.token)
        self._be_template(control)

    def _control(self, name: str) -> socket.socket:
        control = socket.socket(socket.AF_UNIX)
        control.bind(str(self._controls / name))
        control.listen()
        return control

    def _be_template(self, control: socket.socket) -> NoReturn:
        """Fork a copy whenever one is asked for."""
        parent = self._parent
        while not parent or os.getppid() == parent:
            waited = [control, *([] if parent else [self._root_ended])]
            ready = select.select(waited, [], [], 0.5)[0]
            if self._root_ended in ready:
                break
            if control in ready:
                connection, _ = control.accept()
                if os.fork() == 0:
                    control.close()
                    self._be_copy(connection)
                connection.close()
        shutil.rmtree(self._controls, ignore_errors=True)  # the root has ended, or the tests have
        os._exit(0)

    def _be_copy(self, connection: socket.socket) -> NoReturn:
        """Answer on the sandbox's port, with threads as any sandbox."""
        self._leave_root()
        threading.Thread(target=self._end_with_root, daemon=True).start()
        http = server.make_http_server(self._application, fd=self._listening.fileno())
        connection.sendall(f"{os.getpid()}\n".encode())
        connection.close()
        http.serve_forever()
        os._exit(0)

    def _page(self, path: str, values: dict[str, Any]) -> Any:
        return self._keep(values["name"]) if path == "/keep" else self._own_pages(path, values)

    def _keep(self, name: str) -> dict[str, str]:
        """Fork a template, and answer when it listens."""
        ready, output = os.pipe()
        if os.fork() == 0:
            os.close(ready)
            _close_sockets(but=self._listening.fileno())
            control = self._control(name)
            os.close(output)
            self._be_template(control)
        os.close(output)
        os.read(ready, 1)  # nothing comes: it is closed
        os.close(ready)
        return {}

    def _leave_root(self) -> None:
        if self._root >= 0:
            os.close(self._root)
            self._root, self._parent = -1, 0

    def _end_with_root(self) -> NoReturn:
        os.read(self._root_ended, 1)
        os._exit(0)


def _close_sockets(but: int) -> None:
    """Connections of the process from which this one was forked: a client would wait for their end."""
    for entry in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError):
            if int(entry.name) != but and str(entry.readlink()).startswith("socket:"):
                os.close(int(entry.name))


if __name__ == "__main__":
    _fork_roots()
