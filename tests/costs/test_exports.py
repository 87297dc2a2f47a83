"""Bills from data exports: the newest delivery, every cent of it, by either engine."""

import io
import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import awswrangler
import duckdb
import pandas as pd
import pytest

from orgkit.aws.rejections import Rejected
from orgkit.costs.bills.athena_aws import AthenaBills
from orgkit.costs.bills.bill import (
    ADJUSTMENT,
    FINAL_BILL,
    NOT_READY,
    PRELIMINARY_BILL,
    USAGE,
    Bill,
    BillRow,
    bills_frame,
)
from orgkit.costs.bills.export_rows import NO_SERVICE_NAME
from orgkit.costs.bills.export_sql import bill_of
from orgkit.costs.bills.exports_aws import ExportedBills
from orgkit.costs.bills.month import Month
from orgkit.costs.bills.snapshots import newest
from orgkit.errors import CouldNotRead, InvalidExport, NoBill
from tests.costs.explorer import Clock, Table, desk
from tests.costs.focus import table_of, totals, write_export

OCTOBER = Month(2026, 10)
FLAT = "focus/data/BILLING_PERIOD=2026-10"
NEVER = SimpleNamespace(clock=Clock(), endpoint=None, progress=lambda *_: None)
NOW = Clock().now()
LATE = datetime(2026, 11, 12, tzinfo=UTC)  # when October is settled


def billed(*rows: tuple[Any, ...]) -> Bill:
    return bill_of(OCTOBER, rows, delivered=LATE, now=NOW, source="x")


def sums(bill: Bill) -> dict[tuple[str, str, str], Decimal]:
    return {(row.account, row.service, row.category): row.amount for row in bill.rows}


def written(at: datetime, *files: Path) -> None:
    """As if the files had been delivered then."""
    for file in files:
        os.utime(file, (at.timestamp(), at.timestamp()))


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
    assert newest(files, OCTOBER.previous) is None


@pytest.mark.parametrize("more", ["copy/x.parquet", "2026-10-09T08:15:00Z-1/x.parquet"])
def test_what_nobody_can_tell_is_refused(more):
    with pytest.raises(InvalidExport, match="2026-10"):
        newest([f"{FLAT}/a.parquet", f"{FLAT}/{more}"], OCTOBER)
    for name in ("backup", "2026-13-41T08:15:00Z-1"):
        with pytest.raises(InvalidExport, match="does not begin with a time"):
            newest([f"{FLAT}/{name}/a.parquet"], OCTOBER)


@pytest.mark.parametrize("below", ["", "/2026-10-09T08:15:00Z-1"])
@pytest.mark.parametrize("other", ["exportB/data/BILLING_PERIOD=2026-10", "exportA/data/billing_period=2026-10-01"])
def test_two_exports_in_one_place_are_named_and_not_added_up(below, other):
    one = "exportA/data/BILLING_PERIOD=2026-10"
    with pytest.raises(InvalidExport) as rejection:
        newest([f"{one}{below}/a.parquet", f"{other}{below}/a.parquet"], OCTOBER)
    assert f"{one}, {other}" in rejection.value.reason
    assert newest([f"{one}/a.parquet", "exportB/data/BILLING_PERIOD=2026-09/a.parquet"], OCTOBER) is not None


def test_files_of_no_billing_period_are_no_export():
    with pytest.raises(InvalidExport, match=r"data/Manifest\.json"):
        newest(["data/Manifest.json"], OCTOBER)
    with pytest.raises(InvalidExport, match=r"backup/a\.parquet") as rejection:
        newest(["backup/a.parquet"], OCTOBER)
    assert rejection.value.remedy == InvalidExport.remedy_for_path


def test_a_delivery_tells_its_time_by_its_folder_and_otherwise_not_at_all():
    for name in ("2026-10-21T08:15:00.000Z-ab", "20261021T081500Z", "2026-10-21T08:15Z-1"):
        assert newest([f"{FLAT}/{name}/a.parquet"], OCTOBER).delivery_time == datetime(2026, 10, 21, 8, 15, tzinfo=UTC)
    assert newest([f"{FLAT}/a.parquet"], OCTOBER).delivery_time is None


