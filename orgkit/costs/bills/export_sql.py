"""The one question to a FOCUS export, whichever engine answers it: a month by account, service and kind of charge."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from orgkit.costs.bills.bill import FINAL_BILL, INCOMPLETE_BILL, NOT_READY, PRELIMINARY_BILL, Bill
from orgkit.costs.bills.export_rows import Locate, sum_rows
from orgkit.costs.bills.month import Month
from orgkit.costs.rounding import sum_exactly
from orgkit.errors import InvalidExport

# FOCUS 1.0 and 1.2 have these.
COLUMNS = ("SubAccountId", "ServiceName", "ChargeCategory", "BillingCurrency", "BilledCost")
# Those too, unless a person who makes an export leaves them out; x_ServiceCode is AWS's own addition.
LIST_COST, STATUS = "ListCost", "CommitmentDiscountStatus"
CODE, PROVIDER, PERIOD, PAYER = "x_ServiceCode", "ProviderName", "BillingPeriodStart", "BillingAccountId"
OPTIONAL_COLUMNS = (CODE, LIST_COST, STATUS, PROVIDER, PERIOD, PAYER)
WITHOUT_LIST_COST = (
    "The export has no column ListCost: usage counts as it was billed, and as 0 where a commitment covers it."
)

SQL = """\
SELECT SubAccountId AS account, {code} AS code, ServiceName AS service, ChargeCategory AS category,
       BillingCurrency AS currency, {total} AS amount, {listed} AS listed, {provider} AS provider, {period} AS period,
       {payer} AS payer, count(*) AS number, count(*) - count({cost}) AS missing, {covered} AS covered
FROM {source}
{where}GROUP BY 1, 2, 3, 4, 5, 8, 9, 10"""


def question(
    source: str,
    total: str,
    *,
    columns: Collection[str] = OPTIONAL_COLUMNS,
    values: Mapping[str, str] | None = None,
    condition: str = "",
) -> str:
    """The SQL of the question.

    Args:
        source: What stands after FROM.
        total: How the engine adds up amounts without losing cents, `{}` in the place of the amount.
        columns: Those of the optional columns that there are.
        values: For some columns, the expression that reads them.
        condition: What stands after WHERE.
    """
    known = {name: (values or {}).get(name, name) for name in (*COLUMNS, *columns)}
    cost, status = known["BilledCost"], known.get(STATUS, "NULL")
    # A row of a commitment that nobody used stands for no usage, and a list price of 0 for one that is not known. Of a
    # row without a cost it is not known either by how much it was cheaper than its list price.
    listed = "NULL"
    if LIST_COST in known:
        price = known[LIST_COST]
        is_billed = f"{cost} IS NULL OR {status} = 'Unused' OR {price} IS NULL OR {price} = 0"
        listed = f"CASE WHEN {is_billed} THEN {cost} ELSE {price} END"
    return SQL.format(
        source=source,
        code=known.get(CODE, "''"),
        cost=cost,
        total=total.format(cost),
        listed="NULL" if listed == "NULL" else total.format(listed),
        provider=known.get(PROVIDER, "''"),
        period=known.get(PERIOD, "''"),
        payer=known.get(PAYER, "''"),
        covered=f"count(CASE WHEN {status} = 'Used' THEN 1 END)",
        where=f"WHERE {condition}\n" if condition else "",
    )


@sum_exactly()
def bill_of(
    month: Month,
    rows: Iterable[tuple[Any, ...]],
    *,
    delivered: datetime | None,
    now: datetime,
    source: str,
    payer: str = "",
    locate: Locate | None = None,
    notes: tuple[str, ...] = (),
    is_whole: bool = True,
) -> Bill:
    """The rows of an answer as a bill; NoBill for another currency, InvalidExport for a row that makes no sense.

    What was delivered before a month had settled is not final, however late it is read; nor is what was delivered
    nobody knows when (None). `payer` gets what names no account; a bill that is not whole, since files or costs are
    missing, is neither final nor preliminary.
    """
    sums = sum_rows(month, rows, source=source, payer=payer, locate=locate)
    notes = (*notes, *sums.notes)
    at = min(delivered or now, now)
    settled = delivered is not None and month.is_final(at)
    if not sums.amounts and settled:
        raise InvalidExport(
            f"{source}: the files of {month} hold no row, and were written when it had settled.",
            InvalidExport.remedy_for_files,
        )
    if not sums.amounts:
        return not_ready(month, source, now, notes)
    maturity = FINAL_BILL if settled else PRELIMINARY_BILL
    if sums.is_incomplete or not is_whole:
        maturity = INCOMPLETE_BILL
    return Bill(
        month, sums.rows, maturity, source, _iso(at), notes=notes, covered_accounts=frozenset(sums.covered_accounts)
    )


def not_ready(month: Month, source: str, now: datetime, notes: tuple[str, ...] = ()) -> Bill:
    """A month of which nothing was delivered yet; `notes` say what lies there instead."""
    return Bill(month, (), NOT_READY, source, _iso(now), notes=notes)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
