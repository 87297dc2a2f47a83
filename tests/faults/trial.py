"""One fault at one call, the runs after it, and everything that has to hold then."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from orgkit.journal.in_doubt import UNIQUE_CALL_PREFIXES
from orgkit.phases.descriptor import Phase as Descriptor
from orgkit.phases.registry import phase_of
from orgkit.sandbox.faults import KINDS, Incoming, no_faults
from orgkit.sandbox.world import world
from tests.faults.copies import HandIn
from tests.faults.journals import Journals
from tests.faults.phase import Ended, run
from tests.faults.state import state
from tests.faults.wire import Killed, Wire, quiet

RUNS = 4  # the first, and those that it may take to get done
LONGEST = 2 * 3600.0  # seconds of AWS's time that a run may wait: finalizing, and a busy hour
FORBIDDEN = ("Close", "Remove", "Delete", "Detach", "Leave", "Deregister", "Disable", "Stop")
SETTLED = ("committed", "refused")


def operations_of(phase: Descriptor) -> set[str]:
    """Return the operations of a phase that takes something away: it may do what no other phase may."""
    actions = {action for step in phase.steps for action in step.actions} if phase.takes_away else set[str]()
    return {action.partition(":")[2] for action in actions}


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

    @property
    def same(self) -> tuple[str, str, str]:
        """By which it is known again."""
        return self.account, self.service, self.operation


@dataclass(frozen=True)
class Reference:
    """What a phase without a fault comes to."""

    phase: str
    file: Path
    digest: str
    points: tuple[Point, ...]
    state: dict[str, Any]
    waiting: tuple[str, ...]


@dataclass
class Verdict:
    """How a trial ended, and what did not hold."""

    met: bool = True
    then: str = ""  # what the second fault met, if there was one
    runs: list[Ended] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Met:
    """What a trial is put through: a fault, and perhaps a second one, so many calls later."""

    fault: Fault
    then: tuple[int, Fault] | None = None


@dataclass
class Phase:
    """The phase under way: its first call, its journals, where it writes, and when its run began."""

    first: int
    journals: Journals
    folder: Path
    began: float


def point_of(call: Any, first: int) -> Point:
    """`first` is the number of the phase's first call."""
    return Point(call.sequence - first, call.service, call.operation, call.account, call.mutating)


def may_meet(call: Incoming, fault: Fault) -> bool:
    """Whether this fault can happen to this call at all."""
    kind = KINDS.get(fault.kind)
    return kind.happens_to(call.service, call.operation, call.mutating) if kind else True


