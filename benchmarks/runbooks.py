"""How long seven runbooks take, against seven plain papermill runs of a notebook that only imports boto3 and pandas.

Both run in this process, in turn, so that a busy machine slows both. The plain runs use papermill's defaults: a cold
kernel each, one after the other. `orgkit run` executes the seven runbooks and prints how long they took:

    python benchmarks/runbooks.py [ROUNDS]
"""

import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RUNS = 7
AT_MOST = 1.6


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
    example = Path(__file__).parents[1] / "parameters" / "example.toml"
    done = rehearse(example, on_phase=lambda *_: times.append(time.perf_counter()))
    if done.exit_code not in (0, 8):
        raise SystemExit(f"the rehearsal ended with {done.exit_code}: {[p.result.reasons for p in done.phases]}")
    return times[-1] - times[0]


if __name__ == "__main__":
    measured = measure(rehearsal, int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print(measured)
    sys.exit(measured.ratio > AT_MOST)
