"""The event log of a run: one JSON line an event, on disk before anything else happens."""

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from orgkit.journal.file_writes import append_line

MAX_DEPTH = 100  # levels of what is read again; nothing that orgkit or a notebook writes has half as many

DONE_RESULTS = ("done", "found done")  # of a step; the names of `StepStatus` for a change that AWS has

Redaction = Callable[[dict[str, Any]], Any]  # what must not reach the disk, taken out of an event
Event = Mapping[str, Any]


def event_time() -> str:
    """Return the time of this machine as events have it: such texts are compared as they are."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal:
    """Appends events and flushes each to the disk; without a path it only remembers them."""

    def __init__(self, path: Path | None = None, run: str = "library", hide: Redaction = lambda entry: entry) -> None:
        self.path = path
        self.hide = hide
        self.run = run
        self.events: list[dict[str, Any]] = []
        self.step = ""  # the id of the step that the changes being sent belong to
        self.sentence = ""  # of that step, for people
        self.expires_at: datetime | None = None  # of the approval under which changes are sent; None: they need none

    @staticmethod
    def new_id() -> str:
        """A name for an intent, by which its answer, or a later run, settles it."""
        return secrets.token_hex(6)

    def has_committed(self) -> bool:
        """Whether AWS has taken a change of the step that is being worked on."""
        return any(
            event["event"] == "answer" and event["step"] == self.step and event["result"] == "committed"
            for event in self.events
        )

    def write(self, event: str, **values: Any) -> dict[str, Any]:
        """Add one event; it is whole and on disk when this returns.

        Raises:
            OSError: It is not on the disk: the caller must not do what the event announces.
        """
        entry = {"event": event, "at": event_time(), **values}
        if self.path is not None:
            line = json.dumps(self.hide(entry)) + "\n"  # ASCII: a kill never leaves half a character
            append_line(self.path, line.encode())
        self.events.append(entry)  # only now: what this process remembers is what a later run reads
        return entry


def step_of(event: Mapping[str, Any]) -> str:
    """Return the id of the step that an event is about.

    Journals of plan schema 1 have the sentence in its place, which distinguishes only the steps of one run.
    """
    return str(event.get("step") or event.get("sentence", ""))


def steps_done_under(runs: Iterable[Sequence[Event]], digest: str) -> frozenset[str] | None:
    """Return the ids of the steps that were done under an approval; None when no run has begun to apply.

    A step that a later apply no longer has was done in between, whatever the run that sent it could still write down.

    Args:
        runs: The events of each run, oldest run first.
        digest: The digest that was approved.
    """
    earlier_steps: set[str] = set()
    done: set[str] = set()
    intents: dict[object, str] = {}
    adopted: set[object] = set()
    is_known = False
    for events in runs:
        is_applying = False
        for event in events:
            name = event.get("event")
            if name == "apply":
                is_applying = event.get("digest") == digest
                if is_applying:
                    is_known, steps = True, set(_apply_steps(event))
                    done |= earlier_steps - steps
                    earlier_steps |= steps
            elif is_applying and name == "step" and event.get("result") in DONE_RESULTS:
                done.add(step_of(event))
            elif is_applying and name == "intent":
                intents[event.get("intent")] = step_of(event)
            if name == "settled" and event.get("result") == "adopted":
                adopted.add(event.get("intent"))
    done |= {step for intent, step in intents.items() if intent in adopted}
    return frozenset(done) if is_known else None


def _apply_steps(event: Event) -> Iterator[str]:
    steps = event.get("steps")
    return (
        (str(step.get("id", "")) for step in steps if isinstance(step, dict)) if isinstance(steps, list) else iter(())
    )


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a journal; a line that a kill cut short, or that is no object, is passed over."""
    if not path.is_file():
        return
    for line in path.read_bytes().split(b"\n"):  # splitlines would also split at characters within a name
        if event := object_in(line):
            yield event


def object_in(content: bytes | str) -> dict[str, Any]:
    """The object in a piece of JSON; empty for anything else, and for what readers of JSON read differently.

    That is a key that stands twice in one object, a number that is none or too large for one, and what is nested so as
    to break its readers.
    """
    try:
        value = json.loads(content, object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and _is_shallow(value) else {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; ValueError when a key stands in it twice: readers keep the first of the values, or the last."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return values


def _finite(text: str) -> float:
    """The number; ValueError for NaN, for infinity, and for what a reader would take for infinity."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is not a number")
    return number


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [part for inner in level for part in _parts(inner)]
        if not level:
            return True
    return False


def _parts(value: object) -> Collection[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
