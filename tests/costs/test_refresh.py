"""New prices from files of AWS's format, with the traps that those files have."""

import json
from decimal import Decimal

import pytest

from orgkit.costs.prices.books import book_of, shipped_book
from orgkit.costs.prices.offer import find
from orgkit.costs.prices.price_list_aws import fetch, path_of
from orgkit.costs.prices.refresh import append, look_up
from orgkit.errors import AmbiguousPrice, NoPriceList, PriceChanged

TODAY = "2026-12-01"


def product(sku, usage_type, *rates, region="us-east-1", **attributes):
    """A product and its term as AWS's bulk files have them; `rates` are (from, to, price)."""
    about = {"usagetype": usage_type, "regionCode": region, **attributes}
    code = f"{sku}.JRTCKXETXF"
    dimensions = {
        f"{code}.D{n}": {
            "rateCode": f"{code}.D{n}", "beginRange": start, "endRange": end, "unit": "Units",
            "pricePerUnit": {"USD": price}, "appliesTo": [],
        }
        for n, (start, end, price) in enumerate(rates)
    }  # fmt: skip
    term = {"effectiveDate": "2026-11-01T00:00:00Z", "priceDimensions": dimensions}
    return {sku: {"sku": sku, "attributes": about}}, {sku: {code: term}}


def offer(*products):
    everything, terms = {}, {}
    for found, term in products:
        everything |= found
        terms |= term
    published = "2026-11-20T10:00:00Z"
    return {"formatVersion": "v1.0", "publicationDate": published, "products": everything, "terms": {"OnDemand": terms}}


CONFIG = offer(
    product("A", "USE1-ConfigurationItemRecorded", ("0", "Inf", "0.0030000000")),
    product("B", "USE1-ConfigurationItemRecordedDaily", ("0", "Inf", "0.0120000000")),
    product(
        "C", "USE1-ConfigRuleEvaluations", ("500000", "Inf", "0.0005"), ("0", "100000", "0.001"),
        ("100000", "500000", "0.0008"),
    ),
)  # fmt: skip


def only(service, made):
    """Price files of which one service's alone is there."""

    def get(name, region):
        if name != service:
            raise NoPriceList(f"no file of {name}", "")
        return made

    return get


def test_a_usage_type_is_matched_whole_since_another_contains_it():
    found = find(CONFIG, shipped_book().price("config.ci.continuous"), "us-east-1")
    assert (found.sku, found.rates[0].unit_price) == ("A", Decimal("0.003"))


def test_tiers_come_in_their_order_whatever_the_files():
    found = find(CONFIG, shipped_book().price("config.eval.rule"), "us-east-1")
    assert [rate.unit_price for rate in found.rates] == [Decimal("0.001"), Decimal("0.0008"), Decimal("0.0005")]


def test_a_first_tier_that_costs_nothing_is_an_allowance_and_not_the_price():
    storage = offer(product("D", "TimedStorage-ByteHrs", ("0", "25", "0"), ("25", "Inf", "0.25")))
    found = find(storage, shipped_book().price("ddb.storage"), "us-east-1")
    assert (found.allowance, [rate.unit_price for rate in found.rates]) == (25, [Decimal("0.25")])
    assert found.rates[0].start == 0


def test_a_selector_tells_apart_products_of_one_usage_type():
    storage = offer(
        product("S", "TimedStorage-ByteHrs", ("0", "Inf", "0.02"), volumeType="Standard"),
        product("T", "TimedStorage-ByteHrs", ("0", "Inf", "0.01"), volumeType="Tags"),
    )
    assert find(storage, shipped_book().price("s3.storage.standard"), "us-east-1").sku == "S"


@pytest.mark.parametrize("products", [(), ("X", "Y")], ids=["none", "two"])
def test_anything_but_exactly_one_product_is_refused(products):
    made = offer(*(product(sku, "us-east-1-KMS-Keys", ("0", "Inf", "1")) for sku in products))
    with pytest.raises(AmbiguousPrice, match="2 products" if products else "no product"):
        find(made, shipped_book().price("kms.key"), "us-east-1")