def test_every_cent_of_an_export_comes_out(tmp_path):
    files = write_export(tmp_path / FLAT, 20_000, files=3)
    bill = ExportedBills(NEVER, "focus", tmp_path).bill(OCTOBER)
    assert sums(bill) == totals(files)
    assert {row.category for row in bill.rows} == {"Usage", "Credit", "Tax"}
    assert bill.credits < 0 < bill.gross


def test_three_cumulative_deliveries_are_not_added_up(tmp_path):
    for day in (3, 9, 21):
        files = write_export(tmp_path / FLAT / f"2026-10-{day:02}T08:15:00Z-x{day}", day * 100)
    bill = ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
    assert bill.net == sum(totals(files).values())


def test_a_month_without_a_delivery_is_not_ready(tmp_path):
    write_export(tmp_path / FLAT, 10)
    earlier = ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER.previous)
    assert (earlier.maturity, earlier.ready) == (NOT_READY, False)
    assert "begins with 2026-10" in earlier.notes[0]  # waiting brings nothing
    later = ExportedBills(NEVER, ".", tmp_path).bill(Month(2026, 11))
    assert (later.maturity, later.notes) == (NOT_READY, ())


def test_a_delivery_without_a_row_is_not_ready(tmp_path):
    (file,) = write_export(tmp_path / FLAT, 0)
    os.utime(file, (0, 0))
    assert ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER).maturity == NOT_READY


def test_a_place_that_is_not_there_is_not_taken_for_one_without_data(tmp_path):
    (tmp_path / "file").touch()
    for place in ("nowhere", "file"):
        with pytest.raises(InvalidExport, match=place) as rejection:
            ExportedBills(NEVER, place, tmp_path).bill(OCTOBER)
        assert rejection.value.remedy == InvalidExport.remedy_for_path


def test_a_delivery_made_before_the_month_was_over_is_not_final_whenever_it_is_read(tmp_path):
    write_export(tmp_path / FLAT / "2026-10-20T08:15:00Z-1", 10)
    bill = ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
    assert (bill.maturity, bill.read_at) == (PRELIMINARY_BILL, "2026-10-20T08:15:00+00:00")
    write_export(tmp_path / FLAT / "2026-11-12T08:15:00Z-2", 10)
    bill = ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
    assert (bill.maturity, bill.read_at) == (FINAL_BILL, "2026-11-12T08:15:00+00:00")


def test_files_that_are_overwritten_are_as_old_as_the_oldest_and_never_of_tomorrow(tmp_path):
    old, new = write_export(tmp_path / FLAT, 10, files=2)
    for at, of_old, maturity in (
        (LATE, LATE, FINAL_BILL),
        (datetime(2026, 10, 20, tzinfo=UTC),) * 2 + (PRELIMINARY_BILL,),
    ):
        written(at, old)
        written(NOW, new)
        bill = ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
        assert (bill.maturity, bill.read_at) == (maturity, of_old.isoformat())
    written(NOW + timedelta(days=1), old, new)
    assert ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER).read_at == NOW.isoformat()


def test_files_that_are_no_export_are_refused_by_name(tmp_path):
    (tmp_path / FLAT).mkdir(parents=True)
    file = tmp_path / FLAT / "x.parquet"
    file.write_text("nonsense")
    with pytest.raises(InvalidExport, match=r"x\.parquet"):
        ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
    duckdb.sql(f"COPY (SELECT 1 AS a) TO '{file}' (FORMAT parquet)")
    with pytest.raises(InvalidExport, match="no column SubAccountId"):
        ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)


def test_a_service_is_joined_by_its_code_whatever_the_export_calls_it():
    row = ("111111111111", "AmazonS3", "Amazon S3", "Usage", "USD", 1.5)
    (found,) = billed(row).rows
    assert found == BillRow("111111111111", "Amazon Simple Storage Service", USAGE, Decimal("1.5"))


