"""Reading Cost Explorer: what was used and what was credited, and what asking for it costs."""

from decimal import Decimal
from typing import Any

import pytest

from orgkit.costs.bills.bill import CREDIT, FINAL_BILL, NOT_READY, PRELIMINARY_BILL, TAX, USAGE, BillRow
from orgkit.costs.bills.month import Month
from orgkit.errors import BudgetExceeded, CouldNotRead, NoBill
from orgkit.records.response_cache import FileResponseCache
from tests.costs.explorer import PAYER, PROD, QUIET, Memory, Table, desk, refused

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)


def test_usage_and_credits_stand_apart_and_taxes_beside_them():
    bill = desk(Table()).bill(OCTOBER)
    assert set(bill.rows) == {
        BillRow(PAYER, "AWS Cost Explorer", USAGE, Decimal("0.30")),
        BillRow(PROD, "AWS Config", USAGE, Decimal("61.25")),
        BillRow(PROD, "Amazon Route 53", USAGE, Decimal("1.00")),
        BillRow(PROD, "AWS Config", CREDIT, Decimal("-20")),
        BillRow(PAYER, "Tax", TAX, Decimal("3.21")),
    }
    assert (bill.gross, bill.credits, bill.other_usd, bill.net) == tuple(
        map(Decimal, ("62.55", "-20", "3.21", "45.76"))
    )
    assert bill.maturity == FINAL_BILL
    assert not bill.notes


def test_usage_is_asked_for_without_credits_which_would_hide_it():
    aws = Table()
    desk(aws).bill(OCTOBER)
    kinds, usage, credit = aws.calls
    assert "Filter" not in kinds
    assert usage["Filter"]["Dimensions"] == {
        "Key": "RECORD_TYPE", "Values": ["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"]
    }  # fmt: skip
    assert credit["Filter"]["Dimensions"]["Values"] == ["Credit"]
    assert {call["TimePeriod"]["Start"] + call["TimePeriod"]["End"] for call in aws.calls} == {"2026-10-012026-11-01"}


def test_what_a_commitment_covers_is_usage_of_its_service_and_the_commitment_stands_beside_it():
    covered = (PROD, "Amazon EC2", "SavingsPlanCoveredUsage", "100"), (PROD, "Amazon EC2", "Usage", "7")
    beside = (
        (PROD, "Amazon EC2", "SavingsPlanNegation", "-100"),
        (PAYER, "Savings Plans", "SavingsPlanRecurringFee", "60"),
        (PAYER, "AWS Data Transfer", "PrivateRateDiscount", "-1"),
        (PAYER, "Something", "OfTheFuture", "2"),
    )
    bill = desk(Table(rows=(*covered, *beside))).bill(OCTOBER)
    assert {row.service: row.amount for row in bill.rows if row.category == USAGE} == {"Amazon EC2": 107}
    assert (bill.gross, bill.other_usd, bill.net) == (107, -39, 68)
    assert not bill.notes


@pytest.mark.parametrize("amount", ["1e400000", "-1E+16", "NaN", "Infinity", "much"])
def test_an_absurd_amount_is_refused_and_not_reckoned_with(amount):
    with pytest.raises(NoBill, match="Usage of 111111111111 is"):
        desk(Table(rows=((PROD, "AWS Config", "Usage", amount),), summed=False)).bill(OCTOBER)


def test_a_month_that_is_too_old_says_which_can_be_read():
    aws = Table(error=refused("ValidationException", "You haven't enabled historical data beyond 14 months"))
    with pytest.raises(NoBill, match="last 13 months"):
        desk(aws).bill(Month(2019, 1))


def test_without_credits_a_month_costs_two_requests():
    aws = Table(rows=((PROD, "AWS Config", "Usage", "1"),))
    requests = desk(aws)
    requests.bill(OCTOBER)
    assert (requests.requests, requests.cost) == (2, Decimal("0.02"))
    assert requests.sentence == "2 request(s) to Cost Explorer, 0.02 USD."


@pytest.mark.parametrize("page_size", [1, 2, 3, 1000])
def test_every_page_is_read_and_paid(page_size):
    aws = Table(page_size=page_size)
    requests = desk(aws)
    assert requests.bill(OCTOBER).gross == Decimal("62.55")
    assert requests.requests == len(aws.calls) == {1: 8, 2: 5, 3: 4, 1000: 3}[page_size]


def test_botocore_s_own_retries_are_counted():
    requests = desk(Table(retries=2))
    requests.bill(OCTOBER)
    assert requests.requests == 9


def test_a_bill_of_exactly_the_limit_is_read_and_one_more_request_is_not_made():
    assert desk(Table(), at_most="0.03").bill(OCTOBER).gross
    aws = Table()
    with pytest.raises(BudgetExceeded, match="2 request"):
        desk(aws, at_most="0.02").bill(OCTOBER)
    assert len(aws.calls) == 2


def test_what_was_read_before_the_limit_is_not_paid_again():
    aws, stored = Table(), Memory()
    with pytest.raises(BudgetExceeded):
        desk(aws, stored, at_most="0.02").bill(OCTOBER)
    again = desk(aws, stored, at_most="0.01")
    assert again.bill(OCTOBER).gross == Decimal("62.55")
    assert (again.requests, again.cached_pages) == (1, 2)


