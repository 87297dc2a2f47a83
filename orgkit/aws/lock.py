"""One apply at a time for a management account: a lock that ends with the process that holds it."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from orgkit.errors import AnotherRun, WrongPlace
from orgkit.journal.file_writes import append


def lock_of_machine(account: str, endpoint: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The one file of this user for this account, whatever project or notebook applies; each emulator has its own."""
    state = Path(environment.get("XDG_STATE_HOME") or "~/.local/state")
    suffix = f"-{urlsplit(endpoint).port}" if endpoint else ""
    return state / "orgkit" / f"{account}{suffix}.lock"


@contextmanager
def lock_machine(account: str, endpoint: str | None, run: str, outputs: Path | None) -> Iterator[None]:
    """Keep every other apply for this account away: this user's on this machine, and those into `outputs`."""
    locks = [lock_of_machine(account, endpoint), *([outputs / account / ".lock"] if outputs else [])]
    with ExitStack() as stack:
        for lock in locks:
            stack.enter_context(exclusive(lock, account, run))
        yield


@contextmanager
def exclusive(file: Path, account: str, run: str = "") -> Iterator[None]:
    """Hold the lock while applying; AnotherRun, naming its holder, when somebody has it.

    The operating system frees the lock when its holder dies, however it dies: there is no stale lock to remove.
    """
    descriptor = _open(file)
    try:
        _take(descriptor, account)
        os.ftruncate(descriptor, 0)
        append(descriptor, f"process {os.getpid()}{f', run {run}' if run else ''}".encode())
        yield
    finally:
        os.close(descriptor)


def _open(file: Path) -> int:
    try:
        file = file.expanduser()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except (OSError, RuntimeError) as error:
        raise WrongPlace(
            f"the lock {file}, which keeps two applies apart, cannot be opened: {error}.",
            "set XDG_STATE_HOME to a folder that you can write to.",
        ) from None


def _take(descriptor: int, account: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 1000, 0).decode(errors="replace") or "another process"
        raise AnotherRun(
            f"account {account}: {holder} holds the lock.", "wait until that run has ended, then run again."
        ) from None
