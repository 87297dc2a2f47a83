"""What the cells of an export may hold: ids, costs, categories and currencies as engines and people write them."""

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
from orgkit.costs.bills.export_rows import account_id
from orgkit.costs.bills.exports_aws import ExportedBills
from orgkit.costs.bills.month import Month
from orgkit.errors import InvalidExport, NoBill
from tests.costs.explorer import Clock

OCTOBER = Month(2026, 10)
PAYER, PROD = "999999999999", "111111111111"
ROW = {
    "SubAccountId": PROD, "ServiceName": "Amazon Simple Storage Service", "ChargeCategory": "Usage",
    "BillingCurrency": "USD", "BilledCost": 1.0, "ListCost": 1.0, "x_ServiceCode": "AmazonS3",
}  # fmt: skip
AWS = SimpleNamespace(clock=Clock(), endpoint=None, progress=lambda *_: None)


def export(folder: Path, *rows: dict[str, Any], file: str = "focus-00001.snappy.parquet") -> pd.DataFrame:
    table = pd.DataFrame([ROW | row for row in rows])
    month = folder / "data" / "BILLING_PERIOD=2026-10"
    month.mkdir(parents=True, exist_ok=True)
    table.to_parquet(month / file, index=False)
    return table


def read(folder: Path) -> Bill:
    bill = ExportedBills(AWS, ".", folder, PAYER).bill(OCTOBER)
    assert bill.maturity != FINAL_BILL or not any("not in this bill" in note for note in bill.notes)
    return bill


def by_account(bill: Bill) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for row in bill.rows:
        sums[row.account] = sums.get(row.account, Decimal(0)) + row.amount
    return sums


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (111111111111.0, PROD), (111111111111, PROD), ("1111-1111-1111", PROD), (" 111111111111 ", PROD),
        (12345678901, "012345678901"), ("12345678901", "012345678901"), ("111111111111.0", PROD),
    ],
)  # fmt: skip
def test_an_account_id_has_twelve_digits_in_whatever_form_it_is_delivered(tmp_path, value, expected):
    export(tmp_path, {"SubAccountId": value})
    assert by_account(read(tmp_path)) == {expected: 1}


@pytest.mark.parametrize("value", ["1.11111E+11", "1111111111111", "/subscriptions/64e3", "１２３", 1.5, -1, 1e300])
def test_what_is_no_account_id_is_refused_with_the_file_that_holds_it(tmp_path, value):
    export(tmp_path, {}, file="focus-00001.parquet")
    export(tmp_path, {"SubAccountId": value}, file="focus-00002.parquet")
    with pytest.raises(InvalidExport, match="is not an AWS account id") as refusal:
        read(tmp_path)
    assert "focus-00002.parquet" in refusal.value.reason
    assert "focus-00001.parquet" not in refusal.value.reason


def test_an_id_that_32_bits_have_rounded_is_refused(tmp_path):
    month = tmp_path / "BILLING_PERIOD=2026-10"
    month.mkdir()
    table = pd.DataFrame([ROW | {"SubAccountId": 111111111111}]).astype({"SubAccountId": "float32"})
    table.to_parquet(month / "x.parquet", index=False)
    with pytest.raises(InvalidExport, match=r"x\.parquet: SubAccountId is a number of 32 bits"):
        read(tmp_path)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.from_regex(r"[0-9-]{1,16}")))
def test_an_account_id_is_twelve_digits_or_refused(value):
    found = account_id(value)
    assert not found or (len(found) == 12 and found.isascii() and found.isdigit())
    assert found == "" or found.lstrip("0") in str(value).replace("-", "")


@pytest.mark.parametrize("more", [{}, {"BillingAccountId": PAYER}, {"BillingAccountId": int(PAYER)}])
@pytest.mark.parametrize("nothing", [None, "", " "])
def test_a_charge_without_an_account_is_the_payers_and_said_to_be(tmp_path, nothing, more):
    export(tmp_path, more, more | {"SubAccountId": nothing, "ChargeCategory": "Tax", "BilledCost": 0.33})
    bill = read(tmp_path)
    assert by_account(bill) == {PROD: 1, PAYER: Decimal("0.33")}
    assert any("name no account (0.33 USD): counted for the payer, 999999999999" in note for note in bill.notes)