def test_a_settled_month_is_kept_for_good_and_an_open_one_for_eight_hours():
    for month, hours, requests in ((OCTOBER, 24 * 400, 0), (NOVEMBER, 7.9, 0), (NOVEMBER, 8.1, 3)):
        aws, stored = Table(), Memory()
        desk(aws, stored).bill(month)
        aws.clock.later(hours=hours)
        again = desk(aws, stored)
        again.bill(month)
        assert again.requests == requests, (month, hours)


def test_a_month_that_was_read_too_early_is_read_again_once_it_is_settled():
    aws, stored = Table(), Memory()
    first = desk(aws, stored).bill(NOVEMBER)
    aws.clock.later(days=30)
    again = desk(aws, stored)
    assert (first.maturity, again.bill(NOVEMBER).maturity) == (PRELIMINARY_BILL, FINAL_BILL)
    assert again.requests == 3


def test_who_asks_afresh_pays_again():
    aws, stored = Table(), Memory()
    desk(aws, stored).bill(OCTOBER)
    assert desk(aws, stored, fresh=True).bill(OCTOBER).gross
    assert len(aws.calls) == 6


def test_an_answer_of_another_emulator_or_of_aws_itself_is_another_answer():
    stored = Memory()
    for endpoint in (None, "http://127.0.0.1:1", "http://127.0.0.1:2"):
        aws = Table(endpoint=endpoint)
        desk(aws, stored).bill(OCTOBER)
        assert len(aws.calls) == 3


def test_a_token_that_aws_has_forgotten_begins_again_from_the_first_page():
    class Forgetful(Table):
        def read(self, service, operation, **requests):
            if "NextPageToken" in requests and len(self.calls) < 3:
                self.calls.append(requests)
                raise refused("InvalidNextTokenException")
            return super().read(service, operation, **requests)

    assert desk(Forgetful(page_size=2)).bill(OCTOBER).gross == Decimal("62.55")


def test_no_data_yet_is_not_zero():
    bill = desk(Table(error=refused("DataUnavailableException"))).bill(OCTOBER)
    assert (bill.maturity, bill.ready, bill.rows) == (NOT_READY, False, ())


def test_nothing_used_is_zero_and_ready():
    bill = desk(Table(rows=())).bill(OCTOBER)
    assert (bill.gross, bill.ready) == (0, True)


def test_estimated_amounts_may_still_change():
    assert desk(Table(estimated=True)).bill(OCTOBER).maturity == PRELIMINARY_BILL


def test_cost_explorer_that_nobody_switched_on_is_told_as_that():
    error = refused("AccessDeniedException", "User not enabled for cost explorer access")
    with pytest.raises(NoBill, match="console"):
        desk(Table(error=error)).bill(OCTOBER)


def test_any_other_refusal_says_what_to_do():
    error = refused("AccessDeniedException", "not authorized to perform: ce:GetCostAndUsage")
    with pytest.raises(CouldNotRead, match="AccessDenied"):
        desk(Table(error=error)).bill(OCTOBER)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_an_amount_that_is_none_is_refused(amount):
    with pytest.raises(NoBill, match="only plain amounts in USD"):
        desk(Table(rows=((PROD, "AWS Config", "Usage", amount),))).bill(OCTOBER)


def test_two_answers_that_do_not_agree_are_told():
    class Refreshed(Table):
        def read(self, service, operation, **requests):
            if len(self.calls) == 1:
                self.rows = (*self.rows, (QUIET, "Amazon EC2", "Usage", "5"))
            return super().read(service, operation, **requests)

    (note,) = desk(Refreshed()).bill(OCTOBER).notes
    assert "62.55 USD of usage in one answer and 67.55 in another" in note


def test_kept_answers_lie_on_disk_and_a_damaged_one_counts_as_never_asked(tmp_path):
    aws = Table()
    desk(aws, FileResponseCache(tmp_path, PAYER)).bill(OCTOBER)
    assert desk(aws, FileResponseCache(tmp_path, PAYER)).bill(OCTOBER).gross == Decimal("62.55")
    assert len(aws.calls) == 3
    files = sorted((tmp_path / PAYER / "cost-explorer").iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    for file, damage in zip(files, ("", "{", '{"asked": {}, "at": "2026-11-24", "answer": 1}'), strict=True):
        file.write_text(damage)
    assert desk(aws, FileResponseCache(tmp_path, PAYER)).bill(OCTOBER).gross == Decimal("62.55")
    assert len(aws.calls) == 6


def test_a_silent_account_has_a_row_of_nothing():
    frame = desk(Table()).bill(OCTOBER).to_frame({PAYER: "corp", PROD: "prod", QUIET: "quiet"})
    assert frame.set_index("SubAccountName").loc["quiet", "BilledCost"] == 0
    assert frame["BilledCost"].sum() == Decimal("45.76")
    assert set(frame["x_Kind"]) == {"actual"}


def test_nothing_in_another_currency_is_nothing_and_something_is_refused():
    class Euro(Table):
        amount = "0"

        def read(self, service: str, operation: str, **requests: Any) -> dict[str, Any]:
            answer = super().read(service, operation, **requests)
            answer["ResultsByTime"][0]["Groups"].append(
                {"Keys": [PROD, "AWS Config"], "Metrics": {"UnblendedCost": {"Amount": self.amount, "Unit": "EUR"}}}
            )
            return answer

    assert desk(Euro()).bill(OCTOBER).gross == desk(Table()).bill(OCTOBER).gross
    euro = Euro()
    euro.amount = "0.01"
    with pytest.raises(NoBill, match="EUR"):
        desk(euro).bill(OCTOBER)
