"""The event log of a run: one JSON line an event, on disk before anything else happens."""

import json
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Journal:
    """Appends events and flushes each to the disk; without a path it only remembers them."""

    def __init__(self, path: Path | None = None, run: str = "library") -> None:
        self.path = path
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
            self._append(json.dumps(entry) + "\n")  # ASCII: a kill never leaves half a character
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
    """The events of a journal; a line that a kill cut short is passed over."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):  # splitlines would also split at characters within a name
        try:
            yield json.loads(line)
        except ValueError:
            continue