def test_a_category_counts_in_any_case_and_none_is_taken_for_usage(tmp_path):
    export(
        tmp_path, {"ChargeCategory": " usage"}, {"ChargeCategory": "CREDIT", "BilledCost": -0.5},
        {"ChargeCategory": None, "BilledCost": -3.0}, {"ChargeCategory": "Rounding", "BilledCost": 0.25},
    )  # fmt: skip
    bill = read(tmp_path)
    assert (bill.gross, bill.credits, bill.other_usd) == (1, Decimal("-0.5"), Decimal("-2.75"))
    assert sum("counted as adjustments" in note for note in bill.notes) == 2


@pytest.mark.parametrize("cost", ["1.10", Decimal("1.10"), "1.1e0", " 1.10 "])
def test_a_cost_may_be_text_or_a_decimal(tmp_path, cost):
    export(tmp_path, {"BilledCost": cost, "ListCost": cost})
    assert read(tmp_path).net == Decimal("1.1")


@pytest.mark.parametrize("cost", ["1,10", "free", "inf", "nan", float("inf"), 1e20, True, pd.Timestamp("2026-10-01")])
def test_a_cost_that_is_none_is_refused_with_its_file(tmp_path, cost):
    export(tmp_path, {"BilledCost": type(cost)(1) if isinstance(cost, float) else "1"}, file="a.parquet")
    export(tmp_path, {"BilledCost": cost}, file="b.parquet")
    with pytest.raises(InvalidExport) as refusal:
        read(tmp_path)
    assert "b.parquet" in refusal.value.reason
    assert "a.parquet" not in refusal.value.reason


@pytest.mark.parametrize("others", [[1.0], ["1.0"]])
def test_a_row_without_a_cost_is_said_to_be_missing_and_the_bill_not_final(tmp_path, others):
    export(tmp_path, *({"BilledCost": cost} for cost in [*others, None]))
    bill = read(tmp_path)
    assert (bill.net, bill.maturity) == (1, INCOMPLETE_BILL)
    assert "1 row(s) have no BilledCost" in " ".join(bill.notes)


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_columns_may_be_spelled_as_glue_and_athena_do(tmp_path, spelling):
    rows = ({"BilledCost": 0.0, "ListCost": 10.0, "CommitmentDiscountStatus": "Used"}, {"SubAccountId": None})
    table = export(tmp_path, *rows)
    plain = read(tmp_path)
    path = next((tmp_path / "data").rglob("*.parquet"))
    table.rename(columns=spelling).to_parquet(path, index=False)
    assert read(tmp_path).rows == plain.rows


def test_nothing_in_another_currency_is_nothing_and_something_is_named(tmp_path):
    export(tmp_path, {}, {"BillingCurrency": "EUR", "BilledCost": 0.0}, {"BillingCurrency": "usd"})
    assert (read(tmp_path).net, read(tmp_path).maturity, read(tmp_path).notes) == (2, FINAL_BILL, ())
    export(tmp_path, {}, {"BillingCurrency": "EUR", "BilledCost": 0.5}, file="focus-00002.snappy.parquet")
    bill = read(tmp_path)
    assert (bill.net, bill.maturity) == (3, INCOMPLETE_BILL)
    assert "are in EUR and not counted: 0.50 EUR" in " ".join(bill.notes)


def test_a_bill_in_another_currency_is_refused(tmp_path):
    export(tmp_path, {"BillingCurrency": "EUR"})
    with pytest.raises(NoBill, match="EUR"):
        read(tmp_path)


@pytest.mark.parametrize(
    "period", [pd.Timestamp("2026-09-01"), pd.Timestamp("2026-09-01", tz="UTC"), "2026-09-01T00:00:00Z"]
)
def test_rows_of_another_provider_or_period_are_named_and_not_counted(tmp_path, period):
    of_month = type(period)(str(period).replace("2026-09", "2026-10"))
    base = {"BillingPeriodStart": of_month, "ProviderName": "AWS"}
    export(
        tmp_path, base, base | {"BillingPeriodStart": period, "BilledCost": 5.0},
        base | {"ProviderName": "Microsoft", "SubAccountId": "/subscriptions/64e3", "BilledCost": 9.0},
        base | {"ProviderName": None}, base | {"ProviderName": "Amazon Web Services"},
    )  # fmt: skip
    bill = read(tmp_path)
    assert bill.net == 3
    assert "1 row(s) of billing period 2026-09 were not counted" in " ".join(bill.notes)
    assert "1 row(s) of Microsoft were not counted" in " ".join(bill.notes)


