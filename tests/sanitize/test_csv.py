"""CSV as people open it: in a spreadsheet."""

import csv
import io
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orgkit.sanitize.csv import FORMULA, as_csv
from orgkit.sanitize.terminal import flat


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_cell_begins_as_a_formula_does_and_no_text_is_lost(texts: list[str]) -> None:
    columns = [f"c{number}" for number in range(len(texts))]
    written = as_csv(columns, [dict(zip(columns, texts, strict=True))])
    _, row = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert not any(cell.startswith(FORMULA) for cell in row)
    pairs = zip(row, texts, strict=True)
    assert all(cell in (flat(text), f"'{flat(text)}") for cell, text in pairs)


def test_a_number_stays_a_number_to_its_last_digit() -> None:
    assert as_csv(("a", "b", "c"), [{"a": Decimal("-0.000000500"), "b": None}]) == "a,b,c\n-0.000000500,,\n"