def test_a_product_without_an_on_demand_term_is_none():
    made = offer(product("K", "us-east-1-KMS-Keys", ("0", "Inf", "1")))
    made["terms"]["OnDemand"] = {}
    with pytest.raises(AmbiguousPrice, match="no product"):
        find(made, shipped_book().price("kms.key"), "us-east-1")


def test_another_region_writes_another_prefix_and_no_other_region_is_taken():
    made = offer(
        product("F", "EUC1-Requests-Tier1", ("0", "Inf", "0.0000054"), region="eu-central-1"),
        product("G", "Requests-Tier1", ("0", "Inf", "0.000005")),
        product("H", "EUC1-Other-Requests-Tier1", ("0", "Inf", "7"), region="eu-central-1"),
    )
    assert find(made, shipped_book().price("s3.requests.tier1"), "eu-central-1").sku == "F"


@pytest.mark.parametrize("broken", [{}, {"products": []}, {"products": {}, "terms": 3}], ids=str)
def test_a_file_of_another_format_is_refused(broken):
    with pytest.raises(AmbiguousPrice):
        find(broken, shipped_book().price("kms.key"), "us-east-1")


@pytest.mark.parametrize("price", ["-1", "NaN", "much", None])
def test_a_price_that_is_no_amount_is_refused(price):
    with pytest.raises(AmbiguousPrice):
        find(
            offer(product("K", "us-east-1-KMS-Keys", ("0", "Inf", price))), shipped_book().price("kms.key"), "us-east-1"
        )


def test_what_was_read_is_appended_with_its_source_and_never_twice(tmp_path):
    place = tmp_path / "prices.csv"
    made = look_up(shipped_book(), "us-east-1", only("AWSConfig", CONFIG), "https://example.com", TODAY)
    assert not any(each.differs for each in made.updates)
    assert append(made, place) == 5
    before = place.read_text()
    assert append(made, place) == 0
    assert place.read_text() == before
    price = book_of(tmp_path / "prices.csv").price("config.ci.continuous")
    assert (price.retrieved, price.sku, price.source) == (TODAY, "A", "https://example.com")


def test_a_new_price_counts_and_the_old_row_stays(tmp_path):
    place = tmp_path / "prices.csv"
    dearer = offer(product("A", "USE1-ConfigurationItemRecorded", ("0", "Inf", "0.004")))
    for day, prices in ((TODAY, CONFIG), ("2026-12-02", dearer)):
        append(look_up(shipped_book(), "us-east-1", only("AWSConfig", prices), "https://example.com", day), place)
    book = book_of(tmp_path / "prices.csv")
    assert book.price("config.ci.continuous").tiers[0].unit_price == Decimal("0.004")
    assert book.price("config.ci.periodic").tiers[0].unit_price == Decimal("0.012")
    assert place.read_text().count("config.ci.continuous") == 2


def test_a_price_that_more_than_doubles_is_refused_without_a_flag(tmp_path):
    place = tmp_path / "prices.csv"
    jumped = offer(product("A", "USE1-ConfigurationItemRecorded", ("0", "Inf", "0.3")))
    made = look_up(shipped_book(), "us-east-1", only("AWSConfig", jumped), "https://example.com", TODAY)
    with pytest.raises(PriceChanged, match=r"0\.003 .*becomes 0\.3 "):
        append(made, place)
    assert not place.exists()
    assert append(made, place, large=True) == 1


def stored(*rates, sku="D"):
    """The file of Amazon DynamoDB, with the storage's tiers."""
    return only("AmazonDynamoDB", offer(product(sku, "TimedStorage-ByteHrs", *rates)))


def refreshed(prices, book=None, day=TODAY, region="us-east-1"):
    return look_up(book or shipped_book(), region, prices, "https://example.com", day)


