"""What must be true of any price and any usage."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.costs.estimate.charge import QUANTUM, Usage, charges, cost, quantity_for, tiers
from orgkit.costs.prices.books import shipped_book
from orgkit.costs.prices.prices import Price, PriceBook, Tier

PRICES = tuple(shipped_book().prices.values())

price = st.sampled_from(PRICES)
quantity = st.decimals(min_value=0, max_value=2_000_000, places=6)
regions = st.decimals(min_value=0, max_value=20, places=1)
quantities = st.lists(quantity, min_size=1, max_size=8)


def usages(chosen, amounts, count=Decimal(1)):
    return [
        Usage(f"account-{n:02d}", chosen.id, amount, "driver", "assumption", "rule", True, count)
        for n, amount in enumerate(amounts)
    ]


@given(price, quantity, quantity, regions)
def test_more_usage_never_costs_less(chosen, one, more, count):
    assert cost(chosen, one, count) <= cost(chosen, one + more, count)


@given(price, quantity, regions.filter(bool))
def test_the_quantity_for_an_amount_costs_that_amount(chosen, used, count):
    amount = cost(chosen, used, count)
    found = quantity_for(chosen, amount, count)
    if any(tier.unit_price for tier in chosen.tiers):
        assert found is not None
        assert abs(cost(chosen, found, count) - amount) < Decimal("1e-6")
    else:
        assert found is None


@given(price, regions.filter(bool))
def test_cost_does_not_jump_where_a_tier_begins(chosen, count):
    dearest = max(tier.unit_price for tier in chosen.tiers)
    for tier in chosen.tiers[1:]:
        edge = (tier.start * count).quantize(QUANTUM)
        assert cost(chosen, edge + QUANTUM, count) - cost(chosen, edge, count) <= dearest * QUANTUM


@given(price, quantities, regions)
def test_accounts_add_up_to_the_payer_to_the_last_digit(chosen, amounts, count):
    found = charges(usages(chosen, amounts, count), shipped_book())
    by_account = {u.account: Decimal(0) for u in usages(chosen, amounts)}
    for charge in found:
        by_account[charge.usage.account] += charge.quantity
    assert list(by_account.values()) == amounts
    if chosen.is_pooled:
        assert sum(charge.effective_cost for charge in found) == cost(chosen, sum(amounts), count)
    else:
        assert sum(charge.effective_cost for charge in found) == sum(cost(chosen, each, count) for each in amounts)


@given(price, quantities, st.randoms())
def test_the_order_of_accounts_changes_nothing(chosen, amounts, random):
    ordered = usages(chosen, amounts)
    shuffled = random.sample(ordered, len(ordered))
    assert charges(ordered, shipped_book()) == charges(shuffled, shipped_book())


@given(price, quantities)
def test_an_allowance_never_makes_a_charge_negative_and_is_given_once(chosen, amounts):
    found = charges(usages(chosen, amounts), shipped_book())
    assert all(0 <= charge.free <= charge.quantity for charge in found)
    assert all(0 <= charge.effective_cost <= charge.list_cost for charge in found)
    shared = [sum(amounts)] if chosen.is_pooled else amounts
    assert sum(charge.free for charge in found) == sum(min(chosen.allowance, each) for each in shared)


@given(price, quantities)
def test_pooled_tiers_never_cost_more_than_tiers_apart(chosen, amounts):
    without_allowance = dataclasses.replace(chosen, free_allowance=Decimal(0))
    apart = sum(cost(without_allowance, amount) for amount in amounts)
    assert cost(without_allowance, sum(amounts)) <= apart


@given(price, quantity, regions)
def test_what_falls_into_tiers_is_all_there_is(chosen, amount, count):
    assert sum(inside for _, inside, _ in tiers(chosen, amount, count)) == amount


def test_regions_have_tiers_of_their_own():
    evaluations = shipped_book().price("config.eval.rule")
    one = cost(evaluations, Decimal(150_000))
    assert cost(evaluations, Decimal(300_000), Decimal(2)) == 2 * one
    assert cost(evaluations, Decimal(300_000)) < 2 * one


def test_a_driver_that_is_idle_is_told_with_nothing_to_pay():
    (charge,) = charges(usages(shipped_book().price("config.eval.rule"), [Decimal(0)]), shipped_book())
    assert (charge.quantity, charge.effective_cost) == (0, 0)


@pytest.mark.parametrize(("parts", "dollars"), [((8, 4), "2007.04"), ((8,), "1392.64"), ((4,), "696.32")])
def test_consolidated_billing_as_the_aws_billing_guide_computes_it(parts, dollars):
    # "Volume discounts" of the AWS Billing user guide: Bob moves 8 TB, Susan 4 TB, in one family of accounts.
    first, rest = Tier(Decimal(0), Decimal(10 * 1024), Decimal("0.17")), Tier(Decimal(10 * 1024), None, Decimal("0.13"))
    transfer = _price("transfer.out", first, rest)
    found = charges(usages(transfer, [Decimal(part * 1024) for part in parts]), PriceBook({transfer.id: transfer}, ""))
    assert sum(charge.effective_cost for charge in found) == Decimal(dollars)


def test_storage_as_the_s3_faq_computes_it():
    # "How will I be charged and billed for my use of Amazon S3?": 100 GB for 15 days of March, 100 TB for the other 16.
    byte_hours = (107_374_182_400 * 15 + 109_951_162_777_600 * 16) * 24
    gigabytes = Decimal(byte_hours) / 2**30 / 744
    assert (byte_hours, gigabytes) == (42_259_901_212_262_400, 52_900)
    assert cost(shipped_book().price("s3.storage.standard"), gigabytes) == Decimal("1215.00")  # 1,177.60 and 37.40
    # The same example at the prices of 2011, as a copy of that page has it: three tiers, 6,602.36 USD.
    steps = (0, 1024, "0.140"), (1024, 51_200, "0.125"), (51_200, 512_000, "0.110"), (512_000, None, "0.095")
    then = _price("s3.then", *(Tier(Decimal(a), None if b is None else Decimal(b), Decimal(c)) for a, b, c in steps))
    assert cost(then, gigabytes) == Decimal("6602.36")


def _price(name: str, *steps: Tier) -> Price:
    return dataclasses.replace(shipped_book().price("config.eval.rule"), id=name, tiers=steps)
