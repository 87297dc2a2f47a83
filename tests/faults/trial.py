"""One fault at one call, the run that meets it, the runs after it, and everything that has to hold then."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from orgkit.intents import MADE_ONCE
from orgkit.journal import read_events
from orgkit.sandbox.faults import Incoming, never
from orgkit.sandbox.world import world
from tests.faults.phase import Ended, run
from tests.faults.state import state
from tests.faults.wire import Killed, Wire, quiet

RUNS = 4  # the first, and those that it may take to get done
LONGEST = 2 * 3600.0  # seconds of AWS's time that a run may wait: finalizing, and a busy hour
FORBIDDEN = ("Close", "Remove", "Delete", "Leave", "Deregister", "Disable", "Stop")
SETTLED = ("committed", "refused")


@dataclass(frozen=True)
class Fault:
    """A column of the matrix: what the sandbox injects, and whether the call meets it for as long as the run lasts."""

    name: str
    kind: str
    always: bool = False
    late_by: int = 3
    reads: bool = True
    changes: bool = True


FAULTS = (
    Fault("throttled once", "throttling"),
    Fault("throttled always", "throttling", always=True),
    Fault("5xx once", "server-error"),
    Fault("5xx always", "server-error", always=True),
    Fault("5xx after commit", "server-error-after-commit", reads=False),
    Fault("reset before commit", "reset"),
    Fault("lost once", "lost-response"),
    Fault("lost always", "lost-response", always=True),
    Fault("empty 200 after commit", "empty-answer"),
    Fault("committed late, by one call", "late-commit", late_by=1, reads=False),
    Fault("committed late, by three calls", "late-commit", late_by=3, reads=False),
    Fault("killed before", "kill-before"),
    Fault("killed after", "kill-after"),
    Fault("token expired", "expired-token"),
    Fault("stale read", "stale-read", changes=False),
    Fault("concurrent modification", "concurrent-modification", reads=False),
)


@dataclass(frozen=True)
class Point:
    """A call of a phase's fault-free run."""

    number: int
    service: str
    operation: str
    account: str
    mutating: bool
    subject: str = ""


@dataclass(frozen=True)
class Reference:
    """What a phase without a fault comes to."""

    phase: str
    file: Path
    digest: str
    points: tuple[Point, ...]
    state: dict[str, Any]


@dataclass
class Verdict:
    """How a trial ended, and what did not hold."""

    met: bool = True
    runs: list[Ended] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


def point_of(call: Any, first: int) -> Point:
    return Point(call.sequence - first, call.service, call.operation, call.account, call.mutating)