@pytest.mark.parametrize("nothing", [None, "", " "])
def test_an_amount_without_service_or_kind_has_a_name_all_the_same(nothing):
    bill = billed(("111111111111", nothing, nothing, nothing, "USD", 1.5))
    assert bill.rows == (BillRow("111111111111", NO_SERVICE_NAME, ADJUSTMENT, Decimal("1.5")),)
    assert "counted as adjustments" in bill.notes[0]
    (found,) = billed(("111111111111", "AWSNew", nothing, "Tax", "USD", 1.5)).rows
    assert found == BillRow("111111111111", "AWSNew", "Tax", Decimal("1.5"))


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (("1", "", "S", "Usage", "EUR", 1.0), NoBill),
        (("1.2E+11", "", "S", "Usage", "USD", 1.0), InvalidExport),
        (("1", "", "S", "Usage", "USD", None), InvalidExport),
        (("1", "", "S", "Usage", "USD", float("inf")), InvalidExport),
        (("1", "", "S", "Usage", "USD", 1e308), InvalidExport),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row, error):
    with pytest.raises(error):
        billed(row)


class Bucket:
    """Connection's seam to S3: what lies there, since when; and the endpoint of Athena, which a test answers for."""

    clock, endpoint = Clock(), "http://127.0.0.1:1"

    def __init__(self, files: dict[str, Path], at: datetime = LATE, error: Exception | None = None) -> None:
        self.files, self.at, self.error = files, at, error
        self.asked: list[str] = []

    def progress(self, *_: Any) -> None:
        """Nobody watches."""

    def session_for_library(self) -> str:
        return "session"

    def read(self, service: str, operation: str, **requests: Any) -> Any:
        assert service == "s3"
        return {"ListObjectsV2": self.listed, "GetObject": self.got}[operation](**requests)

    def stream(self, service: str, operation: str, consume: Any, **requests: Any) -> Any:
        answer = self.read(service, operation, **requests)
        return answer, consume(answer["Body"])

    def listed(self, **requests: Any) -> dict[str, Any]:
        """One at a time; S3 leaves Contents out where there is nothing."""
        if self.error:
            raise self.error
        keys = [
            key for key in self.files if key.startswith(requests["Prefix"]) and requests["Bucket"] == "acme-billing"
        ]
        first = int(requests.get("ContinuationToken", "0"))
        page = [{"Key": key, "LastModified": self.at} for key in keys[first : first + 1]]
        more = {"NextContinuationToken": str(first + 1)} if first + 1 < len(keys) else {}
        return {"IsTruncated": bool(more), **({"Contents": page} if page else {}), **more}

    def got(self, **requests: Any) -> dict[str, Any]:
        self.asked.append(requests["Key"])
        data = io.BytesIO(self.files[requests["Key"]].read_bytes())
        return {"Body": SimpleNamespace(iter_chunks=lambda size: iter(lambda: data.read(size), b""))}


@pytest.mark.parametrize("place", ["s3://acme-billing/focus", "s3://acme-billing/focus/"])
def test_files_in_a_bucket_are_read_like_those_of_a_folder(tmp_path, place):
    (file,) = write_export(tmp_path / "made", 500)
    key = f"focus/{FLAT}/{file.name}"
    aws = Bucket({key: file, "focus/metadata/x.json": file, f"focus-old/{FLAT}/{file.name}": file, "focus/": file})
    bill = ExportedBills(aws, place, tmp_path).bill(OCTOBER)
    assert aws.asked == [key]
    assert bill.net == sum(totals([file]).values())
    assert (bill.maturity, bill.read_at) == (FINAL_BILL, LATE.isoformat())


def test_a_bucket_is_judged_as_a_folder_is(tmp_path):
    (file,) = write_export(tmp_path / "made", 10)
    assert ExportedBills(Bucket({}), "s3://acme-billing/focus", tmp_path).bill(OCTOBER).maturity == NOT_READY
    with pytest.raises(InvalidExport, match=r"x\.parquet"):
        ExportedBills(Bucket({"x.parquet": file}), "s3://acme-billing", tmp_path).bill(OCTOBER)
    for code, error in (("NoSuchBucket", InvalidExport), ("AccessDenied", CouldNotRead)):
        aws = Bucket({}, error=Rejected("s3:ListObjectsV2", code, "", "no", "r-1"))
        with pytest.raises(error):
            ExportedBills(aws, "s3://acme-billing", tmp_path).bill(OCTOBER)
    early = Bucket({f"focus/{FLAT}/{file.name}": file}, datetime(2026, 10, 20, tzinfo=UTC))
    assert ExportedBills(early, "s3://acme-billing", tmp_path).bill(OCTOBER).maturity == PRELIMINARY_BILL


