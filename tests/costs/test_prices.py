"""The price book refuses what it cannot vouch for."""

from decimal import Decimal
from importlib import resources

import pytest

from orgkit.costs.prices.books import parse, shipped_book
from orgkit.costs.prices.prices import PROGRAMMES, borrowed_note
from orgkit.errors import UnknownPrice

SHIPPED = resources.files("orgkit.costs.prices").joinpath("prices.csv").read_text(encoding="utf-8")
HEADER, *ROWS = SHIPPED.splitlines()
KEY = next(row for row in ROWS if row.startswith("kms.key"))
FIRST, SECOND, THIRD = (row for row in ROWS if row.startswith("config.eval.rule"))


def book(*rows):
    return parse("\n".join((HEADER, *rows)))


def test_every_shipped_price_has_a_source_and_the_day_it_was_read():
    for price in shipped_book().prices.values():
        assert price.source.startswith("https://aws.amazon.com/")
        assert price.retrieved == "2026-11-23"


def test_a_price_that_is_not_in_the_book_is_refused():
    with pytest.raises(UnknownPrice, match=r"no price guardduty\.events"):
        shipped_book().price("guardduty.events")


@pytest.mark.parametrize(
    ("row", "output"),
    [
        (KEY.replace("https://aws.amazon.com/kms/pricing/", ""), "has no source_url"),
        (KEY.replace("https://aws.amazon.com/kms/pricing/", "  "), "has no source_url"),
        (KEY.replace("Key-month", ""), "has no unit"),
        (KEY.replace("2026-11-23", ""), "retrieved_at '', not a date"),
        (KEY.replace("2026-11-23", "last week"), "not a date"),
        (KEY.replace("prorated_hourly,", "prorated_hourly,soon"), "effective_date 'soon'"),
        (KEY.replace(",1.00,", ",about one,"), "'about one', not an amount"),
        (KEY.replace(",1.00,", ",,"), "'', not an amount"),
        (KEY.replace(",1.00,", ",NaN,"), "not an amount"),
        (KEY.replace(",1.00,", ",-1.00,"), "not an amount"),
        (KEY.replace(",USD,", ",EUR,"), "not in USD"),
    ],
)
def test_a_row_without_source_date_or_amount_is_refused(row, output):
    with pytest.raises(UnknownPrice, match=output):
        book(row)


@pytest.mark.parametrize(
    "rows",
    [(FIRST, THIRD), (SECOND, THIRD), (FIRST, SECOND), (FIRST, FIRST, SECOND, THIRD)],
    ids=["gap", "not from 0", "ends", "twice"],
)
def test_tiers_run_from_zero_without_a_gap(rows):
    with pytest.raises(UnknownPrice, match="gap or overlap"):
        book(*rows)


def test_the_order_of_tiers_in_the_file_is_free():
    assert book(THIRD, FIRST, SECOND).price("config.eval.rule") == shipped_book().price("config.eval.rule")


def test_a_later_version_of_a_price_replaces_the_earlier_wherever_it_stands():
    later = KEY.replace("2026-11-23", "2027-03-01").replace(",1.00,", ",1.25,")
    for rows in ((KEY, later), (later, KEY)):
        assert book(*rows).price("kms.key").tiers[0].unit_price == Decimal("1.25")


def test_an_allowance_of_no_type_is_nobodys_whatever_programme_the_payer_has():
    row = next(row for row in ROWS if row.startswith("cwl.storage")).replace(",0,none,none,", ",5,none,none,")
    assert book(row).price("cwl.storage").free_allowance == 5
    for programme in PROGRAMMES:
        assert book(row).with_program(programme).price("cwl.storage").allowance == 0


def test_prices_of_us_east_1_in_place_of_another_regions_are_told():
    prices = shipped_book().in_region("mars-1").prices
    assert borrowed_note([prices["kms.key"], prices["r53.zone"]], "us-east-1") == ""
    output = borrowed_note([prices["kms.key"], prices["r53.zone"]], "mars-1")
    assert output == "1 of 2 prices is that of us-east-1: the book has none for mars-1."


def test_another_byte_is_another_version_of_the_book():
    assert book(KEY).version != book(KEY + " ").version


def test_only_what_is_always_free_is_an_allowance():
    assert shipped_book().price("kms.request").allowance == 20000
    assert shipped_book().price("s3.requests.tier1").free_allowance == 2000
    assert shipped_book().price("s3.requests.tier1").allowance == 0
