"""The estimate compared with the bill: the whole organization first, then every account and service."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orgkit.costs.bills.bill import CREDIT, USAGE, Bill, total
from orgkit.costs.bills.month import Month
from orgkit.costs.estimate.assumptions import SCENARIOS, Amounts
from orgkit.costs.estimate.charge import Charge
from orgkit.costs.estimate.estimate import Estimate
from orgkit.costs.rounding import ZERO, cents, sum_exactly
from orgkit.dataclass import dataclass

if TYPE_CHECKING:
    import pandas as pd

MATCHED, ESTIMATE_ONLY, ACTUAL_ONLY = "matched", "estimate only", "actual only"
OUTSIDE_USAGE = "outside usage"  # taxes, purchases, refunds: billed, and never estimated
NO_DATA = "nothing"  # an account of which neither side knows anything
ORGANIZATION = "organization"
WHOLE_MONTHS = ("monthly", "monthly_not_prorated")  # billing rules: charged whole, however much of the month is over
NO_COSTS = (ZERO, ZERO, ZERO)

Place = tuple[str, str]  # an account's id (its key in the file before it has one), and a service


@dataclass(frozen=True)
class Line:
    """One account and service in one month, USD; `gross` and `credits` are None while AWS has no data."""

    month: Month
    account: str
    name: str
    service: str
    low: Decimal
    expected: Decimal
    high: Decimal
    gross: Decimal | None
    credits: Decimal | None
    maturity: str
    is_estimated: bool  # whether the estimate counts some of it, also where that is free

    @property
    def net(self) -> Decimal | None:
        return None if self.gross is None or self.credits is None else self.gross + self.credits

    @property
    def difference(self) -> Decimal | None:
        """Gross less expected: credits hide what is used."""
        return None if self.gross is None else self.gross - self.expected

    @property
    def outside_range(self) -> Decimal:
        """How far it lies above high (or, negative, below low), in cents; 0 within the range and without data."""
        if self.gross is None:
            return ZERO
        gross, low, high = cents(self.gross), cents(self.low), cents(self.high)
        return max(gross - high, ZERO) + min(gross - low, ZERO)

    @property
    def in_range(self) -> bool | None:
        return None if self.gross is None else not self.outside_range

    @property
    def status(self) -> str:
        """Which side has it: the estimate, the bill, or both."""
        if self.gross is None or not (self.gross or self.credits):
            return ESTIMATE_ONLY
        return MATCHED if self.is_estimated else ACTUAL_ONLY


@dataclass(frozen=True)
class Difference:
    """One month: of the whole organization, by service (`payer`), by account, and by both (`lines`)."""

    bill: Bill
    part: Decimal  # of the month that the estimate counts
    whole: Line
    payer: tuple[Line, ...]
    accounts: tuple[Line, ...]
    lines: tuple[Line, ...]

    @property
    def month(self) -> Month:
        return self.bill.month

    def to_frame(self) -> "pd.DataFrame":
        """A row for each account and service, amounts as Decimal."""
        return frame([self])


@sum_exactly()
def compare(estimate: Estimate, bill: Bill, names: Mapping[str, str], now: datetime) -> Difference:
    """Join both by account and service; `names` are the organization's account names, by id. Pure.

    In a month that is not over, the estimate is prorated by day, except for what AWS charges by the month.
    """
    part = bill.month.part(now)
    estimated_amounts = _estimated_amount(estimate, part)
    known = {account.id or account.key: account.name for account in estimate.accounts} | dict(names)
    usage, credited = _billed_amount(bill, USAGE), _billed_amount(bill, CREDIT)
    places = sorted({*(place for place, amounts in estimated_amounts.items() if any(amounts)), *usage, *credited})
    make = _Maker(bill, known, estimated_amounts, usage, credited)
    by_service, by_account = _group_places(places, 1), _group_places(places, 0)
    account_ids = [*known, *sorted(by_account.keys() - known.keys())]
    return Difference(
        bill,
        part,
        whole=make.sum(ORGANIZATION, "", places),
        payer=tuple(
            make.sum(ORGANIZATION, service, service_places) for service, service_places in sorted(by_service.items())
        ),
        accounts=tuple(make.sum(account, "", by_account.get(account, [])) for account in account_ids),
        lines=tuple(make.sum(account, service, [(account, service)]) for account, service in places),
    )


@dataclass(frozen=True)
class _Maker:
    bill: Bill
    names: Mapping[str, str]
    estimated_amounts: Mapping[Place, Amounts]
    usage: Mapping[Place, Decimal]
    credited: Mapping[Place, Decimal]

    def sum(self, account: str, service: str, places: Sequence[Place]) -> Line:
        scenarios = [self.estimated_amounts.get(place, NO_COSTS) for place in places]
        low, expected, high = (sum((amounts[i] for amounts in scenarios), ZERO) for i in range(3))
        gross = sum((self.usage.get(place, ZERO) for place in places), ZERO)
        credited = sum((self.credited.get(place, ZERO) for place in places), ZERO)
        is_ready = self.bill.ready
        return Line(
            self.bill.month, account, self.names.get(account, ""), service, low, expected, high,
            gross if is_ready else None, credited if is_ready else None, self.bill.maturity,
            any(place in self.estimated_amounts for place in places),
        )  # fmt: skip


def _estimated_amount(estimate: Estimate, part: Decimal) -> dict[Place, Amounts]:
    ids = {account.key: account.id or account.key for account in estimate.accounts}
    sums: dict[Place, list[Decimal]] = {}
    for i, scenario in enumerate(SCENARIOS):
        for charge in (charge for charge in estimate.charges[scenario] if charge.quantity):
            place = (ids[charge.usage.account], charge.price.service)
            sums.setdefault(place, [ZERO, ZERO, ZERO])[i] += prorated(charge, part)
    return {place: (low, expected, high) for place, (low, expected, high) in sums.items()}


@sum_exactly()
def prorated(charge: Charge, part: Decimal) -> Decimal:
    """Return the amount of a charge when this part of the month is over."""
    return charge.effective_cost * part_of(charge, part)


def part_of(charge: Charge, part: Decimal) -> Decimal:
    """Return the fraction of a charge that counts when this part of the month is over; 1 for monthly charges."""
    return Decimal(1) if charge.price.billing_rule in WHOLE_MONTHS else part


@sum_exactly()
def _billed_amount(bill: Bill, category: str) -> dict[Place, Decimal]:
    sums: dict[Place, Decimal] = {}
    for row in bill.rows:
        if row.category == category:
            sums[row.account, row.service] = sums.get((row.account, row.service), ZERO) + row.amount
    return sums


def _group_places(places: Iterable[Place], position: int) -> dict[str, list[Place]]:
    groups: dict[str, list[Place]] = {}
    for place in places:
        groups.setdefault(place[position], []).append(place)
    return groups


def frame(differences: Iterable[Difference]) -> "pd.DataFrame":
    """Return several months as one long table, accounts without costs included; `net` adds up to the billed amount."""
    import pandas as pd

    return pd.DataFrame([row for difference in differences for row in _rows(difference)], dtype=object)


def _rows(difference: Difference) -> Iterator[dict[str, Any]]:
    yield from (_row(line, line.status) for line in difference.lines)
    outside_usage = {(row.account, row.service) for row in difference.bill.rows if row.category not in (USAGE, CREDIT)}
    blank = replace(difference.whole, service="", low=ZERO, expected=ZERO, high=ZERO, credits=ZERO, gross=ZERO)
    names = {line.account: line.name for line in difference.accounts}
    for account, service in sorted(outside_usage):
        line = replace(blank, account=account, name=names.get(account, ""), service=service)
        yield _row(line, OUTSIDE_USAGE, _outside_usage(difference.bill, account, service))
    accounts = {line.account for line in difference.lines} | {account for account, _ in outside_usage}
    for account in sorted(names.keys() - accounts) if difference.bill.ready else ():
        yield _row(replace(blank, account=account, name=names[account]), NO_DATA)


@sum_exactly()
def _outside_usage(bill: Bill, account: str, service: str) -> Decimal:
    return total(
        row
        for row in bill.rows
        if (row.account, row.service) == (account, service) and row.category not in (USAGE, CREDIT)
    )


def _row(line: Line, status: str, amount: Decimal = ZERO) -> dict[str, Any]:
    net = None if line.net is None else line.net + amount
    return {
        "BillingPeriodStart": line.month.start, "SubAccountId": line.account, "SubAccountName": line.name,
        "ServiceName": line.service, "low": line.low, "expected": line.expected, "high": line.high,
        "gross": line.gross, "credits": line.credits, "other": amount, "net": net, "difference": line.difference,
        "in_range": line.in_range, "status": status, "maturity": line.maturity,
    }  # fmt: skip
