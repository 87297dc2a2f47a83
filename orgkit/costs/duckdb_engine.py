"""DuckDB reads a month of a data export where it lies: in less than a gigabyte of memory, however large it is."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orgkit.costs.export_sql import CODE, COLUMNS, question
from orgkit.errors import NoEngine, OddExport

MEMORY = "600MB"
FILES = "read_parquet($1, union_by_name = true, hive_partitioning = false)"
EXACT = "fsum(BilledCost)"  # Kahan's sum: as exact as the doubles are, at the price of a plain one


def ask(files: Sequence[Path]) -> list[tuple[Any, ...]]:
    """Rows as `export_sql.question` asks for them.

    NoEngine without DuckDB, OddExport for files that are no export.
    """
    try:
        import duckdb
    except ImportError:
        raise NoEngine("Parquet exports are read by DuckDB, which is not installed.", NoEngine.exports) from None
    named = [str(file) for file in files]
    with TemporaryDirectory(prefix="orgkit-") as spill, duckdb.connect() as engine:
        engine.execute(f"SET memory_limit = '{MEMORY}'")
        engine.execute("SET preserve_insertion_order = false")
        engine.execute("SET temp_directory = $1", [spill])
        try:
            there = {row[0] for row in engine.execute(f"DESCRIBE SELECT * FROM {FILES}", [named]).fetchall()}  # noqa: S608
            if missing := [name for name in COLUMNS if name not in there]:
                raise OddExport(f"there is no column {', '.join(missing)}.", OddExport.columns)
            sql = question(FILES, EXACT, with_code=CODE in there)
            return engine.execute(sql, [named]).fetchall()
        except duckdb.Error as error:
            raise OddExport(f"DuckDB cannot read {files[0]}: {str(error).splitlines()[0]}", OddExport.columns) from None
