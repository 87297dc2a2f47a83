"""Tables as files."""

import csv
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from pyarrow import parquet

from orgkit.costs.estimate import estimate
from orgkit.costs.export import write
from orgkit.errors import NoWriter

EVIL = '=cmd|"/C calc"!A0'
COSTS = [Decimal("-1.10"), Decimal("0.0000001"), Decimal(2)]
TABLE = pd.DataFrame({"name": [EVIL, "plain", None], "cost": COSTS}, dtype=object)


def test_csv_keeps_every_digit_and_runs_nothing(tmp_path):
    write(TABLE, tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["name", "cost"], [f"'{EVIL}", "-1.10"], ["plain", "0.0000001"], ["", "2"]]


def test_excel_runs_nothing_and_parquet_keeps_decimals(tmp_path):
    write(TABLE, tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["B2"].value) == (f"'{EVIL}", "s", -1.1)
    write(TABLE, tmp_path / "x.parquet")
    assert parquet.read_table(tmp_path / "x.parquet")["cost"].to_pylist() == COSTS


def test_another_ending_or_place_is_refused_with_the_mend(tmp_path):
    with pytest.raises(NoWriter, match=r"\.csv, \.parquet, \.xlsx"):
        write(TABLE, tmp_path / "x.html")
    with pytest.raises(NoWriter, match="cannot be written"):
        write(TABLE, tmp_path / "no" / "x.csv")


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".xlsx"])
def test_a_whole_estimate_can_be_written(tmp_path, build, ending):
    made = estimate(build()).to_frame()
    write(made, tmp_path / f"estimate{ending}")
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".xlsx": pd.read_excel}[ending]
    again = read(tmp_path / f"estimate{ending}")
    assert list(again.columns) == list(made.columns)
    assert float(again["EffectiveCost"].sum()) == pytest.approx(float(made["EffectiveCost"].sum()))
