"""Tables as files."""

import csv
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from orgkit.cli.costs import costs
from orgkit.costs import export
from orgkit.costs.estimate.estimate import estimate
from orgkit.costs.export import check, write
from orgkit.engine import connect
from orgkit.errors import UnsupportedFormat

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
    with pytest.raises(UnsupportedFormat, match=r"\.csv, \.parquet, \.xlsx"):
        write(TABLE, tmp_path / "x.html")
    (tmp_path / "folder.csv").mkdir()
    for ending in (".csv", ".parquet", ".xlsx"):
        with pytest.raises(UnsupportedFormat, match="not a folder that can be written to"):
            write(TABLE, tmp_path / "no" / f"x{ending}")
    with pytest.raises(UnsupportedFormat, match=r"folder\.csv is not a file that can be written"):
        write(TABLE, tmp_path / "folder.csv")


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".xlsx"])
def test_whatever_stops_a_writer_is_told_in_words(tmp_path, monkeypatch, ending):
    def fail(*_: object) -> None:
        raise OSError("no space is left")  # as pandas raises it: without an errno, and so without its text

    monkeypatch.setitem(export.WRITERS, ending, fail)
    with pytest.raises(UnsupportedFormat, match="cannot be written: no space is left"):
        write(TABLE, tmp_path / f"x{ending}")


def test_a_file_can_be_checked_before_there_is_a_table(tmp_path, monkeypatch):
    check(tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()
    monkeypatch.setattr(export, "find_spec", lambda _: None)
    check(tmp_path / "x.csv")
    for ending in (".parquet", ".xlsx"):
        with pytest.raises(UnsupportedFormat, match="not installed"):
            check(tmp_path / f"x{ending}")


@pytest.mark.parametrize("place", ["x.doc", "nope/x.parquet"])
def test_nothing_is_asked_of_aws_for_a_file_that_cannot_be_written(tmp_path, monkeypatch, place):
    requests: list[object] = []
    monkeypatch.setattr(connect, "connect", lambda *values, **_: requests.append(values))
    done = CliRunner().invoke(costs, ["parameters/example.toml", "--save", str(tmp_path / place)])
    assert (done.exit_code, requests) == (UnsupportedFormat.exit_code, [])
    assert "The table was not written" in done.output


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".xlsx"])
def test_a_whole_estimate_can_be_written(tmp_path, build, ending):
    made = estimate(build()).to_frame()
    write(made, tmp_path / f"estimate{ending}")
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".xlsx": pd.read_excel}[ending]
    again = read(tmp_path / f"estimate{ending}")
    assert list(again.columns) == list(made.columns)
    assert float(again["EffectiveCost"].sum()) == pytest.approx(float(made["EffectiveCost"].sum()))
