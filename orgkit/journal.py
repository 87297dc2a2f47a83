"""The event log of a run: one JSON line an event, on disk before anything else happens."""

import json
import os
import secrets
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DEEPEST = 100  # levels of what is read again; nothing that orgkit or a notebook writes has half as many

Hide = Callable[[dict[str, Any]], Any]  # what must not reach the disk, taken out of an event


class Journal:
    """Appends events and flushes each to the disk; without a path it only remembers them."""

    def __init__(self, path: Path | None = None, run: str = "library", hide: Hide = lambda entry: entry) -> None:
        self.path = path
        self.hide = hide
        self.run = run
        self.events: list[dict[str, Any]] = []
        self.step = ""  # the sentence that the mutations being sent belong to

    @staticmethod
    def new_id() -> str:
        """A name for an intent, by which its answer, or a later run, settles it."""
        return secrets.token_hex(6)

    def write(self, event: str, **values: Any) -> dict[str, Any]:
        """Add one event; it is on disk when this returns."""
        entry = {"event": event, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **values}
        self.events.append(entry)
        if self.path is not None:
            self._append(json.dumps(self.hide(entry)) + "\n")  # ASCII: a kill never leaves half a character
        return entry

    def _append(self, line: str) -> None:
        assert self.path is not None
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            end = os.lseek(descriptor, 0, os.SEEK_END)
            cut = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
            os.write(descriptor, (b"\n" if cut else b"") + line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a journal; a line that a kill cut short, or that is no object, is passed over."""
    if not path.is_file():
        return
    for line in path.read_bytes().split(b"\n"):  # splitlines would also split at characters within a name
        if event := object_in(line):
            yield event


def object_in(content: bytes | str) -> dict[str, Any]:
    """The object in a piece of JSON; empty for anything else, and for what is nested so as to break its readers."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and _is_shallow(value) else {}


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [each for inner in level for each in _parts(inner)]
        if not level:
            return True
    return False


def _parts(value: object) -> Collection[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
