"""python -m tests.faults: the fault matrix, with its results."""

import argparse
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.faults.copies import answer_of, in_a_copy
from tests.faults.matrix import (
    ROAD,
    CellResult,
    Chosen,
    Matrix,
    every_change,
    every_operation,
    everything,
    only,
    only_kind,
    pairs,
)
from tests.faults.mutants import MUTANTS

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"


class Tally:
    """Prints each failed trial at once, and the totals at the end."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.bad: Counter[str] = Counter()
        self.runs: Counter[int] = Counter()
        self._out = sys.stdout  # whatever it is while a phase runs

    def count(self, output: CellResult) -> None:
        verdict, name = output.verdict, output.met.fault.name
        if not verdict.met:
            return
        self.kinds[name] += 1
        self.runs[len(verdict.runs)] += 1
        if verdict.bad:
            self.bad[name] += 1
            ends = ", ".join(run.how for run in verdict.runs)
            then = f", then {verdict.then}" if verdict.then else ""
            lines = [f"BAD {output.phase} {output.point.number} {output.point.operation} {name}{then} [{ends}]"]
            lines += [f"    {each}" for each in verdict.bad[:4]]
            print("\n".join(lines), file=self._out, flush=True)

    def tell(self) -> None:
        for name, count in self.kinds.items():
            print(f"  {name:32} {count:5} trials {self.bad[name]:4} bad")
        print(f"  runs in a trial: {', '.join(f'{runs}: {times}' for runs, times in sorted(self.runs.items()))}")


def _chosen(requests: argparse.Namespace) -> Chosen:
    if requests.pairs:
        return pairs(requests.pairs, requests.seed)
    if requests.whole:
        return everything
    return every_change() if requests.every_change else every_operation(requests.seed)


def _run_mutants(matrix: Matrix, chosen: Chosen, last: str) -> None:
    """The last phase once for each mutant, in copies of this process that share the phases before it."""
    phases = [phase.label for phase in ROAD]
    matrix.run(lambda *_: iter(()), phases[phases.index(last) - 1])
    for name, break_library in MUTANTS.items():

        def run_mutant(break_library: Callable[[], None] = break_library) -> bool:
            break_library()
            matrix.run(chosen, last, first=last)
            sys.stdout.flush()
            return True

        print(f"mutant {name}", flush=True)
        answer = answer_of(*in_a_copy(run_mutant))
        assert answer is True, answer


def main() -> int:
    """0 when nothing was bad."""
    parser = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--every-change", action="store_true", help="every kind at every change, not at each operation")
    parser.add_argument("--whole", action="store_true", help="every kind at every change and at every read")
    parser.add_argument("--pairs", type=int, metavar="N", help="N pairs of faults in each phase instead")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000), help="by which cells are drawn")
    parser.add_argument("--only", metavar="OPERATION", help="only the calls of one operation")
    parser.add_argument("--kind", metavar="FAULT", help="only one kind of fault, by the name that the table has")
    parser.add_argument("--last", metavar="PHASE", default=ROAD[-1].label, help="end after this phase")
    parser.add_argument("--mutants", action="store_true", help="break the library in each way, to see the matrix bite")
    requests = parser.parse_args()
    chosen = _chosen(requests)
    chosen = only(requests.only, chosen) if requests.only else chosen
    chosen = only_kind(requests.kind, chosen) if requests.kind else chosen
    started, tally = time.monotonic(), Tally()
    if requests.pairs:
        again = f"--pairs {requests.pairs} --seed {requests.seed}"
        print(f"{requests.pairs} pairs of faults in each phase. The same ones again: {again}")
    elif not requests.whole and not requests.every_change:
        print(f"The same cells again: --seed {requests.seed}")
    matrix = Matrix(requests.file.absolute(), report=tally.count)
    if requests.mutants:
        _run_mutants(matrix, chosen, requests.last)
    else:
        matrix.run(chosen, requests.last)
        if requests.last == ROAD[-1].label:
            matrix.run_renames(chosen)
            matrix.run_offboarding(chosen)
    matrix.close()
    tally.tell()
    cpu, trials, bad = os.times(), tally.kinds.total(), tally.bad.total()
    print(f"  {cpu.children_user + cpu.children_system + cpu.user + cpu.system:.0f} s of processors' time")
    print(
        f"{matrix.calls} calls, {len(tally.kinds)} kinds of fault, {trials} trials, {bad} bad, "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
