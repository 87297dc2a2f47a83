"""Start, find and stop a sandbox: its own process, its own folder, its own AWS config."""

import json
import os
import signal
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import asdict, field
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Any

from orgkit.aws.clock import TOKEN_VARIABLE, bearer
from orgkit.aws.loopback import loopback_url
from orgkit.dataclass import dataclass
from orgkit.errors import SANDBOX, EmulatorTrouble, require_packages
from orgkit.sandbox import profiles
from orgkit.sandbox.seed import OwnPolicy, Seed, StandaloneAccount

__all__ = ["OwnPolicy", "Sandbox", "Seed", "StandaloneAccount", "find", "start"]

START_SECONDS = 30.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox, by its address and folder; a context manager that stops it."""

    endpoint_url: str
    folder: Path
    pid: int
    token: str = field(repr=False)  # of the control routes

    @property
    def clock_url(self) -> str:
        return f"{self.endpoint_url}/orgkit/clock"

    def environment(self) -> dict[str, str]:
        """The environment variables that make a shell, a kernel or a subprocess use this sandbox and nothing else."""
        aws = self.folder / "aws"
        return {
            "ORGKIT_ENDPOINT_URL": self.endpoint_url,
            "ORGKIT_CLOCK_URL": self.clock_url,
            TOKEN_VARIABLE: self.token,
            "ORGKIT_OUTPUTS": str(self.folder),
            "AWS_CONFIG_FILE": str(aws / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(aws / "credentials"),
            "AWS_PROFILE": "management",
            "AWS_REGION": profiles.REGION,
            "AWS_DEFAULT_REGION": profiles.REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def calls(self) -> list[dict[str, Any]]:
        """Every call that was answered, in order; see orgkit.sandbox.calls for the members."""
        answer: list[dict[str, Any]] = self._ask("/orgkit/calls")
        return answer

    def denials(self) -> list[dict[str, Any]]:
        """Return the calls that policies denied, in order, each with `denial`: action, policy and statement."""
        answer: list[dict[str, Any]] = self._ask("/orgkit/denials")
        return answer

    def forget_calls(self) -> None:
        self._ask("/orgkit/calls/clear", {})

    def now(self) -> str:
        return str(self._ask("/orgkit/clock")["now"])

    def sleep(self, seconds: float) -> str:
        """Let the sandbox's clock run; at once, unless it runs in real time."""
        return str(self._ask("/orgkit/clock", {"sleep": seconds})["now"])

    def seed_bills(self, values: dict[str, Any]) -> list[str]:
        """Set Cost Explorer's bills; return their accounts that do not exist here, in which case nothing is set."""
        unknown: list[str] = self._ask("/orgkit/bills", values)["unknown"]
        return unknown

    def reset(self, seed: Seed) -> None:
        """Begin again from a seed, in the same process: some ms instead of a new start. The profiles are rewritten."""
        credentials = profiles.credentials(seed, self.folder)
        self._ask("/orgkit/reset", _start_values(seed, credentials))
        profiles.write(credentials, self.folder / "aws")

    def stop(self) -> None:
        """End the process and wait until it has ended; its folder, records included, stays."""
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        until = time.monotonic() + STOP_SECONDS
        while _is_alive(self.pid) and time.monotonic() < until:
            time.sleep(0.01)
        (self.folder / "aws" / "server.json").unlink(missing_ok=True)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, path: str, values: dict[str, Any] | None = None) -> Any:
        return _ask(self, path, values, timeout=None)


def start(seed: Seed, folder: Path, *, real_time: bool = False, outlive: bool = False) -> Sandbox:
    """Spawn the server and return when it answers. Unless it may outlive us it ends when this process does."""
    require_packages("The sandbox", *SANDBOX)
    folder = folder.resolve()
    aws = folder / "aws"
    aws.mkdir(mode=0o700, parents=True, exist_ok=True)
    credentials = profiles.credentials(seed, folder)
    profiles.write(credentials, aws)
    profiles.write_private(aws / "seed.json", json.dumps(_start_values(seed, credentials)))
    (aws / "server.json").unlink(missing_ok=True)
    return _wait(_spawn(aws, real_time, outlive), folder)


def find(folder_root: Path) -> Sandbox | None:
    """The sandbox that runs in this folder, if one does: named by server.json, alive, and answering to that folder."""
    folder = folder_root.resolve()
    server = _read_server(folder)
    if server is None or not _is_alive(server.pid):
        return None
    try:
        status = _ask(server, "/orgkit/status", timeout=5)
    except (OSError, ValueError, HTTPException):  # it may end in the middle of its answer
        return None
    return server if status.get("folder") == str(folder) else None


def _start_values(seed: Seed, credentials: tuple[profiles.Credential, ...]) -> dict[str, Any]:
    return {"seed": json.loads(seed.to_json()), "credentials": [asdict(credential) for credential in credentials]}


def _spawn(aws: Path, real_time: bool, outlive: bool) -> int:
    command = [sys.executable, "-m", "orgkit.sandbox.server", "--seed", str(aws / "seed.json")]
    command += ["--folder", str(aws.parent), *(["--real-time"] if real_time else [])]
    command += [] if outlive else ["--parent", str(os.getpid())]
    # Nothing of the caller's AWS or moto settings may reach the server: MOTO_ACCOUNT_ID, for one, would merge accounts.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    log = (str(aws / "server.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, *log),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    # A session of its own: Ctrl-C at the terminal ends the phase, not the AWS it was talking to.
    return os.posix_spawn(sys.executable, command, environment, file_actions=files, setsid=True)


def _wait(pid: int, folder: Path) -> Sandbox:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        server = _read_server(folder)
        if server is not None:
            return server
        if not _is_alive(pid):
            break
        time.sleep(0.01)
    else:
        os.kill(pid, signal.SIGKILL)
    log = (folder / "aws" / "server.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    reason = log[-1] if log else "the server said nothing"
    raise EmulatorTrouble(f"it did not start: {reason}", f"read {folder}/aws/server.log")


def _read_server(folder: Path) -> Sandbox | None:
    try:
        values = json.loads((folder / "aws" / "server.json").read_text(encoding="utf-8"))
        endpoint_url = loopback_url(str(values["endpoint_url"]))
        return Sandbox(endpoint_url, folder, pid=int(values["pid"]), token=str(values["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_alive(pid: int) -> bool:
    with suppress(ChildProcessError):  # ours: nobody else reaps it
        return os.waitpid(pid, os.WNOHANG)[0] != pid
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Return whether the process has ended, but was not reaped, as in a container without an init process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _ask(server: Sandbox, path: str, values: dict[str, Any] | None = None, *, timeout: float | None) -> Any:
    """The sandbox's own interface, with its token."""
    body = None if values is None else json.dumps(values).encode()
    headers = {"Content-Type": "application/json", **bearer(server.token)}
    request = urllib.request.Request(server.endpoint_url + path, data=body, headers=headers)
    with _loopback_opener().open(request, timeout=timeout) as answer:
        return json.loads(answer.read())


@cache
def _loopback_opener() -> urllib.request.OpenerDirector:
    """Opens addresses on this machine: no proxy leads there, and no redirection away from there."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is for the address that was checked, and for no other that it names."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None makes a redirection an error."""
