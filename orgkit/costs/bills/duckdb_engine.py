"""DuckDB reads a month of a data export where it lies: in less than a gigabyte of memory, however large it is."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orgkit.costs.bills.export_sql import CODE, COLUMNS, question
from orgkit.errors import InvalidExport, require_packages

MEMORY = "600MB"
FILES = "read_parquet($1, union_by_name = true, hive_partitioning = false)"
EXACT_SUM = "fsum(BilledCost)"  # Kahan's sum: as exact as the doubles are, at the price of a plain one


def ask(files: Sequence[Path]) -> list[tuple[Any, ...]]:
    """Rows as `export_sql.question` asks for them.

    ExtraMissing without DuckDB, InvalidExport for files that are no export.
    """
    require_packages('source = "duckdb"', "duckdb")
    import duckdb

    paths = [str(file) for file in files]
    with TemporaryDirectory(prefix="orgkit-") as spill, duckdb.connect() as engine:
        engine.execute(f"SET memory_limit = '{MEMORY}'")
        engine.execute("SET preserve_insertion_order = false")
        engine.execute("SET temp_directory = $1", [spill])
        try:
            existing_columns = {row[0] for row in engine.execute(f"DESCRIBE SELECT * FROM {FILES}", [paths]).fetchall()}  # noqa: S608
            if missing := [name for name in COLUMNS if name not in existing_columns]:
                raise InvalidExport(f"there is no column {', '.join(missing)}.", InvalidExport.remedy_for_columns)
            sql = question(FILES, EXACT_SUM, with_code=CODE in existing_columns)
            return engine.execute(sql, [paths]).fetchall()
        except duckdb.Error as error:
            raise InvalidExport(
                f"DuckDB cannot read {files[0]}: {str(error).splitlines()[0]}", InvalidExport.remedy_for_columns
            ) from None
