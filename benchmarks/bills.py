"""How fast and in how much memory a large data export is read: `python -m benchmarks.bills [ROWS] [--write]`.

Three ways are measured: orgkit, a plain DuckDB query for the same groups (bare), and pandas file by file. Each runs in
its own process, on the same files, one after the other. Only the ratios of one run are meaningful. What each way takes
for a small export of the same accounts and services is subtracted: imports, a look at each file, and each group.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from benchmarks.report import as_section, report_goal, write_section
from benchmarks.usage import own_peak_megabytes

ROWS, ROWS_OF_A_GROUP = 10_000_000, 4
MAX_RATIO = 1.5
ACCOUNTS, SERVICES, FILES = 400, 120, 20
SMALL_ROWS = ROWS_OF_A_GROUP * ACCOUNTS * SERVICES
ROUNDS = 3
PERIOD = "data/BILLING_PERIOD=2026-10"
KEYS = ["SubAccountId", "x_ServiceCode", "ServiceName", "ChargeCategory", "BillingCurrency"]
AMOUNTS = ["BilledCost", "ListCost"]


def by_orgkit(folder: Path) -> tuple[int, float]:
    """What `orgkit costs` does."""
    from orgkit.aws.clock import clock_of
    from orgkit.costs.bills.exports_aws import ExportedBills
    from orgkit.costs.bills.month import Month

    aws = SimpleNamespace(clock=clock_of(), endpoint=None)
    bill = ExportedBills(aws, ".", folder).bill(Month(2026, 10))  # type: ignore[arg-type]
    return len(bill.rows), float(bill.net)


def by_duckdb(folder: Path) -> tuple[int, float]:
    """The same groups with nothing around it."""
    import duckdb

    sql = f"SELECT {', '.join(KEYS)}, sum(ListCost), sum(BilledCost) FROM '{folder}/{PERIOD}/*.parquet' GROUP BY ALL"
    rows = duckdb.sql(sql).fetchall()
    return len(rows), sum(row[-1] for row in rows)


def by_pandas(folder: Path) -> tuple[int, float]:
    """File by file, since all at once would need some twenty gigabytes."""
    import pandas as pd

    parts = [
        pd.read_parquet(file, columns=[*KEYS, *AMOUNTS]).groupby(KEYS, as_index=False)[AMOUNTS].sum()
        for file in sorted((folder / PERIOD).glob("*.parquet"))
    ]
    whole = pd.concat(parts).groupby(KEYS)[AMOUNTS].sum()
    return len(whole), float(whole.BilledCost.sum())


WAYS: dict[str, Callable[[Path], tuple[int, float]]] = {"orgkit": by_orgkit, "duckdb": by_duckdb, "pandas": by_pandas}


def measure(way: str, folder: Path) -> None:
    """In a process of its own: seconds, peak memory, groups and sum, as JSON."""
    started = time.perf_counter()
    groups, total = WAYS[way](folder)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "gb": own_peak_megabytes() / 1000, "groups": groups, "total": total}))


@dataclass(frozen=True)
class Result:
    """One way: seconds for the whole export and for a small one in as many files, and the most gigabytes."""

    way: str
    seconds: float
    fixed: float
    gigabytes: float
    groups: float
    total: float

    @property
    def reading(self) -> float:
        """Seconds that grow with the export."""
        return self.seconds - self.fixed


def run(rows: int) -> list[Result]:
    """Make both exports, and measure each way in turn; the best of its rounds counts."""
    from tests.costs.focus import write_export

    with TemporaryDirectory(prefix="orgkit-benchmark-") as place:
        small, large = Path(place) / "small", Path(place) / "large"
        write_export(small / PERIOD, SMALL_ROWS, accounts=ACCOUNTS, services=SERVICES, files=FILES)
        started = time.perf_counter()
        files = write_export(large / PERIOD, rows, accounts=ACCOUNTS, services=SERVICES, files=FILES)
        size = sum(file.stat().st_size for file in files) / 1e9
        print(f"{rows:,} rows in {FILES} files, {size:.1f} GB, made in {time.perf_counter() - started:.0f} s\n")
        measured: dict[tuple[str, Path], list[dict[str, float]]] = {(w, f): [] for w in WAYS for f in (small, large)}
        for number in range(ROUNDS):
            for (way, folder), runs in measured.items():
                if not number or way != "pandas":
                    runs.append(_run(way, folder))
        return [_result(way, measured[way, large], measured[way, small]) for way in WAYS]


def _result(way: str, runs: Sequence[dict[str, float]], small: Sequence[dict[str, float]]) -> Result:
    best = min(runs, key=lambda each: each["seconds"])
    fixed = min(each["seconds"] for each in small)
    return Result(way, best["seconds"], fixed, max(each["gb"] for each in runs), best["groups"], best["total"])


def check_goals(results: Sequence[Result]) -> list[str]:
    """Each goal, and whether it was met."""
    by_way = {result.way: result for result in results}
    ratio = by_way["orgkit"].reading / by_way["duckdb"].reading
    return [
        report_goal("without what is fixed, orgkit as a multiple of the bare query", ratio, MAX_RATIO, ".2f"),
        report_goal("memory of orgkit in GB", by_way["orgkit"].gigabytes, 1, ".2f"),
    ]


def as_markdown(rows: int, results: Sequence[Result], command: str) -> str:
    """The section of the page."""
    bare = next(result for result in results if result.way == "duckdb")
    lines = [
        f"| {each.way} | {each.seconds:.1f} | {each.fixed:.2f} | {each.reading / bare.reading:.2f} | "
        f"{each.gigabytes:.2f} |"
        for each in results
    ]
    head = "| way | s | fixed s | reading, as a multiple of bare DuckDB | GB |\n" + "|---" * 5 + "|"
    what = f"{rows:,} rows in {FILES} files. Seconds = fixed + reading; fixed is what {SMALL_ROWS:,} rows take."
    return as_section([what, "", head, *lines], check_goals(results), command)


def _run(way: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bills", "--way", way, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write where asked to; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int, nargs="?", default=ROWS)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--way", choices=list(WAYS), help="measure this way alone, in this process")
    parser.add_argument("--folder", type=Path, help="with the export for --way")
    options = parser.parse_args(arguments)
    if options.way:
        measure(options.way, options.folder)
        return 0
    results = run(options.rows)
    section = as_markdown(options.rows, results, f"python -m benchmarks.bills {options.rows}")
    print(section)
    if options.write:
        write_section("bills", section)
    return int(any(goal.endswith("MISSED") for goal in check_goals(results)))


if __name__ == "__main__":
    sys.exit(main())
