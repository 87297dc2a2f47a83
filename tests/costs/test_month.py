"""Months, as AWS counts them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.costs.bills.month import Month, last, select_months
from orgkit.errors import InvalidMonth

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NONE = ("", "2026", "2026-13", "2026-00", "2026-1", "26-01", "2026-10-01", " 2026-10", "\uff12026-10")


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_month_is_refused_with_an_example(text):
    with pytest.raises(InvalidMonth, match="2026-10"):
        Month.parse(text)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_month_ends_where_the_next_begins(day):
    month = Month(day.year, day.month)
    assert Month.parse(str(month)) == month
    assert month.previous.end == month.start
    assert month.start <= day < month.end


def test_the_last_months_are_those_that_are_over():
    assert [str(month) for month in last(3, NOW)] == ["2026-08", "2026-09", "2026-10"]
    assert [str(month) for month in last(1, datetime(2027, 1, 1, tzinfo=UTC))] == ["2026-12"]


def test_named_months_come_in_their_order_and_once():
    assert [str(m) for m in select_months(("2026-10", "2026-08", "2026-10"), NOW)] == ["2026-08", "2026-10"]
    assert [str(m) for m in select_months((), NOW)] == ["2026-10"]


def test_a_month_that_has_not_begun_is_refused():
    with pytest.raises(InvalidMonth, match="2026-12 has not begun"):
        select_months(("2026-12",), NOW)


def test_a_month_counts_by_the_days_that_have_begun():
    november = Month.from_datetime(NOW)
    assert november.part(NOW) == Decimal(24) / Decimal(30)
    assert november.part(NOW - timedelta(days=60)) == 0
    assert november.previous.part(NOW) == 1


def test_a_month_is_settled_ten_days_after_its_end():
    october = Month(2026, 10)
    assert not october.is_final(datetime(2026, 11, 10, 23, 59, tzinfo=UTC))
    assert october.is_final(datetime(2026, 11, 11, tzinfo=UTC))
