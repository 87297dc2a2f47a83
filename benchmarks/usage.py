"""What a command uses: wall time, CPU time, and the most memory that any of its processes held.

The command runs below a small process of its own: Linux counts the memory of the process that starts a command, too.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Usage:
    """Seconds and megabytes."""

    seconds: float
    cpu: float
    megabytes: int
    code: int  # the exit code
    output: str


def measure(command: Sequence[object], *, folder: Path, environment: Mapping[str, str]) -> Usage:
    """Run a command to its end in a folder, with this environment and no other."""
    launcher = [sys.executable, "-I", "-S", __file__, *map(str, command)]
    done = subprocess.run(
        launcher,
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    output, _, last = done.stdout.rstrip().rpartition("\n")
    values: dict[str, Any] = json.loads(last)
    return Usage(**values, output=f"{output}\n{done.stderr}")


def own_peak_megabytes() -> float:
    """The most memory that this process has held since its program began."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1000  # Linux counts in kB


def main(command: Sequence[str]) -> None:
    """Print what the command prints, then its use as a line of JSON."""
    began = time.perf_counter()
    code = subprocess.call(command)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    numbers = {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "code": code}
    print(json.dumps({**numbers, "megabytes": used.ru_maxrss // 1000}))  # Linux counts in kB


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    main(sys.argv[1:])
