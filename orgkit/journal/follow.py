"""Following a file while other processes add lines to it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.1  # seconds between two looks


@contextmanager
def follow_lines(file: Path, on_line: Callable[[bytes], None]) -> Iterator[None]:
    """Call a function with each line soon after it is written, from a thread; the last ones before the block ends.

    Args:
        file: The file. It need not be there yet, and a line that has no end yet comes later.
        on_line: Gets one line without its end.

    Yields:
        Nothing: the lines are followed until the block ends.
    """
    stop_event = threading.Event()
    thread = threading.Thread(target=_follow, args=(file, on_line, stop_event), name="orgkit-follow", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop_event.set()
        thread.join()


def _follow(file: Path, on_line: Callable[[bytes], None], stop_event: threading.Event) -> None:
    position = 0
    while True:
        is_last = stop_event.wait(POLL_SECONDS)
        added = _read_from(file, position)
        whole = added[: added.rfind(b"\n") + 1]
        position += len(whole)
        for line in whole.split(b"\n")[:-1]:
            on_line(line)
        if is_last:
            return


def _read_from(file: Path, position: int) -> bytes:
    """Nothing while it cannot be read: showing the progress of a run must not end it."""
    try:
        with file.open("rb") as content:
            content.seek(position)
            return content.read()
    except OSError:
        return b""