class Trial:
    """Begins in a copy of this process, at the very call that meets the fault; the calls before it are done."""

    def __init__(self, wire: Wire, reference: Reference, phase: Phase, point: Point, met: Met, hand_in: HandIn) -> None:
        self.wire, self.reference, self.phase = wire, reference, phase
        self.point, self.fault, self.met = point, met.fault, met
        self.hand_in = hand_in
        self.verdict = Verdict()
        self._target = phase.first + point.number
        self._then = met.then
        wire.before, wire.after, wire.on_change = nothing, self._after, self._look_for_intent
        wire.application.injection.late_by_calls = met.fault.late_by
        wire.application.injection.choose = self._choose

    def end(self, ended: Ended) -> NoReturn:
        """Count the run that met the fault, run again until done, judge, and hand in the verdict."""
        try:
            self._count(ended)
            self.wire.application.injection.choose = no_faults
            while not self._is_done() and len(self.verdict.runs) < RUNS:
                self._run()
            self._once_more()
            self.verdict.bad += self._violations()
        except BaseException as error:  # a copy must not go on as if it were the whole
            self.verdict.bad.append(f"the trial failed: {type(error).__name__}: {error}")
        shutil.rmtree(self.phase.folder, ignore_errors=True)
        self.hand_in(self.verdict)

    def _choose(self, call: Incoming) -> str:
        here, number = call.number == self._target + 1, call.number - self._target - 1
        same = (call.account, call.service, call.operation) == self.point.same
        if here and not same:
            self.verdict.bad.append(f"call {self.point.number} is {call.operation}, not {self.point.operation}")
        if here or (self.fault.always and same):
            return self._kind(self.fault.kind)
        if self._then and number >= self._then[0] and may_meet(call, self._then[1]):
            then, self._then = self._then[1], None
            self.verdict.then = f"{then.name} at {call.operation}"
            return self._kind(then.kind)
        return ""

    def _kind(self, kind: str) -> str:
        if kind == "kill-before":
            self.wire.dead = True
            raise Killed
        return kind

    def _after(self, call: Any) -> None:
        """A read that cannot be stale, since nothing has changed, meets nothing: there is no more to try."""
        if call.sequence == self._target + 1 and not call.fault and call.status:
            shutil.rmtree(self.phase.folder, ignore_errors=True)
            self.hand_in(Verdict(met=False))

    def _run(self) -> None:
        self.wire.dead = False
        self.phase.began = world().clock.timestamp()
        with quiet():
            ended = run(self.reference.phase, self.reference.file, self.reference.digest)
        self._count(ended)

    def _count(self, ended: Ended) -> None:
        self.verdict.runs.append(ended)
        waited = world().clock.timestamp() - self.phase.began
        if waited > LONGEST:
            self.verdict.bad.append(f"I9: a run waited {waited:.0f} s")
        if ended.how == "traceback":
            self.verdict.bad.append(f"traceback: {ended.why}")

    def _is_done(self) -> bool:
        """An account whose owner could not be asked waits for its owner: that is an end, and not yet ours."""
        last = self.verdict.runs[-1]
        return last.how == "done" and last.waiting == self.reference.waiting

    def _once_more(self) -> None:
        """It changes nothing, and is done."""
        before = len(self.wire.calls)
        self._run()
        changed = [call.operation for call in self.wire.calls[before:] if call.mutating]
        if changed:
            self.verdict.bad.append(f"I10: a run more changed something: {changed}")
        if not self._is_done():
            self.verdict.bad.append(f"not done after {len(self.verdict.runs)} runs: {self.verdict.runs[-1]}")

    def _look_for_intent(self, call: Any) -> None:
        """I3 and I5: at the moment of every change its intent is on the disk, after an approval."""
        events = self.phase.journals.events()
        calls = Counter(event["call"] for event in events if event["event"] == "intent")
        seen = Counter(f"{each.service}:{each.operation}" for each in self._calls() if each.mutating)
        name = f"{call.service}:{call.operation}"
        if calls[name] < seen[name]:
            self.verdict.bad.append(f"I3: {name} had no intent before it")
        if not any(event["event"] == "apply" for event in events):
            self.verdict.bad.append(f"I5: {name} before anything was approved")

    def _calls(self) -> list[Any]:
        return self.wire.calls[self.phase.first :]

    def _violations(self) -> Iterator[str]:
        made = [call for call in self._calls() if call.mutating]
        if state() != self.reference.state:
            yield f"I1: AWS ended differently: {_difference(self.reference.state, state())}"
        yield from self._doubles(made)
        yield from self._unsettled()
        own = operations_of(phase_of(self.reference.phase))
        taken = (call.operation for call in made if call.operation.startswith(FORBIDDEN))
        yield from (f"I7: {operation}" for operation in taken if operation not in own)
        yield from self._canaries()
        yield from self._suspicions()

    def _doubles(self, made: list[Any]) -> Iterator[str]:
        """I2: nothing is made twice, and no account is asked for twice."""
        requests = Counter(
            (call.account, call.operation, str(sorted(_natural(call.parameters).items())))
            for call in made
            if call.operation.startswith(("Create", "Invite"))
            and call.service != "s3"
            and call.status in range(200, 300)
        )
        yield from (f"I2: {name} {times} times" for name, times in requests.items() if times > 1)
        for creation in world().state.get("creations", ()):
            if creation.failure:
                yield f"I2: a request to create {creation.email} failed: {creation.failure}"

    def _unsettled(self) -> Iterator[str]:
        """I4: every intent has an answer, or a later look settled it; and rightly so."""
        events = self.phase.journals.events()
        settled = {e["intent"]: e["result"] for e in events if e["event"] == "settled"}
        answered = {e["intent"]: e["result"] for e in events if e["event"] == "answer"}
        for event in events:
            if event["event"] != "intent" or answered.get(event["intent"]) in SETTLED:
                continue
            result = settled.get(event["intent"])
            if result is None:
                yield f"I4: nobody settled {event['call']} {event['key']} of: {event['step']}"
            elif self._belied(event, result):
                yield f"I4: {event['call']} {event['key']} was settled as {result}, and {self._truth()} is true"

    def _belied(self, event: Any, result: str) -> bool:
        """Compare with AWS what it makes only once: for that, it is known afterwards whether it was made."""
        once = event["call"].rpartition(":")[2].startswith(UNIQUE_CALL_PREFIXES)
        plain = self.point.mutating and not self.fault.always and not self.met.then
        return once and plain and result != self._truth()

    def _truth(self) -> str:
        call = self.wire.calls[self._target]
        done = call.status in range(200, 300) and self.fault.kind != "kill-before"
        return "adopted" if done else "not-committed"

    def _suspicions(self) -> Iterator[str]:
        """I11: whatever goes wrong, nobody else is suspected of what we did ourselves."""
        kinds = {self.fault.kind, self.met.then[1].kind if self.met.then else ""}
        if "concurrent-modification" not in kinds:
            signs = (event["what"] for event in self.phase.journals.events() if event["event"] == "sign")
            yield from (f"I11: {sign}" for sign in signs)

    def _canaries(self) -> Iterator[str]:
        """I8: no secret in any file."""
        config = Path(os.environ["AWS_CONFIG_FILE"]).read_text(encoding="utf-8")
        pairs = [line.split(" = ") for line in config.splitlines() if " = " in line]
        secrets = [value.encode() for name, value in pairs if "secret" in name or "token" in name]
        for path in self.phase.folder.rglob("*"):
            if path.is_file() and any(secret in path.read_bytes() for secret in secrets):
                yield f"I8: a secret is in {path.name}"


def nothing(call: Any = None) -> None:
    """Nobody looks."""


def _natural(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in ("CreationToken",)}


def _difference(one: Any, other: Any, path: str = "") -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        output = (_difference(one.get(key), other.get(key), f"{path}/{key}") for key in {**one, **other})
        return "; ".join(text for text in output if text)
    if isinstance(one, list) and isinstance(other, list):
        less, more = [x for x in one if x not in other], [x for x in other if x not in one]
        return f"{path}: missing {less}, unexpected {more}" if less or more or len(one) != len(other) else ""
    return "" if one == other else f"{path}: {other} instead of {one}"
