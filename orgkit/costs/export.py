"""Tables as files: CSV and Excel that a spreadsheet does not run, and Parquet."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from orgkit.errors import NoWriter
from orgkit.spreadsheet import as_csv, cell

if TYPE_CHECKING:
    import pandas as pd


def to_csv(table: "pd.DataFrame", path: Path) -> None:
    """Every digit of every amount; text that would be a formula is preceded by an apostrophe."""
    records = table.astype(object).where(table.notna(), None).to_dict(orient="records")
    rows = ({str(name): value for name, value in row.items()} for row in records)
    path.write_text(as_csv([str(name) for name in table.columns], rows), encoding="utf-8", newline="")


def to_parquet(table: "pd.DataFrame", path: Path) -> None:
    """Amounts as decimals; NoWriter without pyarrow."""
    try:
        table.to_parquet(path, index=False)
    except ImportError:
        raise NoWriter("Parquet is written by pyarrow, which is not installed.", NoWriter.exports) from None


def to_excel(table: "pd.DataFrame", path: Path) -> None:
    """One sheet; NoWriter without openpyxl."""
    safe = table.map(cell).rename(columns=lambda name: cell(str(name)))
    try:
        safe.to_excel(path, index=False, sheet_name="costs")
    except ImportError:
        raise NoWriter("Excel files are written by openpyxl, which is not installed.", NoWriter.openpyxl) from None


WRITERS: dict[str, Callable[["pd.DataFrame", Path], None]] = {
    ".csv": to_csv,
    ".parquet": to_parquet,
    ".xlsx": to_excel,
}


def write(table: "pd.DataFrame", path: Path) -> None:
    """As the name's ending says; NoWriter for an ending that is none of them."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise NoWriter(f"{path.name} does not end in {', '.join(WRITERS)}.", "give it one of these endings.")
    try:
        writer(table, path)
    except OSError as error:
        raise NoWriter(f"{path} cannot be written: {error.strerror}", "name a place that can be written.") from None
