"""Which files of an export are read: names that look like patterns, links, copies, manifests; the others are named."""

import gzip
import io
import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.costs.bills.bill import FINAL_BILL, INCOMPLETE_BILL, NOT_READY, Bill
from orgkit.costs.bills.export_files import data_files
from orgkit.costs.bills.exports_aws import ExportedBills
from orgkit.costs.bills.month import Month
from orgkit.costs.bills.snapshots import newest
from orgkit.errors import InvalidExport
from tests.costs.explorer import Clock
from tests.costs.test_export_domains import AWS, ROW

OCTOBER, MONTH = Month(2026, 10), "BILLING_PERIOD=2026-10"
PART = "focus-00001.snappy.parquet"


def deliver(folder: Path, cost: float, name: str = PART) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([ROW | {"BilledCost": cost, "ListCost": cost}]).to_parquet(folder / name, index=False)
    return folder / name


def manifest(folder: Path, *files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    addresses = [f"s3://acme-billing/focus/data/{MONTH}/{file}" for file in files]
    (folder / "focus-Manifest.json").write_text(json.dumps({"executionId": "1", "dataFiles": addresses}))


def read(base: Path, place: str = ".") -> Bill:
    return ExportedBills(AWS, place, base, "999999999999").bill(OCTOBER)


HOSTILE = ["*", "**", "?", "[1]", "[!a]", "[", "]", "a*", "{a,b}", "\\", "\\[1]", "'", '"', "$1", "%20", "é", "\n", " "]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_place_means_the_folder_of_that_name_and_no_other(tmp_path, name):
    for other in ("a", "b", "1", "ab", "abc", "a b", "x"):
        deliver(tmp_path / f"bills {other}" / "data" / MONTH, 77)
    deliver(tmp_path / f"bills {name}" / "data" / MONTH, 1)
    assert read(tmp_path, f"bills {name}").net == 1


@settings(max_examples=40)
@given(names=st.lists(st.text("ab*?[]!-{},\\'\"$% é1", min_size=1, max_size=6), min_size=1, max_size=5, unique=True))
def test_each_file_is_read_once_whatever_it_is_called(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names") / "data" / MONTH
    for number, name in enumerate(names):
        deliver(folder, 10.0**number, f"{name}.parquet")
    assert read(folder.parents[1]).net == sum(Decimal(10) ** number for number in range(len(names)))


def test_names_that_are_no_text_are_read_too(tmp_path):
    path = deliver(tmp_path / "data" / MONTH, 2)
    path.rename(path.parent / os.fsdecode(b"\xff\xfe.parquet"))
    assert read(tmp_path).net == 2


@pytest.mark.parametrize("name", ["X.PARQUET", "x.Parquet", "x.snappy.pArQuEt"])
def test_the_ending_of_a_part_counts_in_any_case(tmp_path, name):
    deliver(tmp_path / "data" / MONTH, 1)
    deliver(tmp_path / "data" / MONTH, 50, name)
    assert (read(tmp_path).net, read(tmp_path).notes, read(tmp_path).maturity) == (51, (), FINAL_BILL)


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet.gz", "x.parquet.tmp", "x.zip", "x", "x.orc"])
@pytest.mark.parametrize("folder", [f"data/{MONTH}", "."])
def test_what_is_no_parquet_file_is_named_and_is_not_a_month_without_data(tmp_path, name, folder):
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    with gzip.open(tmp_path / folder / name, "wt") as file:
        file.write("SubAccountId,BilledCost\n")
    with pytest.raises(InvalidExport, match=f"no Parquet file of 2026-10 lies there, but .*{name}") as refusal:
        read(tmp_path)
    assert refusal.value.remedy == InvalidExport.remedy_for_files
    deliver(tmp_path / "data" / MONTH, 1)
    bill = read(tmp_path)
    assert (bill.net, bill.maturity) == (1, INCOMPLETE_BILL)
    assert name in " ".join(bill.notes)


def test_an_empty_folder_is_not_a_month_without_data(tmp_path):
    (tmp_path / "data" / MONTH).mkdir(parents=True)
    with pytest.raises(InvalidExport, match="holds no file"):
        read(tmp_path)


def test_links_are_followed_once(tmp_path):
    elsewhere = deliver(tmp_path / "elsewhere", 3).parent
    export = tmp_path / "export" / "data"
    export.mkdir(parents=True)
    (export / MONTH).symlink_to(elsewhere)
    assert (read(tmp_path / "export").net, read(tmp_path / "export").notes) == (3, ())
    (export / "again").symlink_to(elsewhere)
    (export / "loop").symlink_to(export)
    (elsewhere / "self").symlink_to(elsewhere)
    (elsewhere / "focus-00002.snappy.parquet").symlink_to(PART)
    (export / "nowhere").symlink_to(tmp_path / "gone")
    bill = read(tmp_path / "export")
    assert bill.net == 3
    for name in ("again", "loop", "self", "focus-00002.snappy.parquet", "nowhere"):
        assert any(name in note for note in bill.notes), name


def test_a_link_to_a_partition_that_is_read_is_no_second_export(tmp_path):
    deliver(tmp_path / "data" / MONTH, 3)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / MONTH).symlink_to(tmp_path / "data" / MONTH)
    assert read(tmp_path).net == 3


COPIES = [
    "{} (1)",
    "{} (2)",
    "{} copy",
    "{} copy 2",
    "{} - Copy",
    "{} - Copy (2)",
    "Copy of {}",
    "{}_copy",
    "{}.bak",
    "{}-old",
]


@pytest.mark.parametrize("form", COPIES)
def test_a_copy_of_a_part_is_named_and_not_added(tmp_path, form):
    path = deliver(tmp_path / "data" / MONTH, 3)
    name = form.format(path.stem) + ".parquet"
    (path.parent / name).write_bytes(path.read_bytes())
    bill = read(tmp_path)
    assert (bill.net, bill.maturity) == (3, FINAL_BILL)
    assert any("it is a copy of" in note and name in note for note in bill.notes)


@pytest.mark.parametrize("form", COPIES[:-2])
def test_two_versions_of_a_part_are_refused(tmp_path, form):
    path = deliver(tmp_path / "data" / MONTH, 3)
    deliver(path.parent, 4, form.format(path.stem) + ".parquet")
    with pytest.raises(InvalidExport, match="looks like a copy of"):
        read(tmp_path)


def test_parts_with_numbers_are_no_copies_even_if_they_are_equal(tmp_path):
    for name in ("focus-1.parquet", "focus-10.parquet", "focus-00001.parquet", "focus-00002.parquet"):
        deliver(tmp_path / "data" / MONTH, 1, name)
    assert read(tmp_path).net == 4


def test_the_manifest_is_the_list_of_files(tmp_path):
    for name, cost in ((PART, 1), ("focus-00002.snappy.parquet", 2), ("old.parquet", 50)):
        deliver(tmp_path / "data" / MONTH, cost, name)
    manifest(tmp_path / "metadata" / MONTH, PART, "focus-00002.snappy.parquet")
    bill = read(tmp_path)
    assert (bill.net, bill.maturity) == (3, FINAL_BILL)
    assert any("manifest does not list it" in note and "old.parquet" in note for note in bill.notes)
    manifest(tmp_path / "metadata" / MONTH, PART, "focus-00003.snappy.parquet")
    bill = read(tmp_path)
    assert (bill.net, bill.maturity) == (1, INCOMPLETE_BILL)
    assert any("missing: focus-00003.snappy.parquet" in note for note in bill.notes)


@pytest.mark.parametrize("listed", ["focus-00009.snappy.parquet", "focus-00001.csv.gz"])
def test_a_manifest_whose_files_are_not_there_is_not_a_month_without_data(tmp_path, listed):
    manifest(tmp_path / "metadata" / MONTH, listed)
    with pytest.raises(InvalidExport, match=f"the manifest lists {listed}, which is not there"):
        read(tmp_path)
    deliver(tmp_path / "data" / MONTH, 1, "other.parquet")
    with pytest.raises(InvalidExport, match=f"the manifest lists {listed}, which is not there"):
        read(tmp_path)


def test_a_manifest_that_lists_nothing_makes_no_empty_bill(tmp_path):
    manifest(tmp_path / "metadata" / MONTH)
    deliver(tmp_path / "data" / MONTH, 1)
    with pytest.raises(InvalidExport, match=f"the manifest does not list data/{MONTH}/{PART}"):
        read(tmp_path)


def test_a_delivery_is_read_once_its_manifest_is_there(tmp_path):
    old, new = "2026-10-21T08:15:00.000Z-a", "2026-10-22T08:15:00.000Z-b"
    for name, cost in ((old, 1), (new, 2)):
        deliver(tmp_path / "data" / MONTH / name, cost)
    manifest(tmp_path / "metadata" / MONTH / old, PART)
    bill = read(tmp_path)
    assert bill.net == 1
    assert any("its manifest is not there yet" in note and new in note for note in bill.notes)
    manifest(tmp_path / "metadata" / MONTH / new, PART)
    assert read(tmp_path).net == 2
    assert "1 earlier delivery(s) of the month hold less" in " ".join(read(tmp_path).notes)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"dataFiles": "x"}', '{"dataFiles": [1]}', "nonsense", "[" * 99_999])
