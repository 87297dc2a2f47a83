"""The groups of an export: what few of them differ in is worked out once, with the same result as for each alone."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from orgkit.costs.bills import export_rows
from orgkit.costs.bills.export_rows import RowSums, sum_rows
from orgkit.costs.bills.month import Month

OCTOBER = Month(2026, 10)
PAYER = "999999999999"
Row = tuple[object, ...]


def row(account: object, service: str = "AmazonS3", amount: object = 1.5, **others: object) -> Row:
    """A group as an engine answers it."""
    values = {"category": "Usage", "currency": "USD", "listed": amount, "provider": "AWS", "period": date(2026, 10, 1)}
    values = {**values, "payer": PAYER, "number": 1, "missing": 0, "covered": 0, **others}
    columns = (
        "category",
        "currency",
        "amount",
        "listed",
        "provider",
        "period",
        "payer",
        "number",
        "missing",
        "covered",
    )
    return (account, service, service, *({**values, "amount": amount}[name] for name in columns))


def sums_of(*rows: Row) -> RowSums:
    return sum_rows(OCTOBER, rows, source="a file", payer=PAYER)


def test_each_combination_of_values_is_worked_out_once_for_any_number_of_groups() -> None:
    for cache in (export_rows._facts_of, export_rows._service_of):
        cache.cache_clear()
    rows = [row(f"{number:012d}", service) for number in range(1, 200) for service in ("AmazonS3", "AmazonEC2")]
    sums = sums_of(*rows, row("000000000001", category="Tax"))
    assert len(sums.amounts) == 399
    assert (export_rows._facts_of.cache_info().misses, export_rows._service_of.cache_info().misses) == (2, 2)


@pytest.mark.parametrize(
    "others",
    [
        {"provider": "Other Cloud"},
        {"provider": ["AWS"]},
        {"period": datetime(2026, 10, 1)},
        {"period": "2026-09-01"},
        {"currency": "eur"},
        {"currency": {"code": "USD"}},
        {"category": "Unknown"},
        {"category": ["Usage"]},
        {"payer": "111122223333"},
        {"payer": [PAYER]},
        {"listed": 2.5},
        {"listed": 1.5000000001},
        {"missing": 2},
        {"covered": 1},
    ],
    ids=str,
)
def test_a_group_means_the_same_after_others_that_equal_it_in_part(others) -> None:
    alone, usual = sums_of(row("000000000001", **others), row("000000000002")), row("000000000003")
    later = sums_of(usual, row("000000000001", **others), row("000000000002"))
    amounts = {place: amount for place, amount in later.amounts.items() if place[0] != "000000000003"}
    assert (amounts, later.notes, later.covered_accounts) == (alone.amounts, alone.notes, alone.covered_accounts)


def test_a_list_price_that_equals_the_cost_makes_no_adjustment() -> None:
    sums = sums_of(row("000000000001", amount=0.1), row("000000000001", amount=0.2, listed=0.25))
    amounts = sorted((kind, amount) for (_, _, kind), amount in sums.amounts.items())
    assert amounts == [("Adjustment", Decimal("-0.05")), ("Usage", Decimal("0.35"))]
