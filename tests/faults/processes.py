"""The two processes of a headless run, and killing them as nothing but `kill -9` does."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.bootstrap.fork_server import KERNEL_NAME


def kernel_of(runner: int) -> int | None:
    """The kernel that a runner has started, if it has; the child of a moment before `exec` is none yet."""
    for child in _children(runner):
        with suppress(OSError):
            name = Path(f"/proc/{child}/comm").read_text().strip()
            if name == KERNEL_NAME or b"kernel_process.py" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
    return None


def kill(*pids: int) -> None:
    """At once, whatever they are doing; one that has ended is left alone."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def runs(pid: int) -> bool:
    """Whether this process still does anything; one that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found
