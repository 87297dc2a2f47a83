"""Parts add up to the total that stands below them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orgkit.costs.rounding import CENT, apportion, cents, in_cents

amounts = st.decimals(min_value=0, max_value=10**7, places=9)
weights = st.lists(st.decimals(min_value=0, max_value=10**6, places=6), min_size=1, max_size=12)


@given(st.lists(amounts, max_size=20))
def test_amounts_in_cents_add_up_and_none_is_off_by_a_cent_or_more(exact):
    parts = in_cents(exact)
    assert sum(parts) == cents(sum(exact, Decimal(0)))
    assert all(abs(part - amount) < CENT for part, amount in zip(parts, exact, strict=True))


def test_whole_cents_stay_what_they_are():
    assert in_cents([Decimal("1.00"), Decimal("0.004"), Decimal("0.004")]) == [1, Decimal("0.01"), 0]


@given(st.integers(min_value=0, max_value=10**9), weights)
def test_what_is_apportioned_adds_up_to_the_last_digit(units, shares):
    total = units * Decimal("0.000001")
    parts = apportion(total, shares, Decimal("0.000001"))
    assert sum(parts) == (total if any(shares) else 0)
    assert all(part >= 0 for part in parts)


def test_an_equal_share_is_equal_but_for_one_quantum():
    assert apportion(Decimal("1"), [Decimal(1)] * 3, CENT) == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]
