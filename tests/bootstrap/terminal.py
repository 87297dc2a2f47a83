"""A pseudo-terminal in which a command runs as a person runs it: it sees a terminal, and Ctrl-C reaches it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import Self

from tests.bootstrap.fork_server import ForkedCommand
from tests.bootstrap.project import Project, fork_server

SECONDS = 240  # until what is expected has to be there, on a machine that is busy
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")


class Terminal:
    """One command in a terminal of its own; a context manager that ends it."""

    def __init__(self, project: Project, *arguments: object, columns: int = 80, **settings: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        values = {**project.environment, "TERM": "xterm-256color", **settings}
        words = list(map(str, arguments))
        start = _start_installed if project.installed else _fork
        self.process = start(project, words, values, slave)
        os.close(slave)
        self._content = b""
        self._seen = 0  # characters of the text in which something was expected already

    @property
    def raw(self) -> str:
        return self._content.decode(errors="replace")

    @property
    def text(self) -> str:
        """What was printed, without what moves the cursor or changes colors."""
        return CONTROL.sub("", self.raw)

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until this stands in what was printed since the last match."""
        until = time.monotonic() + SECONDS
        while True:
            match = re.compile(pattern).search(self.text, self._seen)
            if match:
                self._seen = match.end()
                return match
            assert time.monotonic() < until, f"{pattern!r} is not in:\n{self.text}"
            assert self.read(), f"it ended without {pattern!r}:\n{self.text}"

    def type(self, text: str) -> None:
        os.write(self._master, f"{text}\n".encode())

    def press_ctrl_c(self) -> None:
        os.write(self._master, b"\x03")

    def end(self, code: int) -> str:
        """Wait until it has ended, with this exit code; all that it printed."""
        while self.read():
            pass
        assert self.process.wait(SECONDS) == code, self.text
        assert "Traceback" not in self.text
        return self.text

    def stopped_descendant(self) -> int:
        """The process that stopped itself below this command, once there is one."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            for pid in _descendants(self.process.pid):
                if _status(pid)[0] == "T":
                    return pid
            select.select([self._master], [], [], 0.05)
            self.read(0)
        raise AssertionError(f"nothing has stopped:\n{self.text}")

    def read(self, seconds: float = 1.0) -> bool:
        """Take in what is there; False when there is no more to come."""
        if not select.select([self._master], [], [], seconds)[0]:
            return self.process.poll() is None
        try:
            content = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has it open any more
            return False
        self._content += content
        return bool(content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)


def _fork(project: Project, arguments: list[str], values: dict[str, str], slave: int) -> ForkedCommand:
    return fork_server(project.bin).start(arguments, project.folder, values, [slave])


def _start_installed(
    project: Project, arguments: list[str], values: dict[str, str], slave: int
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [str(project.bin / "orgkit"), *arguments], cwd=project.folder, env=values,
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip


def _status(pid: int) -> tuple[str, int]:
    """State and parent of a process; its state is X where there is none."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (OSError, ValueError):
        return "X", 0
    return state, int(parent)


def _descendants(pid: int) -> list[int]:
    parents = {int(path.name): _status(int(path.name))[1] for path in Path("/proc").iterdir() if path.name.isdigit()}
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, of in parents.items() if of == parent]
        found += children
        waiting += children
    return found
