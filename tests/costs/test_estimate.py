"""The estimate of a whole organization: worked numbers, and what must hold for any."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.costs.estimate.assumptions import ASSUMPTIONS, SCENARIOS
from orgkit.costs.estimate.estimate import estimate
from orgkit.costs.estimate.sensitivity import sensitivity, sizes
from orgkit.costs.prices.books import shipped_book
from orgkit.costs.prices.prices import PriceBook
from orgkit.costs.rounding import sum_exactly
from orgkit.errors import UnknownPrice

# The worked numbers were made before these were thought of; without them they must come out to the cent.
AS_WORKED = {"enabled_regions": 0, "trail_gb_per_account": (0, 0, "10.869565"), "second_trail_copies": 0}
AS_WORKED |= dict.fromkeys(("dns_queries", "plans_per_month", "applies_per_month", "cloudwatch_logs_gb"), 0)

amount = st.decimals(min_value=0, max_value=200_000, places=3)
three = st.tuples(amount, amount, amount).map(lambda amounts: tuple(sorted(amounts)))
assumptions = st.fixed_dictionaries({}, optional=dict.fromkeys(ASSUMPTIONS, three))
names = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6).map(tuple)


def many(count):
    """So many accounts, the management account and the log archive among them."""
    return ("log-archive", *(f"a{n:04d}" for n in range(count - 2)))


def by_key(found, scenario):
    sums = {account.key: Decimal(0) for account in found.accounts}
    for charge in found.charges[scenario]:
        sums[charge.usage.account] += charge.effective_cost
    return sums


# Worked numbers


def test_four_accounts_with_one_recorded_region(build):
    found = estimate(build(**AS_WORKED))
    assert (found.low, found.expected, found.high) == (Decimal("2.49"), Decimal("9.68"), Decimal("54.98"))


def test_digest_files_of_idle_regions_belong_in_every_scenario(build):
    without = estimate(build(**AS_WORKED))
    found = estimate(build(**{**AS_WORKED, "enabled_regions": 17}))
    for scenario in SCENARIOS:  # 4 accounts x 17 regions x 730 hours x 0.005 USD per 1,000
        assert found.total(scenario) - without.total(scenario) == Decimal("0.2482")


@pytest.mark.parametrize(
    ("accounts", "regions", "dollars"),
    [
        (4, 1, "9.68"), (4, 2, "17.05"), (4, 4, "31.80"),
        (10, 1, "20.74"), (10, 2, "39.18"), (10, 4, "76.05"),
        (20, 1, "39.18"), (20, 2, "76.05"), (20, 4, "149.80"),
        (100, 1, "186.68"), (100, 2, "371.06"), (100, 4, "739.82"),
        (1000, 1, "1806.10"), (1000, 2, "3609.90"), (1000, 4, "7217.50"),
    ],
)  # fmt: skip
def test_expected_by_accounts_and_regions(build, accounts, regions, dollars):
    size = {"recorded_regions": regions, "trail_active_regions": regions}
    found = estimate(build(many(accounts), (), **{**AS_WORKED, **size}))
    assert found.expected == Decimal(dollars)


def test_another_account_with_another_region_costs_about_two_dollars(build):
    more = estimate(build(many(5), ())).expected - estimate(build(many(4), ())).expected
    assert more == Decimal("1.91")  # Config 1.80, log files 0.04, digest files 0.06, storage


# What must hold for any organization


@given(names, assumptions, st.booleans())
@settings(max_examples=100)
def test_accounts_add_up_and_scenarios_are_in_order(build, accounts, stated, kms_key):
    found = estimate(build(("log-archive", *accounts), ("dns",), kms_key=kms_key, **stated))
    for scenario in SCENARIOS:
        assert sum(by_key(found, scenario).values()) == found.total(scenario)
    low, expected, high = ({_row(c): c for c in found.charges[scenario]} for scenario in SCENARIOS)
    assert low.keys() <= expected.keys() <= high.keys()
    for key, charge in high.items():
        costs = [each[key].effective_cost if key in each else 0 for each in (low, expected)]
        assert 0 <= costs[0] <= costs[1] <= charge.effective_cost


@given(names, st.randoms())
@settings(max_examples=30)
def test_the_order_of_accounts_in_the_file_changes_nothing(build, accounts, random):
    keys = ("log-archive", "dns", "my-dns", *accounts)
    shuffled = tuple(random.sample(keys, len(keys)))
    one, other = estimate(build(keys, ())), estimate(build(shuffled, ()))
    assert (one.accounts, one.charges) == (other.accounts, other.charges)


@given(st.sampled_from(sorted(ASSUMPTIONS)), three)
@settings(max_examples=40)
def test_assuming_more_never_costs_less(build, name, amounts):
    found = estimate(build(kms_key=True, **{name: amounts}))
    more = estimate(build(kms_key=True, **{name: tuple(each + 7 for each in amounts)}))
    assert all(found.total(scenario) <= more.total(scenario) for scenario in SCENARIOS)


def test_an_idle_account_adds_only_its_digest_files(build):
    idle = dict.fromkeys(set(ASSUMPTIONS) - {"enabled_regions"}, 0)
    more = estimate(build(many(5), (), **idle)).total("low") - estimate(build(many(4), (), **idle)).total("low")
    assert more == 17 * 730 * Decimal("0.000005")


def test_an_empty_organization_of_which_nothing_is_asked_costs_nothing(build):
    nothing = estimate(build((), (), (), **dict.fromkeys(ASSUMPTIONS, 0)))
    assert (nothing.low, nothing.expected, nothing.high) == (0, 0, 0)


def test_orgkit_itself_makes_nothing_that_costs_in_an_empty_organization(build):
    assert estimate(build((), ())).made_by_orgkit == (0, 0, 0)


def test_what_orgkit_makes_costs_less_than_a_dollar_for_four_quiet_accounts(build):
    low, expected, high = estimate(build()).made_by_orgkit
    assert (low, expected) == (Decimal("0.32"), Decimal("0.43"))
    assert high == Decimal("14.15")  # of which 10.00 if the imported account keeps a trail of its own


# Who pays what


def test_each_charge_stands_with_the_account_that_owns_the_thing(build):
    found = estimate(build(kms_key=True))
    owner = {charge.usage.driver: charge.usage.account for charge in found.charges["high"] if charge.quantity}
    assert {owner[d] for d in ("trail log files", "trail digest files", "trail storage")} == {"log-archive"}
    assert {owner[d] for d in ("trail KMS key", "reading encrypted logs")} == {"log-archive"}
    assert owner["hosted zones"] == "dns"
    assert owner["reading actual costs"] == "management account"
    assert owner["trail events, second copy"] == "dns"


def test_zones_stand_with_the_management_account_where_none_is_named_for_dns(build):
    found = estimate(build(("log-archive", "adnsb"), ()))
    (zones,) = [charge for charge in found.charges["low"] if charge.price.id == "r53.zone"]
    assert zones.usage.account == "management account"
    assert "not known" in zones.usage.rule


def test_config_is_left_out_where_the_file_does_not_ask_for_it(build):
    def config(desired):
        return sum(c.effective_cost for c in estimate(desired).charges["high"] if c.price.service == "AWS Config")

    assert config(build()) == 44
    assert config(build(trusted_access=())) == 0
    assert config(build(trusted_access=(), recorded_regions=1)) == 44


def test_a_kms_key_adds_its_price_and_the_requests_beyond_the_allowance(build):
    without, found = estimate(build()), estimate(build(kms_key=True))
    more = [found.total(scenario) - without.total(scenario) for scenario in SCENARIOS]
    assert more == [1, 1, 1 + 30_000 * Decimal("0.000003")]


def test_second_copies_are_no_more_than_there_are_imports(build):
    found = estimate(build(imports=("x", "y"), second_trail_copies=9))
    copied = [c.quantity for c in found.charges["expected"] if c.price.id == "cloudtrail.mgmt.extra_copy"]
    assert copied == [50_000, 50_000]


# Errors and notes


def test_an_estimate_without_one_of_its_prices_is_refused(build):
    book = PriceBook({k: v for k, v in shipped_book().prices.items() if k != "r53.zone"}, "")
    with pytest.raises(UnknownPrice, match=r"r53\.zone"):
        estimate(build(), book=book)


def test_another_price_moves_only_its_own_rows(build):
    zone = shipped_book().price("r53.zone")
    dearer = dataclasses.replace(
        zone, tiers=tuple(dataclasses.replace(t, unit_price=t.unit_price * 2) for t in zone.tiers)
    )
    book = PriceBook({**shipped_book().prices, "r53.zone": dearer}, "")
    pairs = zip(estimate(build()).charges["high"], estimate(build(), book=book).charges["high"], strict=True)
    assert {one.price.id for one, other in pairs if one != other} == {"r53.zone"}


def test_absurd_assumptions_are_reckoned_with_to_the_last_digit(build):
    found = estimate(build(**dict.fromkeys(ASSUMPTIONS, 999_999_999_999_999)))
    with sum_exactly():
        assert sum(found.by_account()["high"].head(-1)) == found.high
    assert found.high > 10**27


def test_an_assumption_that_does_not_exist_is_a_mistake(build):
    with pytest.raises(KeyError, match="hosted_zone"):
        estimate(build(hosted_zone=1))


def test_every_assumption_says_what_it_means_and_where_it_comes_from():
    for assumption in ASSUMPTIONS.values():
        assert assumption.meaning
        assert assumption.source
        assert assumption.low <= assumption.expected <= assumption.high


def test_credits_and_first_inventories_stand_apart_from_the_month(build):
    once = {each.item: each for each in estimate(build()).one_time_costs}
    inventory = once["first inventory of AWS Config"]  # four accounts, one region, 0.003 USD an item
    assert (inventory.low, inventory.expected, inventory.high) == (Decimal("0.36"), Decimal("0.72"), Decimal("6.00"))
    assert once["credits of the management account, lost"].high == 200
    assert once["credits of 1 account(s) to import, lost"].high == 200
    assert [each.item for each in estimate(build(imports=(), trusted_access=())).one_time_costs] == [
        "credits of the management account, lost"
    ]


def test_credits_that_the_file_states_are_lost_whole_and_daily_recording_has_a_dearer_inventory(build):
    once = {
        each.item: each for each in estimate(build(credits_per_account=120, config_recording="daily")).one_time_costs
    }
    assert once["credits of the management account, lost"].expected == 120
    assert once["first inventory of AWS Config"].expected == Decimal("2.88")  # 0.012 USD a resource
    assert estimate(build(credits_per_account=120)).expected == estimate(build()).expected


def test_a_total_is_never_told_without_its_range_and_the_day_of_its_prices(build):
    output = estimate(build()).sentence
    assert output == (
        "USD 0.32 low, 0.43 expected, 14.15 high a month for what orgkit makes; in addition 2.42, 9.50, 51.41 for what "
        "is assumed to be switched on later (estimate; prices of 2026-11-23)"
    )


def test_what_the_amounts_leave_out_is_told(build):
    output = " ".join(
        estimate(build(region="eu-central-1", kms_key=True, trusted_access=("guardduty.amazonaws.com",))).notes
    )
    assert "prices are those of us-east-1: the book has none for eu-central-1." in output
    assert "rotation" in output
    assert "guardduty.amazonaws.com" in output
    assert "the book has none" not in " ".join(estimate(build()).notes)


def test_the_facts_are_strings_with_cents(build):
    facts = estimate(build()).facts()
    assert [facts[scenario] for scenario in SCENARIOS] == [
        "2.74",
        "9.93",
        "65.56",
    ]  # high: 0.40 of it for a million DNS queries
    assert facts["made_by_orgkit"]["expected"] == "0.43"


def _row(charge):
    usage = charge.usage
    return usage.account, usage.driver, charge.price.id, charge.tier.start, usage.assumption.partition("for ")[2]


# What the total hangs on


def test_the_assumption_that_moves_the_total_most_comes_first(build):
    swings = sensitivity(build())
    assert [swing.assumption for swing in swings[:2]] == ["config_items_per_account", "config_evaluations_per_account"]
    assert [swing.moves for swing in swings] == sorted((swing.moves for swing in swings), reverse=True)


def test_the_row_of_the_file_s_own_size_is_the_estimate(build):
    desired = build(many(5), ())
    (own,) = [size for size in sizes(desired) if (size.accounts, size.regions) == (5, 1)]
    made = estimate(desired)
    assert (own.low, own.expected, own.high) == (made.low, made.expected, made.high)


def test_daily_recording_is_charged_by_the_day_and_not_by_the_change(build):
    found = estimate(build(config_recording="daily"))
    paid = {c.price.id for c in found.charges["expected"] if c.price.service == "AWS Config" and c.effective_cost}
    assert paid == {"config.ci.periodic", "config.eval.rule"}


def test_the_twelve_month_offer_counts_only_where_the_file_says_so(build):
    def requests(programme):
        charges = estimate(build(free_tier=programme)).charges["expected"]
        return sum(c.free for c in charges if c.price.id == "s3.requests.tier1")

    assert (requests("none"), requests("post_2025_07_credits"), requests("legacy_12_month")) == (0, 0, 2000)
