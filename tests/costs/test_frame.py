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


def test_an_estimate_is_made_without_pandas():
    code = "import sys, orgkit.costs.estimate.estimate, orgkit.costs.estimate.effect; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
