"""`--debug`: what the processes of a command write about their calls, printed on stderr as it comes."""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orgkit.journal.file_writes import create_file

POLL_SECONDS = 0.1


@contextmanager
def print_calls() -> Iterator[None]:
    """Let this process and its kernels write their calls into one file, and print its lines until the end."""
    with tempfile.TemporaryDirectory(prefix="orgkit-debug-") as folder:
        file = Path(folder) / "calls"
        create_file(file, b"")
        os.environ["ORGKIT_DEBUG"] = str(file)
        stop_event = threading.Event()
        thread = threading.Thread(target=_print_lines, args=(file, stop_event), name="orgkit-debug", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop_event.set()
            thread.join()
            del os.environ["ORGKIT_DEBUG"]


def _print_lines(file: Path, stop_event: threading.Event) -> None:
    position = 0
    while True:
        is_last = stop_event.wait(POLL_SECONDS)
        content = file.read_bytes()[position:]
        whole = content[: content.rfind(b"\n") + 1]
        position += len(whole)
        sys.stderr.write(whole.decode(errors="backslashreplace"))
        sys.stderr.flush()
        if is_last:
            return
