"""CSV that is safe to open in a spreadsheet: a cell of text must not begin like a formula."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from orgkit.sanitize.terminal import flat

FORMULA = ("=", "+", "-", "@")  # a spreadsheet treats a cell that begins with one of these as a formula


def cell(value: object) -> object:
    """The value as a spreadsheet may have it: one line, and an apostrophe before what would be a formula.

    Numbers stay numbers, also negative ones.
    """
    if not isinstance(value, str):
        return value
    text = flat(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A header and a line for each row; None is an empty cell, a Decimal keeps every digit and has no exponent."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([cell(name) for name in columns])
    writer.writerows([_escape_cell(row.get(name)) for name in columns] for row in rows)
    return buffer.getvalue()


def _escape_cell(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else cell(value)
