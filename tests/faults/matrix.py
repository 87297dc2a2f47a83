"""Every call of every phase against every kind of fault: a process is copied for each, and comes to its own end."""

import os
import pickle
import re
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.parameters import load
from orgkit.phases import PHASES
from orgkit.rehearsal import seed_of
from tests.faults import wire as wires
from tests.faults.phase import run
from tests.faults.state import state
from tests.faults.trial import FAULTS, Fault, Point, Reference, Trial, Verdict, own_folder, point_of

SECONDS = 60  # of ours; a trial takes less than one
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Told:
    """One cell of the matrix."""

    phase: str
    point: Point
    fault: Fault
    verdict: Verdict


def in_a_copy(work: Callable[[], Any]) -> tuple[int, int]:
    """Start `work` in a copy of this process; its pid, and where its answer can be read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    signal.alarm(SECONDS)
    try:
        answer = pickle.dumps(work())
    except BaseException as error:  # the copy must not go on as if it were the whole
        answer = pickle.dumps(f"{type(error).__name__}: {error}")
    with os.fdopen(writing, "wb") as file:
        file.write(answer)
    os._exit(0)


def answer_of(pid: int, reading: int) -> Any:
    """What the copy came to."""
    with os.fdopen(reading, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return pickle.loads(answer) if answer else f"no answer after {SECONDS} s"


def all_at_once(works: Iterable[Callable[[], Any]], at_once: int) -> Iterator[Any]:
    """The answers in order, with so many copies at work."""
    waiting: list[tuple[int, int]] = []
    for work in works:
        if len(waiting) == at_once:
            yield answer_of(*waiting.pop(0))
        waiting.append(in_a_copy(work))
    for each in waiting:
        yield answer_of(*each)


class Matrix:
    """The whole bootstrap of one parameters file, phase by phase."""

    def __init__(self, file: Path, *, whole: bool, at_once: int = os.cpu_count() or 1) -> None:
        self.file = file
        self.whole = whole
        self.at_once = at_once
        self.calls = 0
        base = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="orgkit-faults-", dir=base))
        self.outputs = self.folder / "outputs"
        self.wire = wires.begin(seed_of(load(file)), self.outputs)
        os.environ.update(wires.settings(self.outputs))
        self._seen: set[tuple[str, str]] = set()

    def trials(self) -> Iterator[Told]:
        """Every cell, as its trial ends."""
        for phase in PHASES:
            digest = self._planned(phase.name)
            reference = answer_of(*in_a_copy(lambda name=phase.name, digest=digest: self._reference(name, digest)))
            assert isinstance(reference, Reference), reference
            self.calls += len(reference.points)
            cells = [(point, fault) for point in self._chosen(reference.points) for fault in _faults_for(point)]
            works = [lambda cell=cell, to=reference: self._try(to, *cell) for cell in cells]
            for cell, answer in zip(cells, all_at_once(works, self.at_once), strict=True):
                verdict = answer if isinstance(answer, Verdict) else Verdict(bad=[f"the trial failed: {answer}"])
                yield Told(phase.name, *cell, verdict)
            with wires.quiet():
                assert run(phase.name, self.file, digest).how == "done"

    def _planned(self, phase: str) -> str:
        """The digest of the phase's plan, which is kept; nothing when there is nothing to approve."""
        with wires.quiet():
            ended = run(phase, self.file)
        found = DIGEST.search(ended.why)
        return found.group() if ended.how == "AwaitingApproval" and found else ""

    def _reference(self, phase: str, digest: str) -> Reference:
        own_folder(self.folder, self.outputs)
        first = len(self.wire.calls)
        with wires.quiet():
            ended = run(phase, self.file, digest)
        assert ended.how == "done", ended
        points = tuple(point_of(call, first + 1) for call in self.wire.calls[first:])
        return Reference(phase, self.file, digest, points, state())

    def _chosen(self, points: Iterable[Point]) -> Iterator[Point]:
        """Every change, and of each read one; everything when all is wanted."""
        for point in points:
            name = (point.service, point.operation)
            if self.whole or point.mutating or name not in self._seen:
                self._seen.add(name)
                yield point

    def _try(self, reference: Reference, point: Point, fault: Fault) -> Verdict:
        return Trial(self.wire, reference, own_folder(self.folder, self.outputs), thorough=self.whole).meet(
            point, fault
        )


def _faults_for(point: Point) -> Iterator[Fault]:
    for fault in FAULTS:
        possible = fault.changes if point.mutating else fault.reads
        if possible and (fault.kind != "concurrent-modification" or point.service == "organizations"):
            yield fault