def test_rows_of_others_alone_are_no_bill_of_nothing(tmp_path):
    export(tmp_path, {"ProviderName": "Microsoft"})
    with pytest.raises(InvalidExport, match="no row of AWS for 2026-10"):
        read(tmp_path)


COST = st.decimals(min_value=-10_000, max_value=10_000, places=6, allow_nan=False)
CELLS = st.fixed_dictionaries(
    {
        "SubAccountId": st.sampled_from([PROD, "222222222222", "1111-1111-1111", None]),
        "ServiceName": st.sampled_from(["Amazon Simple Storage Service", "Amazon EC2"]),
        "x_ServiceCode": st.none(),
        "ChargeCategory": st.sampled_from(["Usage", "usage", "Credit", "Tax", "Purchase", "Adjustment", None, "Odd"]),
        "BillingCurrency": st.sampled_from(["USD", "usd"]),
        "BilledCost": COST.map(float),
        "ListCost": st.one_of(st.none(), COST.map(float)),
        "CommitmentDiscountStatus": st.sampled_from([None, "Used", "Unused"]),
    }
)


@settings(max_examples=40)
@given(parts=st.lists(st.lists(CELLS, min_size=1, max_size=12), min_size=1, max_size=3))
def test_any_bill_adds_up_to_what_pandas_finds_in_its_rows(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("any")
    tables = [export(folder, *rows, file=f"focus-{number:05}.parquet") for number, rows in enumerate(parts)]
    whole = pd.concat(tables, ignore_index=True)
    kinds = whole.ChargeCategory.str.lower()
    accounts = whole.SubAccountId.fillna(PAYER).str.replace("-", "")
    billed = whole.BilledCost.map(lambda cost: Decimal(str(cost)))
    is_priced = whole.ListCost.notna() & (whole.ListCost != 0) & (whole.CommitmentDiscountStatus != "Unused")
    gross = whole.ListCost.where(is_priced, whole.BilledCost)[kinds == "usage"].sum()
    bill = read(folder)
    expected = billed.groupby(accounts).sum()
    near = Decimal("0.000001") * len(whole)
    found = by_account(bill)
    assert all(abs(found.get(account, Decimal(0)) - amount) <= near for account, amount in expected.items())
    assert set(found) <= set(expected.index)
    assert float(bill.gross) == pytest.approx(gross, abs=1e-5)
    assert float(bill.credits) == pytest.approx(whole.BilledCost[kinds == "credit"].sum(), abs=1e-5)
    assert bill.gross + bill.credits + bill.other_usd == bill.net


def test_a_row_without_a_cost_is_no_discount(tmp_path):
    export(tmp_path, {}, {"BilledCost": None, "ListCost": 5.0})
    bill = read(tmp_path)
    assert bill.maturity == INCOMPLETE_BILL
    assert [(row.category, row.amount) for row in bill.rows] == [("Usage", 1)]


@pytest.mark.parametrize("other", ["888888888888", 888888888888.0])
def test_rows_that_another_account_pays_for_are_counted_and_named(tmp_path, other):
    export(tmp_path, {"BillingAccountId": PAYER}, file="focus-00001.parquet")
    export(tmp_path, {"BillingAccountId": other, "BilledCost": 7.0, "ListCost": 7.0}, file="focus-00002.parquet")
    bill = read(tmp_path)
    assert by_account(bill) == {PROD: 8}
    (note,) = bill.notes
    assert note == f"1 row(s) of 7.00 USD were billed to account 888888888888, not to {PAYER}: they are counted."


def test_a_billing_period_that_is_no_date_is_refused_with_its_file(tmp_path):
    export(tmp_path, {"BillingPeriodStart": 1790812800000})
    with pytest.raises(InvalidExport, match=r"focus-00001.*BillingPeriodStart '1790812800000' is not a date"):
        read(tmp_path)


def test_files_without_a_row_that_are_younger_than_the_month_are_refused(tmp_path):
    file = tmp_path / "data" / "BILLING_PERIOD=2026-10" / "focus-00001.snappy.parquet"
    export(tmp_path, {}).iloc[:0].to_parquet(file, index=False)
    with pytest.raises(InvalidExport, match="the files of 2026-10 hold no row"):
        read(tmp_path)
    early = datetime(2026, 10, 20, tzinfo=UTC).timestamp()
    os.utime(file, (early, early))
    assert read(tmp_path).maturity == NOT_READY
