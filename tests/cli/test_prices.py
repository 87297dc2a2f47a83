"""`orgkit prices` and `orgkit estimate`, as a person and a program read them."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from orgkit.cli.phases import estimate
from orgkit.cli.prices import prices
from orgkit.costs.prices.books import shipped_text
from orgkit.costs.prices.price_list_aws import path_of
from tests.costs.test_refresh import CONFIG, HOSTILE, offer, product

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"
HEADER, *ROWS = shipped_text().splitlines()


def output(command, *arguments, code=0):
    done = CliRunner().invoke(command, [str(each) for each in arguments])
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def as_json(command, *arguments, code=0):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(output(command, *arguments, "--json", code=code), parse_constant=refuse)


@pytest.fixture
def folder(tmp_path):
    """Price files as AWS lays them out, AWS Config's alone."""
    file = tmp_path / path_of("AWSConfig", "us-east-1")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(CONFIG))
    return tmp_path


def test_a_book_of_any_name_is_read_where_it_was_written(folder):
    place = folder / "acme-prices.csv"
    command = ("refresh", "--book", place, "--from", folder)
    digest = as_json(prices, *command, code=3)["digest"]
    as_json(prices, *command, "--accept", digest)
    (row,) = [row for row in as_json(prices, "list", "--book", place)["prices"] if row["id"] == "config.ci.periodic"]
    assert row["source"] == str(folder)
    key = next(row for row in ROWS if row.startswith("kms.key"))
    place.write_text("\n".join((HEADER, key.replace(",1.00,", ",9.00,").replace("2026-11-23", "2026-11-24"))))
    assert as_json(prices, "quote", "kms.key=1", "--book", place)["total"] == "9"


@pytest.mark.parametrize("command", [("quote", "kms.key=1"), ("list",)], ids=lambda command: command[0])
def test_a_book_that_was_named_and_is_not_there_is_missed(tmp_path, command):
    assert "nowhere.csv' does not exist" in output(prices, *command, "--book", tmp_path / "nowhere.csv", code=2)


def test_what_is_not_in_the_book_leads_to_the_list():
    assert "orgkit prices list" in output(prices, "quote", "nope=1", code=1)


@pytest.mark.parametrize("command", [("quote", "kms.key=1"), ("list",)], ids=lambda command: command[0])
def test_a_region_without_prices_of_its_own_is_told_that_they_are_those_of_us_east_1(command):
    assert "of us-east-1: the book has none for mars-1." in output(prices, *command, "--region", "mars-1")
    assert "mars-1" in as_json(prices, *command, "--region", "mars-1")["note"]
    assert as_json(prices, *command)["note"] == ""


def test_a_file_that_is_missing_is_told_once_and_a_kept_allowance_too(folder):
    file = folder / path_of("awskms", "us-east-1")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(offer(product("K", "us-east-1-KMS-Requests", ("0", "Inf", "0.000003")))))
    text = output(prices, "refresh", "--book", folder / "own.csv", "--from", folder, code=3)
    assert text.count("AmazonS3/current") == 1
    assert "s3.requests.tier1, s3.requests.tier2, s3.storage.standard: " in text
    assert "no free tier of kms.request: the allowance is kept from the book." in text


def test_a_hostile_price_file_cannot_act_on_a_terminal(folder):
    twice = [product(f"{n}{HOSTILE}", "USE1-ConfigurationItemRecorded", ("0", "Inf", "1"), x=HOSTILE) for n in "AB"]
    dearer = product(f"C{HOSTILE}", "USE1-ConfigurationItemRecordedDaily", ("0", "Inf", "0.013"))
    (folder / path_of("AWSConfig", "us-east-1")).write_text(json.dumps(offer(*twice, dearer)))
    for more in ((), ("--json",)):
        command = ("refresh", "--book", folder / "own.csv", "--from", folder, *more)
        done = CliRunner().invoke(prices, [str(each) for each in command])
        assert "config.ci.continuous" in done.output
        assert all(char.isprintable() or char == "\n" for char in done.output), done.output


def test_an_estimate_as_json_has_null_where_nothing_is_known():
    made = as_json(estimate, EXAMPLE)
    assert {row["x_TierEnd"] for row in made["rows"] if row["x_PriceId"] == "kms.key"} == {None}
    assert all(value != "nan" for row in made["rows"] + made["assumptions"] for value in row.values())
    assert all(Decimal(row["EffectiveCost"]) >= 0 for row in made["rows"])
