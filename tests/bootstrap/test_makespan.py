"""Accounts are vended as fast as AWS's limits allow, with calls that follow from a formula, on a virtual clock."""

import math
from collections import Counter

import pytest

from benchmarks.vending import CALLS_FOR_AN_ACCOUNT, SLOTS, vend_in_new_process
from tests.conftest import Tell


@pytest.mark.parametrize("accounts", [10, 40, 100])
def test_the_last_step_ends_within_three_percent_of_the_bound_of_aws(accounts: int, report: Tell) -> None:
    vended = vend_in_new_process(accounts)
    report(str(vended))
    assert 1.0 <= vended.ratio <= 1.03
    assert vended.most_at_once <= SLOTS
    assert set(vended.refused) == {"AssumeRole"}, "AWS refused nothing but roles that are not there yet"
    assert vended.calls_without_waits == Counter({name: n * accounts for name, n in CALLS_FOR_AN_ACCOUNT.items()})
    assert CALLS_FOR_AN_ACCOUNT.total() <= 12
    polls, pages = vended.calls["ListCreateAccountStatus"], math.ceil((accounts + 1) / 20)
    assert polls <= accounts / 2 + 40, "two accounts share a poll; the last are polled each second at most"
    assert vended.calls["ListAccounts"] <= polls * pages, "one list of the accounts for each poll at most"
    assert vended.megabytes < 300
