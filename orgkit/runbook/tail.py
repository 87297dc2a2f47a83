"""Telling the events of a run while it runs: they are written by another process."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OnEvent = Callable[[Mapping[str, Any]], None]
EVERY = 0.1  # seconds between two looks


@contextmanager
def told(events: Path, on_event: OnEvent | None) -> Iterator[None]:
    """Call `on_event` with each event soon after it is written, from a thread; the last ones before this ends."""
    if on_event is None:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_follow, args=(events, on_event, over), name="orgkit-tail", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow(events: Path, on_event: OnEvent, over: threading.Event) -> None:
    done = 0
    while True:
        last = over.wait(EVERY)
        content = events.read_bytes() if events.exists() else b""
        whole = content.rfind(b"\n") + 1  # a line that is still being written comes with the next look
        for line in content[done:whole].splitlines():
            on_event(json.loads(line))
        done = whole
        if last:
            return
