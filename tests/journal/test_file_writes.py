"""Writing files: all of the content, synced, or OSError; and never half of it under the file's name."""

import ast
import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orgkit.journal.events import Journal, read_events
from orgkit.journal.file_writes import append_line, create_file, replace_file, rewrite_file, write_all
from tests.mounts import own_mounts

PACKAGE = Path(__file__).parents[2] / "orgkit"
WRITES = {"write", "pwrite", "writev", "fdopen", "ftruncate"}  # of the module os
# Files of Python's own, which write everything or raise, and of which no half is ever taken for a whole.
EXCEPTIONS = {
    "orgkit/costs/bills/exports_aws.py",  # a copy in a temporary folder, piece by piece
    "orgkit/ci/artifacts.py",  # a file of an artifact, opened to be read
    "orgkit/handover/plan_check.py",  # a copy in a temporary folder, which Terraform reads and which then goes
    "orgkit/runbook/execution/kernel_pool.py",  # the standard error of a kernel
    "orgkit/cli/github.py",  # GitHub's file, appended to; an error is reported as an annotation
    "orgkit/cli/output.py",  # /dev/null
    "orgkit/journal/file_writes.py",
    "orgkit/records/chain.py", "orgkit/aws/lock.py",  # cut off what is there; file_writes.append adds the rest
}  # fmt: skip


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """`os.write` takes three bytes at most; how often it was called."""
    write, calls = os.write, []

    def short_write(descriptor: int, content: Any) -> int:
        calls.append(len(content))
        return write(descriptor, content[:3])

    monkeypatch.setattr(os, "write", short_write)
    return calls


def test_what_is_taken_in_pieces_is_whole_in_the_end(tmp_path: Path, short: list[int]) -> None:
    append_line(tmp_path / "line", b"0123456789\n")
    replace_file(tmp_path / "old", b"0123456789")
    create_file(tmp_path / "new", b"0123456789")
    assert {path.read_bytes().strip() for path in tmp_path.iterdir()} == {b"0123456789"}
    assert len(short) == 12


def test_an_intent_that_a_full_disk_cuts_short_raises_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, write = Journal(tmp_path / "events.jsonl"), os.write
    journal.write("phase")

    def full(descriptor: int, content: Any) -> int:
        if len(content) < 40:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, content[: len(content) // 2])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match=r"No space left.*events\.jsonl"):
        journal.write("intent", call="organizations:CreateAccount")
    assert [event["event"] for event in journal.events] == ["phase"]
    assert (tmp_path / "events.jsonl").read_bytes().count(b"\n") == 1
    assert (tmp_path / "events.jsonl").read_bytes().endswith(b"}\n")


def test_a_disk_that_takes_nothing_without_an_error_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda *_: 0)
    with pytest.raises(OSError, match="No space left"):
        write_all(1, b"x")


def test_a_line_that_cannot_be_synced_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_line(tmp_path / "lines", b"one\n")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
    with pytest.raises(OSError, match="Input/output"):
        append_line(tmp_path / "lines", b"two\n")
    assert (tmp_path / "lines").read_bytes() == b"one\n"


def test_ctrl_c_while_a_whole_line_is_synced_leaves_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be AWS's answer: without it the change is in doubt."""
    append_line(tmp_path / "lines", b"one\n")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        append_line(tmp_path / "lines", b"two\n")
    assert (tmp_path / "lines").read_bytes() == b"one\ntwo\n"


def test_ctrl_c_within_a_line_leaves_nothing_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_line(tmp_path / "lines", b"one\n")
    write = os.write

    def write_a_part(descriptor: int, content: bytes) -> int:
        write(descriptor, content[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", write_a_part)
    with pytest.raises(KeyboardInterrupt):
        append_line(tmp_path / "lines", b"two\n")
    assert (tmp_path / "lines").read_bytes() == b"one\n"


@pytest.mark.parametrize("writing", [replace_file, rewrite_file])
def test_a_file_that_cannot_be_replaced_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writing: Callable[[Path, bytes], Path]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(0o664)
    assert writing(file, b"older").read_bytes() == b"older"
    assert file.stat().st_mode & 0o777 == (0o664 if writing is rewrite_file else 0o600)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EDQUOT, "Disk quota exceeded")))
    with pytest.raises(OSError, match="quota"):
        writing(file, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"older")]


def test_under_a_limit_of_file_sizes_every_line_of_a_journal_is_whole_and_none_is_reported_that_is_not_there(
    tmp_path: Path,
) -> None:
    """The operating system's own short writes: each limit lies somewhere else in a line."""
    for limit in range(100, 700, 7):
        path = tmp_path / f"{limit}.jsonl"
        assert _in_a_fork(partial(_lines_until_full, path, limit)) == len(list(read_events(path))), limit
        assert not path.exists() or path.read_bytes().endswith(b"}\n")


def _lines_until_full(path: Path, limit: int) -> int:
    """Runs in a process of its own: the limit ends with it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    journal = Journal(path)
    for number in range(20):
        try:
            journal.write("intent", number=number, name="x" * number)
        except OSError:
            return len(journal.events)
    return -1


def _in_a_fork(work: Callable[[], int]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 255
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_on_a_file_system_that_is_full_an_intent_is_on_the_disk_or_raises(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from orgkit.journal.events import Journal, read_events\n"
        "place = Path(sys.argv[1]); journal = Journal(place / 'events.jsonl')\n"
        "journal.write('phase', note='x' * 3800)\n"
        "try:\n"
        "    with (place / 'filler').open('wb', buffering=0) as filler:\n"
        "        while filler.write(bytes(4096)): pass\n"
        "except OSError: pass\n"
        "try: journal.write('intent', padding='y' * 400); print('written')\n"
        "except OSError as error: print(error.strerror)\n"
        "print([event['event'] for event in read_events(journal.path)], journal.path.read_bytes()[-2:])"
    )
    mount = 'mount -t tmpfs -o size=16k tmpfs "$0" && exec "$@"'
    command = [*own_mounts(), "sh", "-c", mount, str(tmp_path), sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "mount" not in done.stderr, done.stderr
    assert done.stdout.splitlines() == ["No space left on device", "['phase'] b'}\\n'"]


def test_no_other_module_writes_files_by_itself() -> None:
    found = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _writes(node):
                found.add(str(file.relative_to(PACKAGE.parent)))
    assert found == EXCEPTIONS


def _writes(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open"
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr in ("write_text", "write_bytes"):
        return True
    if isinstance(function.value, ast.Name) and function.value.id == "os":
        return function.attr in WRITES
    modes = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return function.attr == "open" and any(isinstance(mode, str) and set(mode) & set("wax+") for mode in modes[:1])
