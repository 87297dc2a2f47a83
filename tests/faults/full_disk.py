"""python -m tests.faults.full_disk: a phase applied on a disk that fails at each of its writes and syncs."""

import argparse
import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orgkit.parameters import load
from orgkit.records.files import run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.notebook_result import read_stop
from orgkit.records.seal import complete, seal, seal_or_report
from orgkit.records.verify.verify import verify_all
from orgkit.rehearsal.bootstrap import seed_of
from tests.faults import wire as wires
from tests.faults.copies import Copies, HandIn, answer_of, in_a_copy
from tests.faults.journals import Journals
from tests.faults.matrix import DIGEST
from tests.faults.phase import Ended, run
from tests.faults.state import state

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"
OUTPUTS = Path("/proc/self/cwd/outputs")  # of each copy of the process its own
RUNS = 4  # after the one whose disk failed
SHORT, ONCE, FULL = "takes half of everything", "fails once", "is full from there on"


class Disk:
    """Counts the writes and syncs of files in the outputs, and lets one of them fail, or all from one on."""

    def __init__(self, mode: str = "", target: int = -1) -> None:
        self.mode, self.target = mode, target
        self.points: list[str] = []
        self._write, self._sync, self._open = os.write, os.fsync, os.open
        os.write, os.fsync, os.open = self.write, self.sync, self.open  # type: ignore[assignment]

    def repair(self) -> None:
        self.mode, self.target = "", -1

    @property
    def is_full(self) -> bool:
        return self.mode == FULL and len(self.points) > self.target

    def write(self, descriptor: int, content: Any) -> int:
        if not _is_ours(descriptor):
            return self._write(descriptor, content)
        self.points.append(f"write {_path(descriptor).name}")
        if self.mode == SHORT:
            return self._write(descriptor, content[: len(content) // 2 + 1])
        if self._fails():
            half = bytes(content[: len(content) // 2])
            return self._write(descriptor, half) if half and self._is_first() else self._refuse()
        return self._write(descriptor, content)

    def sync(self, descriptor: int) -> None:
        if _is_ours(descriptor):
            self.points.append(f"sync {_path(descriptor).name}")
            if self._fails():
                self._refuse()
        self._sync(descriptor)

    def open(self, path: Any, flags: int, *more: Any, **named: Any) -> int:
        if self.is_full and flags & os.O_CREAT and not Path(path).exists():
            self._refuse()
        return self._open(path, flags, *more, **named)

    def _fails(self) -> bool:
        """A failing write takes half before it refuses the rest."""
        number = len(self.points) - 1
        if self.mode == ONCE:
            return number == self.target or (number == self.target + 1 and self.points[-1] == self.points[-2])
        return self.mode == FULL and number >= self.target

    def _is_first(self) -> bool:
        return len(self.points) - 1 == self.target

    def _refuse(self) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _path(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def _is_ours(descriptor: int) -> bool:
    return f"{os.sep}outputs{os.sep}" in f"{_path(descriptor)}{os.sep}"


@dataclass
class Verdict:
    """How the command ended, and what did not hold."""

    code: int = 0
    bad: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Reference:
    """What the phase comes to on a disk that works."""

    points: tuple[str, ...]
    changes: int
    state: dict[str, Any]


class Sweep:
    """One phase of the example, after the phases before it."""

    def __init__(self, report: Callable[[Any, Any], None]) -> None:
        base = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="orgkit-disk-", dir=base))
        self.file = self.folder / EXAMPLE.name
        self.file.write_bytes(EXAMPLE.read_bytes())
        self.desired = load(self.file)
        self.wire = wires.begin(seed_of(self.desired), self.folder / "outputs")
        os.environ.update(wires.settings(self.folder / "outputs"))
        os.environ["ORGKIT_OUTPUTS"] = str(OUTPUTS)
        os.chdir(self.folder)
        self.place = OUTPUTS / self.desired.organization.management_account_id
        self.copies = Copies(os.cpu_count() or 1, report)

    def close(self) -> None:
        os.chdir("/")
        shutil.rmtree(self.folder)

    def planned(self, phase: str) -> str:
        with wires.quiet():
            ended = run(phase, self.file)
        output = DIGEST.search(ended.why)
        assert output, ended
        return output.group()

    def applied(self, phase: str) -> None:
        with wires.quiet():
            assert run(phase, self.file, self.planned(phase)).how == "done"

    def run(self, phase: str, *, whole: bool) -> Reference:
        """Every point of a phase, in a copy of this process for each."""
        digest = self.planned(phase)
        self.command(phase, digest, warm_up=True)
        reference = answer_of(*in_a_copy(lambda: self._reference(phase, digest)))
        assert isinstance(reference, Reference), reference
        for mode, number in _cells(reference.points, whole=whole):
            hand_in = self.copies.make((phase, mode, reference.points[number]))
            if hand_in is not None:
                self._trial(phase, digest, Disk(mode, number), reference, hand_in)
        self.copies.wait()
        return reference

    def command(self, phase: str, digest: str, *, warm_up: bool = False) -> int:
        """What `orgkit run` does: the runbook, then the record; its exit code. A full disk has no notebook either."""
        if warm_up:  # what is imported now need not be imported in each copy
            from orgkit.records import html

            html.body({})
            return 0
        earlier = run_folders(OUTPUTS, self.place.name)
        with wires.quiet():
            ended = run(phase, self.file, digest)
        folders = [folder for folder in run_folders(OUTPUTS, self.place.name) if folder not in earlier]
        if not folders:
            return ended.exit_code
        notebook = Path.cwd() / "executed.ipynb"
        notebook.write_text(json.dumps(_notebook(ended)))
        executed = None if isinstance(os.write.__self__, Disk) and os.write.__self__.is_full else notebook  # type: ignore[attr-defined]
        stop = None if ended.how == "done" else read_stop(ended.how, ended.why)
        return seal_or_report(folders[-1], executed, self.file, stop=stop).exit_code

    def _own_folder(self) -> Path:
        folder = self.folder / f"trial-{os.getpid()}"
        shutil.copytree(self.folder / "outputs", folder / "outputs", ignore=shutil.ignore_patterns("aws"))
        os.chdir(folder)
        return folder

    def _reference(self, phase: str, digest: str) -> Reference:
        self._own_folder()
        first, disk = len(self.wire.calls), Disk()
        code = self.command(phase, digest)
        assert code == 0, code
        changes = sum(call.mutating for call in self.wire.calls[first:])
        shutil.rmtree(Path.cwd())
        return Reference(tuple(disk.points), changes, state())

    def _trial(self, phase: str, digest: str, disk: Disk, reference: Reference, hand_in: HandIn) -> None:
        verdict, folder = Verdict(), self._own_folder()
        try:
            self._judge(phase, digest, disk, reference, verdict)
        except BaseException as error:  # a copy must not go on as if it were the whole
            verdict.bad.append(f"the trial failed: {type(error).__name__}: {error}")
        shutil.rmtree(folder, ignore_errors=True)
        hand_in(verdict)

    def _judge(self, phase: str, digest: str, disk: Disk, reference: Reference, verdict: Verdict) -> None:
        first, journals = len(self.wire.calls), Journals(OUTPUTS)
        self.wire.on_change = lambda call: verdict.bad.extend(self._lost_intent(call, first, journals))
        mode = disk.mode
        verdict.code = self.command(phase, digest)
        disk.repair()
        changes = [call for call in self.wire.calls[first:] if call.mutating]
        verdict.bad += self._wrong_code(verdict.code, len(changes), reference, mode)
        self._seal_later(verdict)
        codes = [verdict.code]
        while codes[-1] != 0 and len(codes) <= RUNS:
            codes.append(self.command(phase, digest))
        if codes[-1] != 0:
            verdict.bad.append(f"exit codes {codes}: never done")
        if state() != reference.state:
            verdict.bad.append("AWS ended differently")

    def _lost_intent(self, call: Any, first: int, journals: Journals) -> Iterator[str]:
        """At the moment of each change, a whole intent for it is on the disk."""
        name = f"{call.service}:{call.operation}"
        sent = sum(f"{each.service}:{each.operation}" == name for each in self.wire.calls[first:] if each.mutating)
        intents = sum(event["event"] == "intent" and event["call"] == name for event in journals.events())
        if intents < sent:
            yield f"lost intent: {name}"

    def _wrong_code(self, code: int, changes: int, reference: Reference, mode: str) -> Iterator[str]:
        """By what was sent, and by the sealed outcome."""
        folder = run_folders(OUTPUTS, self.place.name)[-1]
        manifest = folder / MANIFEST
        if changes and code not in (0, 5, 7):
            yield f"wrong exit code: {code} after {changes} change(s)"
        if code == 0 and not (manifest.exists() and changes == reference.changes and state() == reference.state):
            yield "wrong exit code: 0, and it is not done or not sealed"
        if manifest.exists() and changes and json.loads(manifest.read_bytes())["exit_code"] != code:
            yield f"wrong exit code: {code} is not the sealed one"
        if mode == SHORT and code != 0:
            yield f"wrong exit code: {code}, though every write was completed"

    def _seal_later(self, verdict: Verdict) -> None:
        """As a person does when the disk has space again."""
        for folder in run_folders(OUTPUTS, self.place.name):
            if (folder / "events.jsonl").exists() and not _is_linked(folder) and complete(folder) is None:
                seal(folder)
        verdict.bad += [f"{fault.where} {fault.file}: {fault.sentence}" for fault in verify_all(self.place).faults]


def _cells(points: tuple[str, ...], *, whole: bool) -> Iterator[tuple[str, int]]:
    """At each write the disk is full from there on, at each sync it fails once; `whole` is both for both."""
    yield SHORT, 0
    for number, point in enumerate(points):
        yield from ((mode, number) for mode in (ONCE, FULL) if whole or (mode == FULL) == point.startswith("write"))


def _is_linked(folder: Path) -> bool:
    index = folder.parent / "index.jsonl"
    return index.exists() and folder.name in index.read_text()


def _notebook(ended: Ended) -> dict[str, Any]:
    error = {"output_type": "error", "ename": ended.how, "evalue": ended.why, "traceback": []}
    outputs = [] if ended.how == "done" else [error]
    cell = {"cell_type": "code", "source": "run()", "execution_count": 1, "metadata": {}, "outputs": outputs}
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}


def main() -> int:
    """0 when nothing was bad."""
    parser = argparse.ArgumentParser(prog="tests.faults.full_disk", description=__doc__)
    parser.add_argument("--phase", default="units")
    parser.add_argument("--whole", action="store_true", help="both kinds of failure at every point")
    parser.add_argument("--unchecked", action="store_true", help="trust os.write, to see that this is noticed")
    arguments = parser.parse_args()
    verdicts: list[tuple[Any, Any]] = []
    sweep = Sweep(lambda label, answer: verdicts.append((label, answer)))
    if arguments.unchecked:
        _believe_os_write()
    try:
        sweep.applied("organization")
        reference = sweep.run(arguments.phase, whole=arguments.whole)
    finally:
        sweep.close()
    bad = [(label, v.bad if isinstance(v, Verdict) else [v]) for label, v in verdicts]
    for label, lines in bad:
        for line in lines:
            print(f"BAD {' '.join(label)}: {line}")
    every_line = [line for _, lines in bad for line in lines]
    lost = sum(line.startswith("lost intent") for line in every_line)
    wrong = sum(line.startswith("wrong exit code") for line in every_line)
    print(f"{len(reference.points)} points, {len(verdicts)} trials, {len(every_line)} bad: "
          f"lost intents {lost}, wrong exit codes {wrong}")  # fmt: skip
    return 1 if every_line else 0


def _believe_os_write() -> None:
    from orgkit.journal import file_writes

    def write_all(descriptor: int, content: bytes, *, sync: bool = True) -> None:
        os.write(descriptor, content)

    file_writes.write_all = write_all


if __name__ == "__main__":
    sys.exit(main())
