"""The query of a FOCUS export, the same for each engine: a month by account, service and kind of charge."""

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
# These too, unless they were deselected when the export was created; x_ServiceCode is AWS's own addition.
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
    """Return the SQL of the query.

    Args:
        source: The text after FROM.
        total: The engine's exact sum, with `{}` in the place of the amount.
        columns: The optional columns that the export has.
        values: For some columns, the expression that reads them.
        condition: The text after WHERE.
    """
    known = {name: (values or {}).get(name, name) for name in (*COLUMNS, *columns)}
    cost, status = known["BilledCost"], known.get(STATUS, "NULL")
    # A row of an unused commitment is not usage, and a list price of 0 means that it is not known. For a row without a
    # cost, the difference to the list price is not known either.
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
    """Turn the rows of a result into a bill; raise NoBill for another currency, InvalidExport for an invalid row.

    A delivery from before the month had settled is not final, however late it is read; nor is one without a known time
    (None). Rows without an account are counted for `payer`. A bill with missing files or costs is incomplete: neither
    final nor preliminary.
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
    """Return the bill of a month that was not delivered yet; `notes` say what is there instead."""
    return Bill(month, (), NOT_READY, source, _iso(now), notes=notes)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
