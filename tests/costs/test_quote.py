"""Quotes: every price of the book, tier by tier."""

from decimal import Decimal

import pytest

from orgkit.costs.prices.books import parse, shipped_book, shipped_text
from orgkit.costs.prices.quote import quote, read_asked
from orgkit.errors import NoQuote, UnknownPrice


@pytest.mark.parametrize("price_id", sorted(shipped_book().prices))
def test_every_price_of_the_book_can_be_quoted_and_its_tiers_add_up(price_id):
    made = quote([(price_id, Decimal(700_000))], shipped_book())
    assert made.total == sum(tier.unit_price * (tier.quantity - tier.free) for tier in made.tiers)
    assert sum(tier.quantity for tier in made.tiers) == 700_000


def test_three_tiers_of_config_evaluations_as_the_price_page_has_them():
    made = quote([("config.eval.rule", Decimal(600_000))], shipped_book())
    assert [tier.cost for tier in made.tiers] == [100, 320, 50]


def test_without_the_free_tier_every_unit_is_paid():
    requests = [("kms.request", Decimal(30_000))]
    assert quote(requests, shipped_book()).total == Decimal("0.03")
    assert quote(requests, shipped_book(), free_tier=False).total == Decimal("0.09")


def test_the_same_thing_asked_twice_is_one_quantity():
    half = [("r53.zone", Decimal(15)), ("r53.zone", Decimal(15))]
    assert quote(half, shipped_book()).total == quote([("r53.zone", Decimal(30))], shipped_book()).total == 13


@pytest.mark.parametrize("text", ["kms.request", "=3", "kms.request=", "kms.request=many", "a=-1", "a=NaN", "a=1e30"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(NoQuote, match="ID=QUANTITY"):
        read_asked(text)


def test_what_is_not_in_the_book_is_refused():
    with pytest.raises(UnknownPrice, match=r"no price moon\.landing(.|\n)*orgkit prices list"):
        quote([("moon.landing", Decimal(1))], shipped_book())


def test_another_region_has_its_own_price_once_it_is_in_the_book():
    row = next(line for line in shipped_text().splitlines() if line.startswith("kms.key"))
    text = "\n".join([shipped_text().splitlines()[0], row.replace("us-east-1", "eu-central-1").replace("1.00", "1.50")])
    book = parse(shipped_text(), text)
    assert quote([("kms.key", Decimal(1))], book).total == 1
    assert quote([("kms.key", Decimal(1))], book.in_region("eu-central-1")).total == Decimal("1.5")
    assert quote([("kms.key", Decimal(1))], book.in_region("eu-west-1")).prices[0].region == "us-east-1"