def test_a_manifest_that_is_none_is_named(tmp_path, text):
    deliver(tmp_path / "data" / MONTH, 1)
    (tmp_path / "data" / MONTH / "Manifest.json").write_text(text)
    assert any("Manifest.json" in note for note in read(tmp_path).notes)
    assert read(tmp_path).net == 1


@given(st.binary())
def test_any_bytes_are_a_manifest_or_none(content):
    assert data_files(content) is None or all(isinstance(name, str) for name in data_files(content) or [])


class Bucket:
    """Connection's seam to S3: what lies there, since November; GetObject answers with it."""

    clock, endpoint = Clock(), None

    def __init__(self, **objects: bytes) -> None:
        self.objects = {key.replace("__", "/"): content for key, content in objects.items()}

    def progress(self, *_: Any) -> None:
        """Nobody watches."""

    def read(self, service: str, operation: str, **request: Any) -> dict[str, Any]:
        at = datetime(2026, 11, 12, tzinfo=UTC)
        found = [
            {"Key": key, "LastModified": at, "Size": len(content), "ETag": str(hash(content))}
            for key, content in self.objects.items()
            if key.startswith(request["Prefix"])
        ]
        return {"IsTruncated": False, "Contents": found} if found else {"IsTruncated": False}

    def stream(self, service: str, operation: str, consume: Any, **request: Any) -> Any:
        data = io.BytesIO(self.objects[request["Key"]])
        return consume(SimpleNamespace(iter_chunks=lambda size: iter(lambda: data.read(size), b"")))