class Trial:
    """Runs in a process of its own, which is a copy of one in which the earlier phases are done."""

    def __init__(self, wire: Wire, reference: Reference, folder: Path, *, thorough: bool) -> None:
        self.thorough = thorough  # else a first run that came to its end, where it verified itself, is believed
        self.wire = wire
        self.reference = reference
        self.folder = folder
        self.first = len(wire.calls)
        self.verdict = Verdict()
        wire.on_change = self._look_for_intent

    def meet(self, point: Point, fault: Fault) -> Verdict:
        """The whole trial."""
        injection = self.wire.application.injection
        injection.late_by = fault.late_by
        injection.choose = self._choice(point, fault)
        self._run()
        injection.choose = never
        met = any(call.fault or call.status == 0 for call in self.wire.calls[self.first :])
        if not met:
            return Verdict(met=False)
        while self.verdict.runs[-1].how != "done" and len(self.verdict.runs) < RUNS:
            self._run()
        if len(self.verdict.runs) > 1 or self.thorough:
            self._third()
        self.verdict.bad += self._violations(point, fault)
        return self.verdict

    def _choice(self, point: Point, fault: Fault) -> Any:
        same = (point.account, point.service, point.operation)
        target = self.first + point.number

        def choose(call: Incoming) -> str:
            here = call.number == target + 1
            if here and (call.account, call.service, call.operation) != same:
                self.verdict.bad.append(f"call {point.number} is {call.operation}, not {point.operation}")
            again = fault.always and call.number > target and (call.account, call.service, call.operation) == same
            if not (here or again):
                return ""
            if fault.kind == "kill-before":
                self.wire.dead = True
                raise Killed
            return fault.kind

        return choose

    def _run(self) -> None:
        self.wire.dead = False
        began = world().clock.timestamp()
        with quiet():
            ended = run(self.reference.phase, self.reference.file, self.reference.digest)
        self.verdict.runs.append(ended)
        waited = world().clock.timestamp() - began
        if waited > LONGEST:
            self.verdict.bad.append(f"I9: a run waited {waited:.0f} s")
        if ended.how == "traceback":
            self.verdict.bad.append(f"traceback: {ended.why}")

    def _third(self) -> None:
        """Once more: it changes nothing, and is done."""
        before = len(self.wire.calls)
        self._run()
        changed = [call.operation for call in self.wire.calls[before:] if call.mutating]
        if changed:
            self.verdict.bad.append(f"I10: a run more changed something: {changed}")
        if self.verdict.runs[-1].how != "done":
            self.verdict.bad.append(f"not done after {len(self.verdict.runs)} runs: {self.verdict.runs[-1]}")

    def _look_for_intent(self, call: Any) -> None:
        """I3 and I5: at the moment of every change its intent is on the disk, after an approval."""
        events = [event for events in self._journals() for event in events]
        calls = Counter(event["call"] for event in events if event["event"] == "intent")
        seen = Counter(f"{each.service}:{each.operation}" for each in self.wire.calls[self.first :] if each.mutating)
        name = f"{call.service}:{call.operation}"
        if calls[name] < seen[name]:
            self.verdict.bad.append(f"I3: {name} had no intent before it")
        if not any(event["event"] == "apply" for event in events):
            self.verdict.bad.append(f"I5: {name} before anything was approved")

    def _journals(self) -> Iterator[list[dict[str, Any]]]:
        for path in sorted(self.folder.glob("*/*/events.jsonl")):
            yield list(read_events(path))

    def _violations(self, point: Point, fault: Fault) -> Iterator[str]:
        made = [call for call in self.wire.calls[self.first :] if call.mutating]
        if state() != self.reference.state:
            yield f"I1: AWS ended differently: {_difference(self.reference.state, state())}"
        yield from self._doubles(made)
        yield from self._unsettled(point, fault)
        yield from (f"I7: {call.operation}" for call in made if call.operation.startswith(FORBIDDEN))
        yield from self._canaries()

    def _doubles(self, made: list[Any]) -> Iterator[str]:
        """I2: nothing is made twice, and no account is asked for twice."""
        asked = Counter(
            (call.account, call.operation, str(sorted(_natural(call.parameters).items())))
            for call in made
            if call.operation.startswith(("Create", "Invite"))
            and call.service != "s3"
            and call.status in range(200, 300)
        )
        yield from (f"I2: {name} {times} times" for name, times in asked.items() if times > 1)
        for creation in world().things.get("creations", ()):
            if creation.failure:
                yield f"I2: a request to create {creation.email} failed: {creation.failure}"

    def _unsettled(self, point: Point, fault: Fault) -> Iterator[str]:
        """I4: every intent has an answer, or a later look settled it; and rightly so."""
        events = [event for events in self._journals() for event in events]
        settled = {e["intent"]: e["result"] for e in events if e["event"] == "settled"}
        answered = {e["intent"]: e["result"] for e in events if e["event"] == "answer"}
        for event in events:
            if event["event"] != "intent" or answered.get(event["intent"]) in SETTLED:
                continue
            result = settled.get(event["intent"])
            if result is None:
                yield f"I4: nobody settled {event['call']} {event['key']}"
            elif self._belied(event, point, fault, result):
                truth = self._truth(point, fault)
                yield f"I4: {event['call']} {event['key']} was settled as {result}, and {truth} is true"

    def _belied(self, event: Any, point: Point, fault: Fault, result: str) -> bool:
        """Of what AWS makes only once, it can be told afterwards whether it was made."""
        once = event["call"].rpartition(":")[2].startswith(MADE_ONCE)
        return once and point.mutating and not fault.always and result != self._truth(point, fault)

    def _truth(self, point: Point, fault: Fault) -> str:
        call = self.wire.calls[self.first + point.number]
        done = call.status in range(200, 300) and fault.kind != "kill-before"
        return "adopted" if done else "not-committed"

    def _canaries(self) -> Iterator[str]:
        """I8: no secret in any file."""
        config = (Path(os.environ["AWS_CONFIG_FILE"])).read_text(encoding="utf-8")
        pairs = [line.split(" = ") for line in config.splitlines() if " = " in line]
        secrets = [value for name, value in pairs if "secret" in name or "token" in name]
        for path in self.folder.rglob("*"):
            if path.is_file() and any(secret in path.read_text(errors="replace") for secret in secrets):
                yield f"I8: a secret is in {path.name}"


def _natural(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in ("CreationToken",)}


def _difference(one: Any, other: Any, path: str = "") -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        told = (_difference(one.get(key), other.get(key), f"{path}/{key}") for key in {**one, **other})
        return "; ".join(text for text in told if text)
    if isinstance(one, list) and isinstance(other, list):
        less, more = [x for x in one if x not in other], [x for x in other if x not in one]
        return f"{path}: missing {less}, beside {more}" if less or more or len(one) != len(other) else ""
    return "" if one == other else f"{path}: {other} instead of {one}"


def own_folder(base: Path, source: Path) -> Path:
    """A copy of the outputs, for one trial alone."""
    folder = base / f"trial-{os.getpid()}-{datetime.now():%H%M%S%f}"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("aws"))
    os.environ["ORGKIT_OUTPUTS"] = str(folder)
    return folder