@pytest.fixture
def athena(monkeypatch):
    """Athena as DuckDB answers for it: the questions, as they were asked, and then the answers."""

    def over(files: dict[str, list[Path]]) -> list[tuple[str, dict[str, Any]]]:
        requests: list[tuple[str, dict[str, Any]]] = []
        engine = duckdb.connect()
        engine.execute(f"CREATE TABLE focus AS {table_of(files)}")

        def answer(sql: str, database: str, **more: Any) -> pd.DataFrame:
            requests.append((sql, more | {"database": database, "endpoint": awswrangler.config.athena_endpoint_url}))
            try:
                found = engine.execute(sql)
            except duckdb.BinderException as error:  # as Athena says it, which writes names in small letters
                name = str(error).split('"')[1].lower()
                raise ValueError(f"COLUMN_NOT_FOUND: line 1:8: Column '{name}' cannot be resolved") from None
            names = [column[0] for column in found.description]
            frame = pd.DataFrame(found.fetchall(), columns=names)
            numbers = {"amount", "listed", "number", "missing", "covered"}
            return frame.astype({name: "string" for name in names if name not in numbers})

        monkeypatch.setattr(awswrangler.athena, "read_sql_query", answer)
        return requests

    return over


def from_athena(aws: Bucket) -> Bill:
    return AthenaBills(aws, "billing.focus", "s3://acme-athena/answers/").bill(OCTOBER)


BUCKET = "s3://acme-billing"


def test_athena_is_asked_with_unload_at_the_emulator_if_there_is_one(athena, tmp_path):
    requests = athena({f"{BUCKET}/{FLAT}": write_export(tmp_path, 500)})
    bills = AthenaBills(Bucket({}), "billing.focus", "s3://acme-athena/answers/")
    assert bills.bill(OCTOBER).ready
    assert bills.sentence.startswith("Athena was asked 2 time(s)")
    for sql, more in requests:
        assert "billing_period = '2026-10'" in sql
        assert (more["database"], more["s3_output"]) == ("billing", "s3://acme-athena/answers/")
        assert more["endpoint"] == "http://127.0.0.1:1"
        assert (more["unload_approach"], more["ctas_approach"]) == (True, False)


def test_a_table_of_files_that_are_overwritten_gives_every_cent(athena, tmp_path):
    files = write_export(tmp_path, 5_000, files=2)
    other = f"{BUCKET}/focus/data/BILLING_PERIOD=2026-09"
    athena({f"{BUCKET}/{FLAT}": files, other: write_export(tmp_path / "other", 100)})
    bill = from_athena(Bucket({f"{FLAT}/{file.name}": file for file in files}))
    assert sums(bill) == totals(files)
    assert (bill.maturity, bill.read_at) == (FINAL_BILL, LATE.isoformat())


def test_a_table_of_many_deliveries_gives_the_newest_alone(athena, tmp_path):
    times = [f"2026-10-{day:02}T08:15:00.000Z-{day}" for day in (3, 21, 9)]
    made = {name: write_export(tmp_path / name, 100 * number, files=2) for number, name in enumerate(times, start=1)}
    athena({f"{BUCKET}/{FLAT}/{name}": files for name, files in made.items()})
    bill = from_athena(Bucket({}))
    assert sums(bill) == totals(made[times[1]])
    assert (bill.maturity, bill.read_at) == (PRELIMINARY_BILL, "2026-10-21T08:15:00+00:00")


def test_a_table_over_two_exports_is_refused(athena, tmp_path):
    files = write_export(tmp_path, 10)
    athena({f"{BUCKET}/{name}/{FLAT}": files for name in ("a", "b")})
    with pytest.raises(InvalidExport, match="more than one export"):
        from_athena(Bucket({}))


def test_a_table_whose_months_are_not_its_folders_is_refused(athena, tmp_path):
    athena({f"{BUCKET}/elsewhere": write_export(tmp_path, 10)})
    with pytest.raises(InvalidExport, match="elsewhere"):
        from_athena(Bucket({}))


def test_a_table_without_a_row_of_the_month_is_not_ready(athena, tmp_path):
    athena({f"{BUCKET}/focus/data/BILLING_PERIOD=2026-09": write_export(tmp_path, 10)})
    assert from_athena(Bucket({})).maturity == NOT_READY


