"""Tables as files: CSV and Excel without text that a spreadsheet would run as a formula, and Parquet."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from orgkit.errors import UnsupportedFormat
from orgkit.journal.file_writes import rewrite_file
from orgkit.sanitize.csv import as_csv, cell

if TYPE_CHECKING:
    import pandas as pd


def to_csv(table: "pd.DataFrame", path: Path) -> None:
    """Every digit of every amount; text that would be a formula is preceded by an apostrophe."""
    records = table.astype(object).where(table.notna(), None).to_dict(orient="records")
    rows = ({str(name): value for name, value in row.items()} for row in records)
    text = as_csv([str(name) for name in table.columns], rows)
    rewrite_file(path, text.encode())


def to_parquet(table: "pd.DataFrame", path: Path) -> None:
    """Amounts as decimals; by pyarrow."""
    table.to_parquet(path, index=False)


def to_excel(table: "pd.DataFrame", path: Path) -> None:
    """One sheet; by openpyxl."""
    safe = table.map(cell).rename(columns=lambda name: cell(str(name)))
    safe.to_excel(path, index=False, sheet_name="costs")


WRITERS: dict[str, Callable[["pd.DataFrame", Path], None]] = {
    ".csv": to_csv,
    ".parquet": to_parquet,
    ".xlsx": to_excel,
}


LIBRARIES = {
    ".parquet": ("pyarrow", UnsupportedFormat.remedy_for_parquet),
    ".xlsx": ("openpyxl", UnsupportedFormat.remedy_for_excel),
}


def check(path: Path) -> None:
    """Raise UnsupportedFormat for a file that could not be written, before anything is paid for its content."""
    ending, folder = path.suffix.lower(), path.absolute().parent
    if ending not in WRITERS:
        raise UnsupportedFormat(f"{path.name} does not end in {', '.join(WRITERS)}.", "give it one of these endings.")
    library, install = LIBRARIES.get(ending, ("", ""))
    if library and find_spec(library) is None:
        raise UnsupportedFormat(f"{ending} files are written by {library}, which is not installed.", install)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise UnsupportedFormat(f"{folder} is not a folder that can be written to.", UnsupportedFormat.remedy_for_path)
    if path.exists() and not (path.is_file() and os.access(path, os.W_OK)):
        raise UnsupportedFormat(f"{path} is not a file that can be written.", UnsupportedFormat.remedy_for_path)


def write(table: "pd.DataFrame", path: Path) -> None:
    """Write a table in the format of the file's ending; raise UnsupportedFormat if that is not possible."""
    check(path)
    try:
        WRITERS[path.suffix.lower()](table, path)
    except OSError as error:
        raise UnsupportedFormat(
            f"{path} cannot be written: {error.strerror or error}", UnsupportedFormat.remedy_for_path
        ) from None