def of(made, price_id):
    (found,) = [each for each in made.updates if each.price.id == price_id]
    return found


FREE_25 = (("0", "25", "0"), ("25", "Inf", "0.25"))


def test_a_smaller_allowance_is_a_change_and_so_large_that_it_is_refused_without_a_flag(tmp_path):
    made = refreshed(stored(("0", "1", "0"), ("1", "Inf", "0.25")))
    found = of(made, "ddb.storage")
    assert found.differs
    assert found.sentence.endswith("25 free (always_free) becomes 0.25 USD per GB-Mo, 1 free (always_free)")
    with pytest.raises(PriceChanged, match="by more than half"):
        append(made, tmp_path / "prices.csv")


def test_the_same_allowance_read_as_a_tier_is_no_change(tmp_path):
    made = refreshed(stored(*FREE_25))
    assert not of(made, "ddb.storage").differs
    assert append(made, tmp_path / "prices.csv") == 1
    assert book_of(tmp_path / "prices.csv").price("ddb.storage").allowance == 25


def test_a_free_tier_where_the_book_has_none_is_always_free_for_all_accounts_together(tmp_path):
    logs = offer(product("L", "USE1-TimedStorage-ByteHrs", ("0", "5", "0"), ("5", "Inf", "0.03")))
    made = refreshed(only("AmazonCloudWatch", logs))
    assert of(made, "cwl.storage").doubt
    append(made, tmp_path / "prices.csv", large=True)
    price = book_of(tmp_path / "prices.csv").price("cwl.storage")
    assert (price.allowance, price.free_type, price.free_scope) == (5, "always_free", "payer_region")
    assert price.is_pooled


def test_a_free_tier_that_was_read_in_a_price_file_is_gone_once_the_file_shows_it_no_more(tmp_path):
    append(refreshed(stored(*FREE_25)), tmp_path / "prices.csv")
    made = refreshed(stored(("0", "Inf", "0.25")), book_of(tmp_path / "prices.csv"), "2026-12-02")
    found = of(made, "ddb.storage")
    assert (found.keeps_allowance, found.doubt) == (False, "other tiers, or another free allowance")
    append(made, tmp_path / "prices.csv", large=True)
    assert book_of(tmp_path / "prices.csv").price("ddb.storage").allowance == 0


def test_an_allowance_that_no_price_file_has_shown_is_kept_and_told_every_time(tmp_path):
    book = shipped_book()
    for day in (TODAY, "2026-12-02"):
        made = refreshed(only("awskms", offer(product("K", "us-east-1-KMS-Requests", ("0", "Inf", "0.000003")))), book)
        found = of(made, "kms.request")
        assert (found.keeps_allowance, found.differs, found.doubt) == (True, False, ""), day
        assert "20000 free (always_free) (allowance kept from the book)" in found.sentence
        append(made, tmp_path / "prices.csv")
        book = book_of(tmp_path / "prices.csv")
    assert book.price("kms.request").allowance == 20000


def test_tiers_that_cost_nothing_are_one_allowance_however_many_they_are():
    storage = offer(product("D", "TimedStorage-ByteHrs", ("0", "5", "0"), ("5", "25", "0"), ("25", "Inf", "0.25")))
    found = find(storage, shipped_book().price("ddb.storage"), "us-east-1")
    assert (found.allowance, [(rate.start, rate.unit_price) for rate in found.rates]) == (25, [(0, Decimal("0.25"))])


def in_frankfurt(price):
    made = offer(product("F", "EUC1-ConfigurationItemRecorded", ("0", "Inf", price), region="eu-central-1"))
    return refreshed(only("AWSConfig", made), region="eu-central-1")


@pytest.mark.parametrize(("price", "doubted"), [("0.009", 0), ("0.001", 0), ("0.0091", 1), ("0.0009", 1), ("3", 1)])
def test_a_regions_first_price_is_within_a_factor_of_three_of_us_east_1(price, doubted):
    assert len(in_frankfurt(price).jumps) == doubted


