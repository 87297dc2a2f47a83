"""How long seven runbooks take, against seven plain papermill runs of a notebook that only imports boto3 and pandas.

    python -m benchmarks.runbooks [ROUNDS] [--write]

Both run in this process, in turn. The plain runs use papermill's defaults: a cold kernel each, one after the other. The
CPU time of one `orgkit run` of phase 02, and of commands that call nothing, is measured in addition.
"""

import argparse
import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import as_section, report_goal, write_section
from benchmarks.usage import Usage
from benchmarks.usage import measure as measure_command

RUNS = 7
AT_MOST = 1.3
RUN_CPU_SECONDS = 2.0  # of `orgkit run` of phase 02
START_CPU_SECONDS = {"--help": 0.16, "check": 0.28}
TRIES = 5  # the least of them counts: whatever else runs makes it longer, never shorter
ORGKIT = Path(sys.executable).parent / "orgkit"
EXAMPLE = Path(__file__).parents[1] / "parameters" / "example.toml"


@dataclass(frozen=True)
class Measured:
    """Seconds of each round, and how many times as long the runbooks took; the median round counts."""

    plain: tuple[float, ...]
    runbooks: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return statistics.median(ours / theirs for ours, theirs in zip(self.runbooks, self.plain, strict=True))

    def __str__(self) -> str:
        rows = [
            f"plain {theirs:6.2f} s   runbooks {ours:6.2f} s"
            for ours, theirs in zip(self.runbooks, self.plain, strict=True)
        ]
        return "\n".join([*rows, f"ratio {self.ratio:.2f} (goal {AT_MOST})"])


def measure(run_all: Callable[[], float], rounds: int = 3) -> Measured:
    """Measure in turn; `run_all` runs the seven runbooks and returns the seconds that they took."""
    plain_papermill(1)  # the first run imports papermill: no part of either
    pairs = [(plain_papermill(), run_all()) for _ in range(rounds)]
    return Measured(tuple(p for p, _ in pairs), tuple(r for _, r in pairs))


def plain_papermill(runs: int = RUNS) -> float:
    """Seconds for so many notebooks that only import, executed by papermill as it comes."""
    import nbformat
    import papermill

    logging.getLogger("papermill").addHandler(logging.NullHandler())
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cell = nbformat.v4.new_code_cell("import boto3\nimport pandas")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = Path(folder) / "plain.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel}), source)
        started = time.perf_counter()
        for number in range(runs):
            papermill.execute_notebook(source, Path(folder) / f"{number}.ipynb", progress_bar=False)
        return time.perf_counter() - started


def rehearsal() -> float:
    """The seven runbooks on a sandbox: from the first phase's start to the last one's end."""
    from orgkit.rehearsal.bootstrap import rehearse

    times: list[float] = []
    done = rehearse(EXAMPLE, on_phase=lambda *_: times.append(time.perf_counter()))
    if done.exit_code not in (0, 8):
        raise SystemExit(f"the rehearsal ended with {done.exit_code}: {[p.result.reasons for p in done.phases]}")
    return times[-1] - times[0]


def run_of_units() -> Usage:
    """One `orgkit run` of phase 02 with its approval, and its kernel, on a sandbox that runs already."""
    from orgkit.parameters import load
    from orgkit.rehearsal.setup import seed_of
    from orgkit.sandbox.lifecycle import start

    with tempfile.TemporaryDirectory(prefix="orgkit-benchmark-") as name:
        file = Path(name) / "parameters" / "example.toml"
        file.parent.mkdir()
        shutil.copy(EXAMPLE, file)
        with start(seed_of(load(file)), Path(name) / "sandbox", real_time=False) as sandbox:
            settings = {"PATH": os.environ["PATH"], "HOME": name, "LANG": "C.UTF-8", **sandbox.environment()}
            for phase in ("01", "02"):
                plan = subprocess.run(
                    [ORGKIT, "plan", file, phase, "--json"], env=settings, cwd=name, capture_output=True, check=False
                )
                (planned,) = json.loads(plan.stdout)["plans"]
                command = [ORGKIT, "run", file, phase, "--approved-plan", planned["digest"], "--approver", "benchmark"]
                used = measure_command(command, folder=Path(name), environment=settings)
                if used.code:
                    raise SystemExit(f"orgkit run {phase} ended with {used.code}:\n{used.output}")
    return used


def start_of(*arguments: object) -> float:
    """The CPU seconds of a command that calls nothing."""
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    uses = [measure_command([ORGKIT, *arguments], folder=EXAMPLE.parent, environment=environment) for _ in range(TRIES)]
    return min(used.cpu for used in uses)


def check_goals(measured: Measured, run_cpu: float, starts: dict[str, float]) -> list[str]:
    """Each goal, and whether it was met."""
    return [
        report_goal("seven runbooks, as a multiple of seven plain papermill runs", measured.ratio, AT_MOST, ".2f"),
        report_goal("CPU seconds of `orgkit run` of phase 02", run_cpu, RUN_CPU_SECONDS, ".2f"),
        *(
            report_goal(f"CPU seconds of `orgkit {name}`", seconds, START_CPU_SECONDS[name], ".2f")
            for name, seconds in starts.items()
        ),
    ]


def as_markdown(measured: Measured, run_cpu: float, starts: dict[str, float], command: str) -> str:
    """The section of the page."""
    rows = [
        f"| {number} | {theirs:.1f} | {ours:.1f} | {ours / theirs:.2f} |"
        for number, (theirs, ours) in enumerate(zip(measured.plain, measured.runbooks, strict=True), 1)
    ]
    head = "| round | plain papermill s | runbooks s | ratio |\n" + "|---" * 4 + "|"
    goals = check_goals(measured, run_cpu, starts)
    return as_section([head, *rows, "", "The median of the ratios counts."], goals, command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write where asked to; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    options = parser.parse_args(arguments)
    measured = measure(rehearsal, options.rounds)
    run_cpu = min(run_of_units().cpu for _ in range(options.rounds))
    starts = {"--help": start_of("--help"), "check": start_of("check", EXAMPLE)}
    section = as_markdown(measured, run_cpu, starts, f"python -m benchmarks.runbooks {options.rounds}")
    print(section)
    if options.write:
        write_section("runbooks", section)
    return int(any(goal.endswith("MISSED") for goal in check_goals(measured, run_cpu, starts)))


if __name__ == "__main__":
    sys.exit(main())
