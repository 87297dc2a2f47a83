"""The journals of the runs since a moment; what was read once is not read again."""

import json
from pathlib import Path
from typing import Any


class Journals:
    """Those that were not there when this was made, in the order of their folders."""

    def __init__(self, outputs: Path) -> None:
        self._outputs = outputs
        self._earlier = set(self._paths())
        self._read: dict[Path, tuple[int, list[dict[str, Any]]]] = {}

    def events(self) -> list[dict[str, Any]]:
        """Every event of every one of them."""
        return [event for path in self._paths() if path not in self._earlier for event in self._of(path)]

    def _paths(self) -> list[Path]:
        return sorted(self._outputs.glob("*/*/events.jsonl"))

    def _of(self, path: Path) -> list[dict[str, Any]]:
        offset, events = self._read.get(path, (0, []))
        if path.stat().st_size > offset:
            with path.open("rb") as file:
                file.seek(offset)
                new = file.read()
            new = new[: new.rfind(b"\n") + 1]  # a line that is just being written is for the next time
            events = [*events, *map(json.loads, new.splitlines())]
            self._read[path] = offset + len(new), events
        return events
