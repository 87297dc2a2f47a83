"""python -m tests.faults: the fault matrix, with what came of it."""

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

from tests.faults.matrix import Matrix

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"


def main() -> int:
    """Run it, tell each bad trial at once, and the numbers at the end."""
    parser = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--whole", action="store_true", help="every read, not one of each operation")
    parser.add_argument("--phase", default="", help="only this one's trials are told")
    chosen = parser.parse_args()
    started, matrix = time.monotonic(), Matrix(chosen.file, whole=chosen.whole)
    kinds: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    runs: Counter[int] = Counter()
    for told in matrix.trials():
        if not told.verdict.met:
            continue
        kinds[told.fault.name] += 1
        runs[len(told.verdict.runs) - 1] += 1
        if told.verdict.bad:
            bad[told.fault.name] += 1
            ends = ", ".join(run.how for run in told.verdict.runs)
            print(f"BAD {told.phase} {told.point.number} {told.point.operation} {told.fault.name} [{ends}]")
            print("".join(f"    {each}\n" for each in told.verdict.bad[:4]), end="", flush=True)
    for name, count in kinds.items():
        print(f"{name:32} {count:5} trials {bad[name]:4} bad")
    print(f"runs until done: {dict(sorted(runs.items()))}")
    cpu = os.times()
    print(f"CPU: {cpu.user + cpu.system:.0f} s here, {cpu.children_user + cpu.children_system:.0f} s in the trials")
    print(
        f"{matrix.calls} calls, {len(kinds)} kinds, {kinds.total()} trials, {bad.total()} bad, "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