def test_a_bucket_is_read_by_its_manifest_and_without_copies(tmp_path):
    part = deliver(tmp_path, 3).read_bytes()
    folder = f"focus/data/{MONTH}"
    aws = Bucket(**{f"{folder}/{PART}": part, f"{folder}/focus-00001.snappy (1).parquet": part, "focus/": b""})
    bill = ExportedBills(aws, "s3://acme/focus", tmp_path).bill(OCTOBER)  # type: ignore[arg-type]
    assert bill.net == 3
    assert "it is a copy of" in " ".join(bill.notes)
    aws.objects[f"{folder}/focus-00002.snappy.parquet"] = deliver(tmp_path, 4).read_bytes()
    manifest(tmp_path / "m", PART)
    aws.objects[f"focus/metadata/{MONTH}/focus-Manifest.json"] = (tmp_path / "m/focus-Manifest.json").read_bytes()
    bill = ExportedBills(aws, "s3://acme/focus", tmp_path).bill(OCTOBER)  # type: ignore[arg-type]
    assert bill.net == 3
    assert "focus-00002.snappy.parquet" in " ".join(bill.notes)


def test_a_prefix_below_which_nothing_lies_says_so(tmp_path):
    bill = ExportedBills(Bucket(), "s3://acme/focsu", tmp_path).bill(OCTOBER)  # type: ignore[arg-type]
    assert bill.maturity == NOT_READY
    assert "Nothing lies below s3://acme/focsu" in bill.notes[0]


def test_a_linked_folder_without_files_that_links_to_itself_is_looked_into_once(tmp_path):
    hollow = tmp_path / "hollow"
    hollow.mkdir()
    (hollow / "self").symlink_to(hollow)
    deliver(tmp_path / "export" / "data" / MONTH, 1)
    (tmp_path / "export" / "hollow").symlink_to(hollow)
    assert read(tmp_path / "export").net == 1


def test_the_manifest_of_another_month_lists_nothing_of_this_one():
    files = [f"data/{MONTH}/{PART}", "metadata/BILLING_PERIOD=2026-09/focus-Manifest.json"]
    found = newest(files, OCTOBER, manifests={files[1]: ["other.parquet"]})
    assert found is not None
    assert found.files == (files[0],)
