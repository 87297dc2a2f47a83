"""How fast and in how much memory a large data export is read: `python -m benchmarks.bills [ROWS]`.

Three ways are measured: orgkit, a plain DuckDB query for the same groups (bare), and pandas file by file. Each runs in
its own process, on the same files, one after the other. Only the ratios of one run are meaningful.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

ROWS = 100_000_000
ACCOUNTS, SERVICES, FILES = 400, 120, 20
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # GB; Linux counts in kB
    print(json.dumps({"seconds": seconds, "gb": peak, "groups": groups, "total": total}))


def main(rows: int) -> int:
    """Make the export, measure each way in turn, print the best of each; 1 when orgkit is too slow or too large."""
    from tests.costs.focus import write_export

    with TemporaryDirectory(prefix="orgkit-benchmark-") as place:
        folder = Path(place)
        started = time.perf_counter()
        files = write_export(folder / PERIOD, rows, accounts=ACCOUNTS, services=SERVICES, files=FILES)
        size = sum(file.stat().st_size for file in files) / 1e9
        print(f"{rows:,} rows in {FILES} files, {size:.1f} GB, made in {time.perf_counter() - started:.0f} s\n")
        told: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for number in range(ROUNDS):
            for way in WAYS if not number else ("orgkit", "duckdb"):
                told[way].append(_run(way, folder))
    print(f"{'way':<8} {'seconds':>8} {'ratio':>6} {'GB':>6} {'groups':>8} {'sum':>16}")
    best = {way: min(found, key=lambda each: each["seconds"]) for way, found in told.items()}
    for way, found in best.items():
        ratio, peak = found["seconds"] / best["duckdb"]["seconds"], max(each["gb"] for each in told[way])
        counted = f"{found['groups']:>8.0f} {found['total']:>16.4f}"
        print(f"{way:<8} {found['seconds']:>8.1f} {ratio:>6.2f} {peak:>6.2f} {counted}")
    slow = best["orgkit"]["seconds"] > 1.5 * best["duckdb"]["seconds"]
    large = max(each["gb"] for each in told["orgkit"]) >= 1
    print("\norgkit: at most 1.5 times the bare query and under 1 GB:", "no" if slow or large else "yes")
    return int(slow or large)


def _run(way: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bills", way, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
        sys.exit(0)
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
