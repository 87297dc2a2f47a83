"""The tables that people and other programs read."""

import subprocess
import sys
from decimal import Decimal

import pytest

from orgkit.costs.estimate.assumptions import ASSUMPTIONS, SCENARIOS
from orgkit.costs.estimate.estimate import estimate

FOCUS = {
    "BillingAccountId", "SubAccountId", "SubAccountName", "ServiceName", "ServiceCategory", "RegionId",
    "ChargeCategory", "ChargeDescription", "BillingCurrency", "PricingQuantity", "PricingUnit", "ListUnitPrice",
    "ListCost", "EffectiveCost", "SkuId", "SkuPriceId",
}  # fmt: skip


@pytest.fixture(scope="module")
def found(build):
    return estimate(build(kms_key=True), {"log-archive": "222222222222"})


def test_the_long_frame_speaks_focus_and_bills_nobody(found):
    frame = found.to_frame()
    assert set(frame.columns) >= FOCUS
    assert {column for column in frame.columns if not column.startswith("x_")} == FOCUS
    assert set(frame["x_Kind"]) == {"estimate"}


def test_every_row_multiplies_and_has_a_source(found):
    for row in found.to_frame().to_dict("records"):
        assert row["ListCost"] == row["ListUnitPrice"] * row["PricingQuantity"]
        assert row["EffectiveCost"] == row["ListCost"] - row["x_FreeTierDiscount"]
        assert row["x_PriceSource"].startswith("https://")
        assert row["x_PriceRetrieved"]
        assert row["x_Assumption"]
        assert "E-" not in f"{row['ListCost']} {row['EffectiveCost']} {row['x_FreeTierDiscount']}"


def test_a_row_tells_in_how_many_regions_its_tiers_begin_at_0(build):
    frame = estimate(build(recorded_regions=4, config_evaluations_per_account=100_000)).to_frame()
    rules = frame[frame["x_PriceId"] == "config.eval.rule"]
    assert set(rules["x_Regions"]) == {4}
    assert rules["ChargeDescription"].str.endswith("0 to 100000 Evaluation, in each of 4 regions").any()
    assert set(frame[frame["x_PriceId"] == "kms.key"]["x_Regions"]) == {1}


def test_the_long_frame_adds_up_to_the_totals(found):
    sums = found.to_frame().groupby("x_Scenario")["EffectiveCost"].sum()
    assert {scenario: found.total(scenario) for scenario in SCENARIOS} == sums.to_dict()


def test_ids_are_told_where_they_are_known(found):
    ids = found.to_frame().drop_duplicates("x_AccountKey").set_index("x_AccountKey")["SubAccountId"].fillna("")
    assert ids.to_dict() == {
        "management account": "000000000000",
        "dns": "111111111111",
        "log-archive": "222222222222",
        "website-prod": "",
    }


def test_every_account_has_a_row_and_a_silent_one_shows_zero(build):
    table = estimate(build(trusted_access=(), hosted_zones=0, kms_keys=0)).by_account()
    assert list(table.index) == ["management account", "dns", "log-archive", "website-prod", "Total"]
    assert str(table.loc["website-prod", "high"]) == "0.00"
    assert table.loc["website-prod", "id"] == "not yet"


@pytest.mark.parametrize("view", ["by_account", "by_service", "by_driver"])
def test_columns_of_a_view_add_up_to_their_total_in_cents(found, view):
    table = getattr(found, view)()
    for scenario in SCENARIOS:
        *parts, whole = table[scenario]
        assert sum(parts) == whole == getattr(found, scenario)
        assert all(amount == amount.quantize(Decimal("0.01")) for amount in parts)


def test_the_table_of_drivers_tells_what_orgkit_makes_from_what_may_come_later(found):
    origin = found.by_driver()["origin"]
    assert origin["trail digest files"] == "orgkit makes this"
    assert origin["AWS Config items"] == "assumed to be switched on later"
    later = found.by_driver()[origin == "orgkit makes this"]["expected"].sum()
    assert abs(later - found.made_by_orgkit[1]) <= Decimal("0.02")


def test_assumptions_show_their_source_and_that_of_the_file(build):
    table = estimate(build(hosted_zones=(1, 2, 3))).by_assumption()
    assert list(table.index) == list(ASSUMPTIONS)
    assert table.loc["hosted_zones", "source"] == "parameters file"
    assert "digest" in table.loc["enabled_regions", "source"]
    assert table.loc["config_changed_resource_days", "source"] == "not counted for this file"


def test_an_estimate_is_made_without_pandas():
    code = "import sys, orgkit.costs.estimate.estimate, orgkit.costs.estimate.effect; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_one_scenario_is_a_series_that_pandas_adds_up(build, scenario):
    found = estimate(build())
    for series in (found.by_account(scenario), found.by_service(scenario)):
        assert series.dtype == "float64"
        assert series.sum() == pytest.approx(float(getattr(found, scenario)))
    exact = found.by_account(scenario, exact=True)
    assert sum(exact) == found.total(scenario)
    assert list(exact.index) == [account.key for account in found.accounts]
    assert sum(found.by_service(scenario, exact=True)) == found.total(scenario)


def test_a_scenario_that_is_none_is_refused(build):
    with pytest.raises(ValueError, match="'all' is not a scenario: write one of low, expected, high"):
        estimate(build()).by_account("all")


def test_what_orgkit_makes_and_what_comes_later_are_totals_of_their_own(build):
    found = estimate(build())
    origins, drivers = found.by_origin(), found.by_driver().iloc[:-1]
    for number, scenario in enumerate(SCENARIOS):
        made, later, whole = origins[scenario]
        assert (made, later) == (found.made_by_orgkit[number], found.switched_on_later[number])
        assert made + later == whole == getattr(found, scenario)
        assert drivers[drivers.origin == origins.index[0]][scenario].sum() == made
        assert drivers[drivers.origin == origins.index[1]][scenario].sum() == later
    config = found.by_service().loc["AWS Config"]
    assert all(later >= amount for later, amount in zip(found.switched_on_later, config[list(SCENARIOS)], strict=True))
    assert found.sentence.startswith(f"USD {found.made_by_orgkit[0]} low, {found.made_by_orgkit[1]} expected")


def test_without_what_comes_later_the_estimate_is_what_orgkit_makes(build):
    quiet = dict.fromkeys(("hosted_zones", "kms_keys", "cost_explorer_requests", "plans_per_month"), 0)
    later = dict.fromkeys(("applies_per_month", "dns_queries", "cloudwatch_logs_gb"), 0)
    found = estimate(build(trusted_access=(), **quiet, **later))
    assert found.made_by_orgkit == (found.low, found.expected, found.high)
    assert found.switched_on_later == (0, 0, 0)