def test_a_regions_first_price_beyond_that_is_refused_without_a_flag(tmp_path):
    made = in_frankfurt("3")
    with pytest.raises(PriceChanged, match=r"us-east-1 has 0\.003 .*over a factor of 3 from us-east-1"):
        append(made, tmp_path / "prices.csv")
    assert append(made, tmp_path / "prices.csv", large=True) == 1
    book = book_of(tmp_path / "prices.csv").in_region("eu-central-1")
    again = refreshed(lambda _service, _region: {}, book, region="eu-central-1")
    assert not of(again, "config.ci.continuous").is_new


def test_a_tier_that_ends_elsewhere_is_a_jump_too():
    moved = offer(
        product(
            "C", "USE1-ConfigRuleEvaluations", ("0", "10", "0.001"), ("10", "20", "0.0008"), ("20", "Inf", "0.0005")
        )
    )
    assert of(refreshed(only("AWSConfig", moved)), "config.eval.rule").doubt == "by more than half"


def test_a_file_that_cannot_be_had_is_told_once_with_all_its_prices():
    def get(service, region):
        raise NoPriceList(f"no file of {service}", "")

    output = refreshed(get).problems
    assert (
        "config.ci.continuous, config.ci.periodic, config.eval.pack, config.eval.rule: no file of AWSConfig" in output
    )
    assert len(output) == len(set(output)) == 8


HOSTILE = "\x1b[2J\u202egpj\r\n\x00\ud800\u2028"


def test_what_a_hostile_file_writes_is_harmless_in_the_book(tmp_path):
    place = tmp_path / "prices.csv"
    made = offer(product(f"A{HOSTILE}", "USE1-ConfigurationItemRecorded", ("0", "Inf", "0.003")))
    made["publicationDate"] = f"2026-11-20{HOSTILE}"
    append(refreshed(only("AWSConfig", made)), place)
    text = place.read_text()
    assert len(text.splitlines()) == 2
    assert all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize(
    "price", ["1e999999999", "1e-999999999", "0." + "1" * 10_000, [0, [1], 0], {}, True, HOSTILE], ids=repr
)
def test_a_number_without_measure_is_refused_and_not_written_out(price):
    with pytest.raises(AmbiguousPrice, match="cannot be read"):
        find(
            offer(product("K", "us-east-1-KMS-Keys", ("0", "Inf", price))), shipped_book().price("kms.key"), "us-east-1"
        )


def test_a_term_that_holds_since_no_date_is_refused():
    made = offer(product("K", "us-east-1-KMS-Keys", ("0", "Inf", "1")))
    made["terms"]["OnDemand"]["K"]["K.JRTCKXETXF"]["effectiveDate"] = HOSTILE
    with pytest.raises(AmbiguousPrice, match="not a date") as rejection:
        find(made, shipped_book().price("kms.key"), "us-east-1")
    assert str(rejection.value).replace("\n", "").isprintable()


def test_files_of_a_folder_are_read_as_aws_lays_them_out(tmp_path):
    file = tmp_path / path_of("AWSConfig", "us-east-1")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(CONFIG))
    assert fetch("AWSConfig", "us-east-1", str(tmp_path)) == CONFIG
    with pytest.raises(NoPriceList, match="cannot be read"):
        fetch("awskms", "us-east-1", str(tmp_path))
    for text in ("<html>", "[" * 100_000):
        file.write_text(text)
        with pytest.raises(NoPriceList, match="not a JSON object"):
            fetch("AWSConfig", "us-east-1", str(tmp_path))


def test_prices_that_nobody_has_read_for_half_a_year_warn():
    from datetime import date

    assert shipped_book().warning(date(2026, 12, 24)) == ""
    assert "over 180 days ago" in shipped_book().warning(date(2027, 6, 24))
