"""Bills from data exports: the newest delivery, every cent of it, by either engine."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import awswrangler
import duckdb
import pandas as pd
import pytest

from orgkit.costs.bill import CREDIT, NOT_READY, USAGE, BillRow, bills_frame
from orgkit.costs.export_sql import bill_of
from orgkit.costs.exports_aws import AthenaBills, ExportedBills, athena_question
from orgkit.costs.month import Month
from orgkit.costs.snapshots import newest
from orgkit.errors import CouldNotRead, NoBill, OddExport
from tests.costs.explorer import Clock, Table, desk
from tests.costs.focus import totals, write_export

OCTOBER = Month(2026, 10)
FLAT = "focus/data/BILLING_PERIOD=2026-10"
NEVER = SimpleNamespace(clock=Clock(), endpoint=None, progress=lambda *_: None)


def test_the_newest_delivery_is_read_and_no_other():
    files = [
        f"{FLAT}/2026-10-{day:02}T08:15:00.000Z-{day}ab-12/focus-{n}.parquet" for day in (3, 21, 9) for n in (1, 2)
    ]
    other = "focus/data/BILLING_PERIOD=2026-09/2026-10-30T08:15:00.000Z-1/focus.parquet"
    found = newest([*files, other], OCTOBER)
    assert found.files == tuple(name for name in files if "2026-10-21T" in name)


@pytest.mark.parametrize("period", ["BILLING_PERIOD=2026-10", "billing_period=2026-10-01"])
def test_where_deliveries_overwrite_each_other_all_files_of_the_month_are_read(period):
    files = [f"data/{period}/a.parquet", f"data/{period}/b.parquet", f"data/{period}/Manifest.json"]
    assert newest(files, OCTOBER).files == (files[0], files[1])
    assert newest(files, OCTOBER.before) is None


@pytest.mark.parametrize("more", ["copy/x.parquet", "2026-10-09T08:15:00Z-1/x.parquet"])
def test_what_nobody_can_tell_is_refused(more):
    with pytest.raises(OddExport, match="2026-10"):
        newest([f"{FLAT}/a.parquet", f"{FLAT}/{more}"], OCTOBER)
    with pytest.raises(OddExport, match="does not begin with a time"):
        newest([f"{FLAT}/backup/a.parquet"], OCTOBER)


def test_every_cent_of_an_export_comes_out(tmp_path):
    files = write_export(tmp_path / FLAT, 20_000, files=3)
    bill = ExportedBills(NEVER, "focus", tmp_path).bill(OCTOBER)
    assert {(row.account, row.service, row.category): row.amount for row in bill.rows} == totals(files)
    assert {row.category for row in bill.rows} == {"Usage", "Credit", "Tax"}
    assert bill.credits < 0 < bill.gross


def test_three_cumulative_deliveries_are_not_added_up(tmp_path):
    for day in (3, 9, 21):
        files = write_export(tmp_path / FLAT / f"2026-10-{day:02}T08:15:00Z-x{day}", day * 100)
    bill = ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
    assert bill.net == sum(totals(files).values())


def test_a_month_without_a_delivery_is_not_ready(tmp_path):
    write_export(tmp_path / FLAT, 10)
    assert ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER.before).maturity == NOT_READY
    assert ExportedBills(NEVER, "nowhere", tmp_path).bill(OCTOBER).maturity == NOT_READY


def test_files_that_are_no_export_are_refused_by_name(tmp_path):
    (tmp_path / FLAT).mkdir(parents=True)
    file = tmp_path / FLAT / "x.parquet"
    file.write_text("nonsense")
    with pytest.raises(OddExport, match=r"x\.parquet"):
        ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
    duckdb.sql(f"COPY (SELECT 1 AS a) TO '{file}' (FORMAT parquet)")
    with pytest.raises(OddExport, match="no column SubAccountId"):
        ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)


def test_a_service_is_joined_by_its_code_whatever_the_export_calls_it():
    row = ("111111111111", "AmazonS3", "Amazon S3", "Usage", "USD", 1.5)
    (found,) = bill_of(OCTOBER, [row], settled=True, source="x", read_at="x").rows
    assert found == BillRow("111111111111", "Amazon Simple Storage Service", USAGE, Decimal("1.5"))


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (("1", "", "S", "Usage", "EUR", 1.0), NoBill),
        ((None, "", "S", "Usage", "USD", 1.0), OddExport),
        (("1", "", "S", "Usage", "USD", None), OddExport),
        (("1", "", "S", "Usage", "USD", float("inf")), OddExport),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row, error):
    with pytest.raises(error):
        bill_of(OCTOBER, [row], settled=True, source="x", read_at="x")


def test_files_in_a_bucket_are_read_like_those_of_a_folder(tmp_path):
    (file,) = write_export(tmp_path / "made", 500)
    key = f"focus/{FLAT}/{file.name}"

    class Bucket:
        clock, endpoint = Clock(), None

        def __init__(self) -> None:
            self.asked: list[str] = []

        def progress(self, *_: Any) -> None:
            """Nobody watches."""

        def pages(self, service: str, operation: str, member: str, **asked: Any) -> Any:
            assert (service, operation, member) == ("s3", "ListObjectsV2", "Contents")
            assert asked == {"Bucket": "acme-billing", "Prefix": "focus"}
            return iter([{"Key": key}, {"Key": "focus/metadata/x.json"}])

        def read(self, service: str, operation: str, **asked: Any) -> Any:
            self.asked.append(asked["Key"])
            data = io.BytesIO(file.read_bytes())
            return {"Body": SimpleNamespace(iter_chunks=lambda size: iter(lambda: data.read(size), b""))}

    aws = Bucket()
    bill = ExportedBills(aws, "s3://acme-billing/focus", tmp_path).bill(OCTOBER)
    assert aws.asked == [key]
    assert bill.net == sum(totals([file]).values())


def test_athena_s_question_gives_the_same_sums_on_duckdb(tmp_path):
    (file,) = write_export(tmp_path, 5_000)
    with duckdb.connect() as engine:
        engine.execute(f"CREATE TABLE focus AS SELECT *, '2026-10' AS billing_period FROM '{file}'")
        engine.execute("INSERT INTO focus SELECT * REPLACE ('2026-09' AS billing_period) FROM focus")
        rows = engine.execute(athena_question("focus", OCTOBER)).fetchall()
    bill = bill_of(OCTOBER, rows, settled=True, source="x", read_at="x")
    assert {(row.account, row.service, row.category): row.amount for row in bill.rows} == totals([file])


class Library(SimpleNamespace):
    clock, endpoint = Clock(), "http://127.0.0.1:1"

    def session_for_library(self) -> str:
        return "session"


def test_athena_is_asked_with_unload_at_the_emulator_if_there_is_one(monkeypatch):
    asked: dict[str, Any] = {}

    def answer(sql: str, database: str, **more: Any) -> pd.DataFrame:
        asked.update(more, sql=sql, database=database, endpoint=awswrangler.config.athena_endpoint_url)
        names = ("account", "code", "service", "category", "currency", "amount")
        rows = [("111111111111", "AWSConfig", "AWS Config", "Usage", "USD", Decimal("61.250000000000")),
                ("111111111111", "AWSConfig", "AWS Config", "Credit", "USD", Decimal("-20"))]  # fmt: skip
        return pd.DataFrame(rows, columns=names)

    monkeypatch.setattr(awswrangler.athena, "read_sql_query", answer)
    bill = AthenaBills(Library(), "billing.focus", "s3://acme-athena/answers/").bill(OCTOBER)
    assert bill.rows == (
        BillRow("111111111111", "AWS Config", CREDIT, Decimal(-20)),
        BillRow("111111111111", "AWS Config", USAGE, Decimal("61.25")),
    )
    assert (asked["database"], asked["s3_output"], asked["endpoint"]) == (
        "billing", "s3://acme-athena/answers/", "http://127.0.0.1:1",
    )  # fmt: skip
    assert asked["unload_approach"] is True
    assert asked["ctas_approach"] is False
    assert "billing_period = '2026-10'" in asked["sql"]


def test_whatever_athena_stumbles_over_says_what_to_do(monkeypatch):
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("TABLE_NOT_FOUND")

    monkeypatch.setattr(awswrangler.athena, "read_sql_query", fail)
    with pytest.raises(CouldNotRead, match="TABLE_NOT_FOUND"):
        AthenaBills(Library(), "billing.focus", "s3://acme-athena/answers/").bill(OCTOBER)


def test_bills_of_every_source_make_the_same_table(tmp_path):
    write_export(tmp_path / FLAT, 300)
    exported = ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
    explored = desk(Table()).bill(OCTOBER)
    one, other = (bills_frame([bill], {}) for bill in (exported, explored))
    assert list(one.columns) == list(other.columns)
    assert [type(value) for value in one.iloc[0]] == [type(value) for value in other.iloc[0]]
    assert datetime.fromisoformat(exported.read_at).tzinfo == UTC
