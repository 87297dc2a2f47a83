"""Every row of an estimate, computed again by a script that knows nothing of orgkit: from prices.csv and quantities."""

import csv
import json
import re
import subprocess
import sys
from decimal import Decimal
from math import prod
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PRICES = ROOT / "orgkit" / "costs" / "prices" / "prices.csv"
NUMBER = re.compile(r"\d+(?:\.\d+)?")
# "recorded_regions 1 x config_items_per_account 500", "trail_active_regions 0.4 x 8760 log files, for dns"
PRODUCT = re.compile(r"(?:[a-z_]+ )?[\d.]+(?: [a-z][a-z ]*)?(?: x (?:[a-z_]+ )?[\d.]+(?: [a-z][a-z ]*)?)*(?:, for .+)?")


# Evaluations beyond the end of both tiers in each of several regions; in the low scenario, just within the first.
BEYOND = """
[costs]
recorded_regions = { low = 2, expected = 4, high = 17 }
config_evaluations_per_account = { low = 20000, expected = 80000, high = 900000 }
"""


@pytest.fixture(scope="module", params=["parameters/example.toml", "tests/bootstrap/elsewhere.toml", "beyond a tier"])
def output(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = ROOT / request.param
    if request.param == "beyond a tier":
        file = tmp_path_factory.mktemp("beyond") / "acme.toml"
        example = (ROOT / "parameters" / "example.toml").read_text(encoding="utf-8")
        assert "\n[costs]\n" in example
        file.write_text(example.replace("\n[costs]\n", BEYOND), encoding="utf-8")
    command = [Path(sys.executable).parent / "orgkit", "estimate", file, "--json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(shown, parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


@pytest.fixture(scope="module")
def book() -> dict[str, list[dict[str, str]]]:
    """Price id → its tiers, the cheapest bound first; the shipped book has each price once."""
    tiers: dict[str, list[dict[str, str]]] = {}
    with PRICES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tiers.setdefault(row["price_id"], []).append(row)
    return {name: sorted(found, key=lambda row: Decimal(row["tier_start"])) for name, found in tiers.items()}


def test_every_row_is_its_price_times_its_quantity_to_the_last_digit(output, book):
    assert len(output["rows"]) > 50
    for row in output["rows"]:
        (tier,) = [t for t in book[row["x_PriceId"]] if Decimal(t["tier_start"]) == Decimal(row["x_TierStart"])]
        price, quantity = Decimal(tier["price_per_unit"]), Decimal(row["PricingQuantity"])
        assert Decimal(row["ListUnitPrice"]) == price, row
        assert Decimal(row["ListCost"]) == price * quantity, row
        assert Decimal(row["EffectiveCost"]) == price * quantity - Decimal(row["x_FreeTierDiscount"]), row
        assert row["x_PriceSource"] == tier["source_url"]


def test_the_quantities_of_all_accounts_fill_the_tiers_and_the_allowance_from_below(output, book):
    pools: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in output["rows"]:
        pools.setdefault((row["x_Scenario"], row["x_PriceId"], row["x_Regions"]), []).append(row)
    for (_, name, alike), rows in pools.items():
        regions = Decimal(alike)
        assert len({row["x_AccountKey"] for row in rows}) == 1 or book[name][0]["tier_scope"] != "account_region"
        whole = sum(Decimal(row["PricingQuantity"]) for row in rows)
        allowed = book[name][0]["free_type"] == "always_free"
        free = min(whole, Decimal(book[name][0]["free_allowance"] or 0)) if allowed else Decimal(0)
        for tier in book[name]:
            start, price = Decimal(tier["tier_start"]), Decimal(tier["price_per_unit"])
            end = Decimal(tier["tier_end"]) * regions if tier["tier_end"] else whole
            inside = max(Decimal(0), min(whole, end) - start * regions)
            own_rows = [row for row in rows if Decimal(row["x_TierStart"]) == start]
            assert sum(Decimal(row["PricingQuantity"]) for row in own_rows) == inside, name
            here = min(free, inside)
            assert sum(Decimal(row["x_FreeTierDiscount"]) for row in own_rows) == here * price, name
            free -= here


def test_the_totals_are_the_sums_of_the_rows(output):
    for scenario in ("low", "expected", "high"):
        rows = [Decimal(row["EffectiveCost"]) for row in output["rows"] if row["x_Scenario"] == scenario]
        assert sum(rows).quantize(Decimal("0.01")) == Decimal(output[scenario])


def test_a_quantity_is_the_product_of_the_assumptions_that_its_row_states(output):
    stated: dict[tuple[str, ...], Decimal] = {}
    for row in output["rows"]:
        key = tuple(row[name] for name in ("x_Scenario", "x_AccountKey", "x_PriceId", "x_Driver", "x_Assumption"))
        stated[key] = stated.get(key, Decimal(0)) + Decimal(row["PricingQuantity"])
    checked = 0
    for (*_, assumption), quantity in stated.items():
        if PRODUCT.fullmatch(assumption):
            numbers = NUMBER.findall(assumption.partition(", for ")[0])
            assert prod(map(Decimal, numbers)) == quantity, assumption
            checked += 1
    assert checked > len(stated) * 0.7
