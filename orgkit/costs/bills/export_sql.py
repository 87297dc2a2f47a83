"""The one question to a FOCUS export, whichever engine answers it: a month by account, service and kind of charge."""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from orgkit.costs.bills.bill import FINAL_BILL, NOT_READY, PRELIMINARY_BILL, USAGE, Bill, BillRow
from orgkit.costs.bills.month import Month
from orgkit.costs.rounding import sum_exactly
from orgkit.costs.services import name_of
from orgkit.errors import InvalidExport, NoBill

# FOCUS 1.0 and 1.2 have these; x_ServiceCode is AWS's own addition.
COLUMNS = ("SubAccountId", "ServiceName", "ChargeCategory", "BillingCurrency", "BilledCost")
CODE = "x_ServiceCode"
NANO = Decimal("0.000000001")  # AWS delivers doubles: digits beyond these are not money
LIMIT = Decimal(10) ** 15  # USD: nobody's bill
NO_SERVICE_NAME = "(no service named)"

SQL = """\
SELECT SubAccountId AS account, {code} AS code, ServiceName AS service, ChargeCategory AS category,
       BillingCurrency AS currency, {total} AS amount
FROM {source}
{where}GROUP BY 1, 2, 3, 4, 5"""


def question(source: str, total: str, *, with_code: bool = True, condition: str = "") -> str:
    """The SQL: `source` is what stands after FROM, `total` how the engine adds BilledCost up without losing cents."""
    code = CODE if with_code else "''"
    return SQL.format(source=source, total=total, code=code, where=f"WHERE {condition}\n" if condition else "")


@sum_exactly()
def bill_of(
    month: Month, rows: Iterable[tuple[Any, ...]], *, delivered: datetime | None, now: datetime, source: str
) -> Bill:
    """The rows of an answer as a bill; NoBill for another currency, InvalidExport for a row that makes no sense.

    What was delivered before a month had settled is not final, however late it is read; nor is what was delivered
    nobody knows when (None).
    """
    sums: dict[tuple[str, str, str], Decimal] = {}
    for row in rows:
        place, cost = _amount(row)
        sums[place] = sums.get(place, Decimal(0)) + cost
    if not sums:
        return not_ready(month, source, now)
    bill_rows = tuple(BillRow(*place, amount.normalize()) for place, amount in sorted(sums.items()) if amount)
    at = min(delivered or now, now)
    settled = delivered is not None and month.is_final(at)
    return Bill(month, bill_rows, FINAL_BILL if settled else PRELIMINARY_BILL, source, _iso(at))


def _amount(row: tuple[Any, ...]) -> tuple[tuple[str, str, str], Decimal]:
    """Account, service and kind of charge, and what it cost."""
    account, code, service, category, currency, amount = row
    if currency != "USD":
        raise NoBill(f"{service} of {account} is in {currency}.", NoBill.remedy_for_currency)
    cost = Decimal(str(amount)) if amount is not None else Decimal("NaN")
    if not account or not cost.is_finite() or abs(cost) >= LIMIT:
        raise InvalidExport(
            f"{service}, {category}: account {account!r}, cost {amount!r}.", InvalidExport.remedy_for_columns
        )
    service_name = name_of(_text(code), _text(service)) or NO_SERVICE_NAME
    return (str(account), service_name, _text(category) or USAGE), cost.quantize(NANO, ROUND_HALF_EVEN)


def _text(value: Any) -> str:
    return str(value or "").strip()


def not_ready(month: Month, source: str, now: datetime) -> Bill:
    """A month of which nothing was delivered yet."""
    return Bill(month, (), NOT_READY, source, _iso(now))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
