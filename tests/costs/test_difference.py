"""The estimate compared with the bill."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orgkit.costs.bills.actuals import actuals
from orgkit.costs.bills.bill import CREDIT, FINAL_BILL, NOT_READY, TAX, USAGE, Bill, BillRow
from orgkit.costs.bills.difference import ACTUAL_ONLY, ESTIMATE_ONLY, MATCHED, compare
from orgkit.costs.bills.explain import explain
from orgkit.costs.bills.month import Month
from orgkit.costs.estimate.estimate import estimate
from orgkit.model.observed import Account, Observed

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
IDS = {"website-prod": "333333333333", "log-archive": "444444444444", "dns": "111111111111"}
PAYER, GONE = "000000000000", "555555555555"
NAMES = {PAYER: "Example", **{number: key for key, number in IDS.items()}}
S3, CONFIG, R53, EC2 = "Amazon Simple Storage Service", "AWS Config", "Amazon Route 53", "Amazon EC2"


def bill_of(*rows, month="2026-10", maturity=FINAL_BILL):
    made = tuple(BillRow(account, service, kind, Decimal(amount)) for account, service, kind, amount in rows)
    return Bill(Month.parse(month), made, maturity, "Cost Explorer", "2026-11-24T12:00:00+00:00")


@pytest.fixture
def made(build):
    return estimate(build(), IDS)


def line(difference, account, service):
    (found,) = [each for each in difference.lines if (each.account, each.service) == (account, service)]
    return found


def test_every_account_and_service_of_either_side_has_a_line(made):
    prod = IDS["website-prod"]
    found = compare(made, bill_of((prod, CONFIG, USAGE, "1.50"), (GONE, EC2, USAGE, "7")), NAMES, NOW)
    assert line(found, prod, CONFIG).status == MATCHED
    assert line(found, IDS["dns"], R53).status == ESTIMATE_ONLY
    assert line(found, GONE, EC2).status == ACTUAL_ONLY
    assert {each.account for each in found.accounts} == {*NAMES, GONE}


def test_the_whole_is_the_sum_of_its_services_and_of_its_accounts_on_both_sides(made):
    prod = IDS["website-prod"]
    rows = ((prod, CONFIG, USAGE, "61.2345678"), (prod, CONFIG, CREDIT, "-20"), (GONE, EC2, USAGE, "7"))
    found = compare(made, bill_of(*rows), NAMES, NOW)
    for parts in (found.payer, found.accounts, found.lines):
        for amount in ("low", "expected", "high", "gross", "credits"):
            assert sum(getattr(part, amount) for part in parts) == getattr(found.whole, amount), amount
    assert found.whole.expected == made.total("expected")
    assert found.whole.net == Decimal("48.2345678")


def test_usage_is_compared_and_credits_do_not_hide_it(made):
    prod = IDS["website-prod"]
    bill = bill_of((prod, CONFIG, USAGE, "61"), (prod, CONFIG, CREDIT, "-61"))
    found = line(compare(made, bill, NAMES, NOW), prod, CONFIG)
    assert (found.net, found.in_range) == (0, False)


def test_taxes_belong_to_the_bill_and_to_no_line(made):
    found = compare(made, bill_of((PAYER, "Tax", TAX, "3.21")), NAMES, NOW)
    assert found.whole.gross == 0
    assert found.bill.other_usd == Decimal("3.21")
    assert "Tax" not in {each.service for each in found.lines}


def test_in_an_open_month_what_is_charged_by_the_month_counts_whole_and_the_rest_by_days(made):
    whole, part = (compare(made, bill_of(month=month), NAMES, NOW) for month in ("2026-10", "2026-11"))
    zones = [line(each, IDS["dns"], R53) for each in (whole, part)]
    recorded = [line(each, IDS["dns"], CONFIG) for each in (whole, part)]
    assert zones[0].low == zones[1].low == 1
    assert recorded[1].high == recorded[0].high * Decimal("0.8")


@pytest.mark.parametrize(("gross", "within"), [("0.334", True), ("0.30", False), ("11.004", True), ("11.01", False)])
def test_a_range_is_judged_in_cents(made, gross, within):
    prod = IDS["website-prod"]
    assert line(compare(made, bill_of((prod, CONFIG, USAGE, gross)), NAMES, NOW), prod, CONFIG).in_range is within


def test_a_month_that_is_not_ready_says_so_and_judges_nothing(made):
    found = compare(made, bill_of(maturity=NOT_READY), NAMES, NOW)
    assert {(each.gross, each.in_range, each.outside_range) for each in found.lines} == {(None, None, 0)}
    assert explain(made, found) == ()


def test_what_lies_farthest_outside_is_explained_first_with_the_quantity_that_it_takes(made):
    prod = IDS["website-prod"]
    rows = ((prod, CONFIG, USAGE, "61.50"), (prod, EC2, USAGE, "12.50"))
    over, unknown, *_ = explain(made, compare(made, bill_of(*rows), NAMES, NOW))
    # 61.50 less 0.30 for evaluations as expected, at 0.003 each; in the file 500
    assert "AWS Config in website-prod: 61.50 USD, 50.50 above the high of 11.00" in over
    assert "that is about 20,400 " in over
    assert "of AWS Config items at 0.003 USD, where 500 were expected (recorded_regions 1 x config_items" in over
    assert "Amazon EC2 in website-prod: 12.50 USD, which nothing in the estimate counts" in unknown


def test_a_price_with_tiers_is_told_as_the_quantity_that_costs_so_much(made):
    (output, *_) = explain(made, compare(made, bill_of((IDS["dns"], R53, USAGE, "100")), NAMES, NOW))
    # 25 zones at 0.50, and 875 at 0.10
    assert "that is about 900 HostedZone of hosted zones, tier by tier, where 2.00 were expected" in output


def test_tiers_that_all_accounts_share_are_not_turned_into_a_quantity(build):
    made = estimate(build(recorded_regions=1, config_items_per_account=0, config_evaluations_per_account=300), IDS)
    bill = bill_of((IDS["website-prod"], CONFIG, USAGE, "100"))
    (output, *_) = explain(made, compare(made, bill, NAMES, NOW))
    assert "AWS Config evaluations could move it most, of which 300 were expected" in output
    assert "its tiers are shared by all accounts" in output


def test_in_an_open_month_what_is_charged_by_the_month_was_expected_whole(made):
    now = datetime(2026, 11, 3, tzinfo=UTC)
    (output, *_) = explain(made, compare(made, bill_of((IDS["dns"], R53, USAGE, "5"), month="2026-11"), NAMES, now))
    assert "where 2.00 were expected (hosted_zones 2)" in output


def test_what_the_estimate_counts_as_free_is_estimated_all_the_same(build):
    made = estimate(build(cloudwatch_logs_gb=2), IDS)
    bill = bill_of((PAYER, "AmazonCloudWatch", USAGE, "10"))
    found = line(compare(made, bill, NAMES, NOW), PAYER, "AmazonCloudWatch")
    assert (found.status, found.high) == (MATCHED, 0)


def test_the_table_adds_up_to_what_was_billed_and_has_a_row_for_silent_accounts(made):
    prod = IDS["website-prod"]
    rows = (prod, CONFIG, USAGE, "61.5"), (prod, CONFIG, CREDIT, "-20"), (PAYER, "Tax", TAX, "3.21")
    bill = bill_of(*rows, (GONE, "Refund", "Adjustment", "-2"))
    quiet = "666666666666"
    table = compare(made, bill, {**NAMES, quiet: "quiet"}, NOW).to_frame()
    assert table["net"].sum() == bill.net == Decimal("42.71")
    assert table[table.SubAccountId == quiet].net.tolist() == [0]
    assert table[table.status == "outside usage"].other.tolist() == [Decimal("3.21"), Decimal("-2")]


def test_what_was_not_charged_at_all_may_not_be_switched_on(made):
    sentences = explain(made, compare(made, bill_of(), NAMES, NOW), limit=2)
    assert "Amazon Route 53 in dns: 0.00 USD, 1.00 below the low of 1.00: nothing of it was charged" in sentences[0]
    assert sentences[2].endswith("lie outside their range by less.")


def test_the_bill_is_handed_on_to_accounts_and_units_with_nothing_lost(build, made):
    accounts = (
        Account(PAYER, "Example", "", "ACTIVE", (), "INVITED", ()),
        Account(IDS["dns"], "dns", "", "ACTIVE", ("Infra",), "INVITED", (("team", "net"),)),
        Account(IDS["log-archive"], "log-archive", "", "ACTIVE", ("Infra",), "CREATED", ()),
    )
    observed = Observed(None, "", None, (), accounts)
    used, credited = (IDS["dns"], R53, USAGE, "1.5"), (IDS["dns"], R53, CREDIT, "-1")
    bill = bill_of(used, credited, (GONE, EC2, USAGE, "4.5"), (PAYER, "Tax", TAX, "1"))
    found = actuals(build(), observed, made, (bill, bill_of(maturity=NOT_READY)), NOW)
    (shown,) = found.showback
    for shares in (shown.accounts, shown.units):
        assert sum(share.net for share in shares) == Decimal("6.0")
        assert sum(share.part for share in shares) == 1
    assert {share.unit: share.net for share in shown.units} == {
        "Root": 1, "Infra": Decimal("0.5"), "(not in the organization)": Decimal("4.5"),
    }  # fmt: skip
    assert next(share.tags for share in shown.accounts if share.name == "dns") == "team=net"
    assert next(share.net for share in shown.accounts if share.name == "log-archive") == 0


def test_a_unit_that_is_named_as_the_root_is_labeled_keeps_its_own_costs(build, made):
    paths = ((), ("Root",), ("CI", "CD"), ("CI/CD",), ("(not in the organization)",))
    accounts = [
        Account(f"{n:012}", f"a{n}", "", "ACTIVE", path, "CREATED", ()) for n, path in enumerate(paths, start=1)
    ]
    observed = Observed(None, "", None, (), tuple(accounts))
    bill = bill_of(*((account.id, EC2, USAGE, str(n)) for n, account in enumerate(accounts, start=1)))
    (shown,) = actuals(build(), observed, made, (bill,), NOW).showback
    assert sorted((share.unit, share.net) for share in shown.units) == [
        ("(not in the organization)", 5), ("CI/CD", 3), (r"CI\/CD", 4), ("Root", 1), ("Root", 2),
    ]  # fmt: skip
