"""One month by Cost Explorer and by a data export: the same gross, credits and net, whatever commitments cover."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from orgkit.costs.bills.bill import Bill
from orgkit.costs.bills.difference import compare
from orgkit.costs.bills.explain import explain
from orgkit.costs.bills.exports_aws import ExportedBills
from orgkit.costs.bills.month import Month
from orgkit.costs.estimate.estimate import estimate
from tests.costs.explorer import Clock, Table, desk
from tests.costs.test_export_domains import AWS

OCTOBER, EC2, CONFIG = Month(2026, 10), "Amazon Elastic Compute Cloud - Compute", "AWS Config"
PAYER, PROD = "999999999999", "111111111111"
PLAIN = (
    ((PROD, CONFIG, "Usage", "2.50"),),
    [{"ServiceName": CONFIG, "BilledCost": 2.5, "ListCost": 2.5}],
)
SAVINGS_PLAN = (
    ((PROD, EC2, "SavingsPlanCoveredUsage", "10"), (PROD, EC2, "SavingsPlanNegation", "-10"),
     (PROD, "Savings Plans", "SavingsPlanRecurringFee", "7")),
    [{"BilledCost": 0.0, "ListCost": 10.0, "CommitmentDiscountStatus": "Used"},
     {"BilledCost": 0.0, "ListCost": 3.0, "CommitmentDiscountStatus": "Unused"},
     {"ChargeCategory": "Purchase", "ServiceName": "Savings Plans", "BilledCost": 7.0}],
)  # fmt: skip
DISCOUNT = (
    ((PROD, EC2, "Usage", "20"), (PROD, EC2, "EdpDiscount", "-2")),
    [{"BilledCost": 18.0, "ListCost": 20.0}],
)
CREDIT_AND_TAX = (
    ((PROD, CONFIG, "Usage", "2.50"), (PROD, CONFIG, "Credit", "-1"), (PAYER, "Tax", "Tax", "0.33")),
    [{"ServiceName": CONFIG, "BilledCost": 2.5, "ListCost": 2.5},
     {"ServiceName": CONFIG, "ChargeCategory": "Credit", "BilledCost": -1.0},
     {"SubAccountId": None, "ServiceName": "Tax", "ChargeCategory": "Tax", "BilledCost": 0.33}],
)  # fmt: skip
RESERVED = (
    ((PROD, EC2, "DiscountedUsage", "0"), (PROD, EC2, "RIFee", "4")),
    [{"BilledCost": 0.0, "ListCost": 6.0, "CommitmentDiscountStatus": "Used"},
     {"ChargeCategory": "Purchase", "BilledCost": 4.0}],
)  # fmt: skip
BASE = {
    "SubAccountId": PROD, "ServiceName": EC2, "ChargeCategory": "Usage", "BillingCurrency": "USD",
    "ListCost": None, "CommitmentDiscountStatus": None, "ProviderName": "AWS", "BillingAccountId": PAYER,
}  # fmt: skip


def explored(*facts: Any) -> Bill:
    return desk(Table(rows=tuple(row for rows, _ in facts for row in rows))).bill(OCTOBER)


def exported(folder: Path, *facts: Any) -> Bill:
    month = folder / "data" / "BILLING_PERIOD=2026-10"
    month.mkdir(parents=True)
    table = pd.DataFrame([BASE | row for _, rows in facts for row in rows])
    table.to_parquet(month / "focus-00001.snappy.parquet", index=False)
    return ExportedBills(AWS, ".", folder).bill(OCTOBER)  # type: ignore[arg-type]


def gross(bill: Bill) -> dict[tuple[str, str], Decimal]:
    return {(row.account, row.service): row.amount for row in bill.rows if row.category == "Usage"}


@pytest.mark.parametrize(
    "facts",
    [(PLAIN,), (SAVINGS_PLAN,), (DISCOUNT,), (CREDIT_AND_TAX,), (PLAIN, SAVINGS_PLAN, DISCOUNT)],
)
def test_both_engines_find_the_same_month(tmp_path, facts):
    one, other = explored(*facts), exported(tmp_path, *facts)
    assert gross(one) == gross(other)
    assert (one.gross, one.credits, one.other_usd, one.net) == (other.gross, other.credits, other.other_usd, other.net)


def test_what_a_savings_plan_covers_is_used_at_its_list_price(tmp_path):
    for bill in (explored(SAVINGS_PLAN), exported(tmp_path, SAVINGS_PLAN)):
        assert (bill.gross, bill.other_usd, bill.net) == (10, -3, 7)


def test_what_reserved_instances_cover_is_said_to_be_nothing_in_cost_explorer(tmp_path):
    one, other = explored(RESERVED), exported(tmp_path, RESERVED)
    assert (one.gross, other.gross) == (0, 6)
    assert one.net == other.net == 4
    assert any("Cost Explorer counts it as 0" in note for note in one.notes)
    assert not other.notes


def test_covered_usage_that_counts_as_nothing_is_not_explained_as_switched_off(build):
    covered = ((PROD, CONFIG, "DiscountedUsage", "0"),)
    found = estimate(build(), {"website-prod": PROD})
    for facts, expected in (((covered, []), "a commitment covers usage"), (PLAIN, "")):
        bill = explored(facts)
        sentences = [
            s for s in explain(found, compare(found, bill, {}, Clock().now())) if f"{CONFIG} in Website-Prod" in s
        ]
        assert not expected or (expected in sentences[0] and "switched on" not in sentences[0])


def test_an_export_without_list_prices_says_that_covered_usage_is_nothing(tmp_path):
    month = tmp_path / "data" / "BILLING_PERIOD=2026-10"
    month.mkdir(parents=True)
    row = {key: value for key, value in BASE.items() if key != "ListCost"}
    pd.DataFrame([row | {"BilledCost": 0.0, "CommitmentDiscountStatus": "Used"}]).to_parquet(month / "x.parquet")
    bill = ExportedBills(AWS, ".", tmp_path).bill(OCTOBER)  # type: ignore[arg-type]
    assert (bill.gross, bill.covered_accounts) == (0, {PROD})
    assert any("no column ListCost" in note for note in bill.notes)
