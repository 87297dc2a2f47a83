"""A sandbox whose answers take as long as is asked, with as many accounts as a parameters file has.

The accounts and their roles are put into it directly: to create 1,000 accounts as AWS does takes hours of its time.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.model.desired import READ_ROLE, AccountSpec, Desired, UnitPath
from orgkit.parameters import load
from orgkit.phases.member_access.roles import READ_POLICY, read_policy, trust
from orgkit.sandbox import lifecycle, profiles, server
from orgkit.sandbox.lifecycle import Sandbox
from orgkit.sandbox.seed import Seed

CHECKOUT = Path(__file__).parents[1]
Page = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Traffic:
    """The calls since the last look."""

    calls: int
    peak: int  # calls under way at the same time
    throttled: int


class DelayedSandbox:
    """The client: sets the delay, adds the accounts of a file, and counts calls."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def delay(self, seconds: float) -> None:
        """Let each answer take so much longer; calls that were counted are forgotten."""
        self.sandbox._ask("/orgkit/delay", {"seconds": seconds})

    def add_accounts(self, file: Path) -> None:
        """Put the accounts of the file into their units, with their roles, where they are not there yet."""
        self.sandbox._ask("/orgkit/accounts", {"file": str(file)})

    def traffic(self) -> Traffic:
        return Traffic(**self.sandbox._ask("/orgkit/traffic"))


def start(seed: Seed, folder: Path, *, real_time: bool = True, module: str = __name__) -> DelayedSandbox:
    """Start one in a process of its own, which ends when this one does.

    Args:
        seed: Its initial state.
        folder: Where it keeps its files.
        real_time: Whether pauses take as long as they say.
        module: What serves it, with a `main` that calls `serve`.
    """
    folder = folder.resolve()
    aws = folder / "aws"
    aws.mkdir(mode=0o700, parents=True)
    credentials = profiles.credentials(seed, folder)
    profiles.write(credentials, aws)
    profiles.write_private(aws / "seed.json", json.dumps(lifecycle._start_values(seed, credentials)))
    command = [sys.executable, "-m", module, "--seed", str(aws / "seed.json"), "--folder", str(folder)]
    command += ["--parent", str(os.getpid()), *(["--real-time"] if real_time else [])]
    return DelayedSandbox(lifecycle._wait(_spawn(command, aws / "server.log"), folder))


def _spawn(command: list[str], log: Path) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    environment["PYTHONPATH"] = str(CHECKOUT)
    return os.posix_spawn(command[0], command, environment, file_actions=files, setsid=True)


def serve(arguments: list[str], pages_of: Callable[[Any], Mapping[str, Page]] = lambda _: {}) -> None:
    """Serve until the process that asked for it ends.

    Args:
        arguments: Those of orgkit.sandbox.server.
        pages_of: Further control pages, for the sandbox's application.
    """
    options = server.parse(arguments)
    application = server.make_application(options)
    delayed = _Delayed(application)
    pages = server.Pages(options)
    pages.application = application
    own = {"/delay": delayed.set_delay, "/traffic": delayed.traffic, "/accounts": _add_accounts}
    own |= pages_of(application)
    application._pages = lambda path, values: own[path](values) if path in own else pages(path, values)
    server.warm_up()
    http = server.make_http_server(delayed)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server._watch(options.parent)
    server.announce(options.folder, http.server_port, application.token)
    http.serve_forever()


class _Delayed:
    """The application of the sandbox behind a delay: calls wait side by side, as they do for a network."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._seconds = 0.0
        self._under_way = self._peak = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get("PATH_INFO", "").startswith("/orgkit/"):
            return self._application(environ, start_response)
        with self._counted():
            time.sleep(self._seconds)
            return self._application(environ, start_response)

    def set_delay(self, values: dict[str, Any]) -> None:
        self._seconds, self._peak = float(values["seconds"]), 0
        self._application.calls.clear()

    def traffic(self, _: dict[str, Any]) -> dict[str, int]:
        errors = [str(call.error) for call in self._application.calls.all if call.error]
        throttled = sum("Throttl" in error or "TooManyRequests" in error for error in errors)
        return {"calls": len(self._application.calls.all), "peak": self._peak, "throttled": throttled}

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
            self._peak = max(self._peak, self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1


def _add_accounts(values: dict[str, Any]) -> None:
    from moto.organizations.models import organizations_backends

    desired = load(Path(values["file"]))
    backend = organizations_backends[desired.organization.management_account_id]["aws"]
    known = {account.email for account in backend.accounts}
    units = _unit_ids(backend)
    for spec in desired.accounts:
        if spec.email not in known:
            _add_account(backend, desired, spec, units[spec.unit])


def _unit_ids(backend: Any) -> dict[UnitPath, str]:
    paths: dict[str, UnitPath] = {backend.org.root_id: ()}
    for unit in backend.ou[1:]:  # the first is the root; parents come before their children
        paths[unit.id] = (*paths[unit.parent_id], unit.name)
    return {path: unit_id for unit_id, path in paths.items()}


def _add_account(backend: Any, desired: Desired, spec: AccountSpec, unit_id: str) -> None:
    from moto.iam.models import iam_backends

    from orgkit.sandbox.corrections import roles
    from orgkit.sandbox.corrections.creations import new_account_id
    from orgkit.sandbox.corrections.members import MemberAccount, join

    account_id = new_account_id(backend.account_id, spec.email)
    account = MemberAccount(backend, account_id, spec.name, spec.email, "CREATED")
    join(backend, account, [{"Key": key, "Value": value} for key, value in spec.tags])
    account.parent_id = unit_id
    roles.create_access_role(account_id, spec.role_name, backend.account_id)
    iam = iam_backends[account_id]["aws"]
    iam.create_role(READ_ROLE, json.dumps(trust(backend.account_id)), "/", None, "", [], "3600")
    iam.put_role_policy(READ_ROLE, READ_POLICY, json.dumps(read_policy(desired.reads_in(spec.key))))


if __name__ == "__main__":
    serve(sys.argv[1:])