def test_a_table_whose_files_we_may_not_look_at_is_never_final(athena, tmp_path):
    athena({f"{BUCKET}/{FLAT}": write_export(tmp_path, 10)})
    bill = from_athena(Bucket({}, error=Rejected("s3:ListObjectsV2", "AccessDenied", "", "no", "r-1")))
    assert any("its manifest cannot be read" in note for note in bill.notes)
    assert (bill.maturity, bill.read_at) == (PRELIMINARY_BILL, NOW.isoformat())


def test_what_an_answer_of_athena_leaves_out_is_named(athena, tmp_path):
    (file,) = write_export(tmp_path, 40)
    holes = tmp_path / "holes.parquet"
    duckdb.sql(f"COPY (SELECT * REPLACE (NULL::VARCHAR AS ServiceName, NULL::VARCHAR AS x_ServiceCode) FROM '{file}') "
               f"TO '{holes}' (FORMAT parquet)")  # fmt: skip
    athena({f"{BUCKET}/{FLAT}": [holes]})
    assert {row.service for row in from_athena(Bucket({})).rows} == {NO_SERVICE_NAME}


def test_a_table_without_optional_columns_is_asked_without_them(athena, tmp_path):
    (file,) = write_export(tmp_path, 40)
    few = tmp_path / "few.parquet"
    duckdb.sql(f"COPY (SELECT * EXCLUDE (ListCost, ProviderName, CommitmentDiscountStatus) FROM '{file}') "
               f"TO '{few}' (FORMAT parquet)")  # fmt: skip
    athena({f"{BUCKET}/{FLAT}": [few]})
    bill = from_athena(Bucket({}))
    assert sums(bill) == totals([file])
    assert any("no column ListCost" in note for note in bill.notes)


def test_a_copy_of_a_part_is_left_out_of_athenas_answer(athena, tmp_path):
    (file,) = write_export(tmp_path, 40)
    copy = tmp_path / "focus-00000.snappy (1).parquet"
    copy.write_bytes(file.read_bytes())
    athena({f"{BUCKET}/{FLAT}": [file, copy]})
    bill = from_athena(Bucket({}))
    assert sums(bill) == totals([file])
    assert copy.name in " ".join(bill.notes)


def manifest(folder: Path, *names: str) -> Path:
    file = folder / "focus-Manifest.json"
    file.write_text(json.dumps({"dataFiles": [f"{BUCKET}/{FLAT}/{name}" for name in names]}))
    return file


@pytest.mark.parametrize("more", [(), ("focus-00009.snappy.parquet",)])
def test_athena_reads_the_files_that_the_manifest_lists_and_a_missing_one_is_named(athena, tmp_path, more):
    one, other = write_export(tmp_path, 80, files=2)
    athena({f"{BUCKET}/{FLAT}": [one, other]})
    key = f"{FLAT.replace('/data/', '/metadata/')}/focus-Manifest.json"
    bill = from_athena(Bucket({key: manifest(tmp_path, one.name, *more)}))
    assert sums(bill) == totals([one])
    assert f"the manifest does not list it: {BUCKET}/{FLAT}/{other.name}" in " ".join(bill.notes)
    assert [note for note in bill.notes if "missing" in note] == [
        f"Listed by the manifest and missing: {name}." for name in more
    ]


def test_whatever_athena_stumbles_over_says_what_to_do(monkeypatch):
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("TABLE_NOT_FOUND")

    monkeypatch.setattr(awswrangler.athena, "read_sql_query", fail)
    with pytest.raises(CouldNotRead, match="TABLE_NOT_FOUND"):
        from_athena(Bucket({}))


def test_bills_of_every_source_make_the_same_table(tmp_path):
    write_export(tmp_path / FLAT, 300)
    exported = ExportedBills(NEVER, ".", tmp_path).bill(OCTOBER)
    explored = desk(Table()).bill(OCTOBER)
    one, other = (bills_frame([bill], {}) for bill in (exported, explored))
    assert list(one.columns) == list(other.columns)
    assert [type(value) for value in one.iloc[0]] == [type(value) for value in other.iloc[0]]
    assert datetime.fromisoformat(exported.read_at).tzinfo == UTC
