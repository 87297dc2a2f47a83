"""What AWS says an account has cost in a month, service by service; credits apart, since they hide usage."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from orgkit.costs.bills.month import Month
from orgkit.costs.rounding import ZERO, sum_exactly
from orgkit.costs.services import category_of
from orgkit.dataclass import dataclass

if TYPE_CHECKING:
    import pandas as pd

USAGE, CREDIT, TAX, PURCHASE, ADJUSTMENT = "Usage", "Credit", "Tax", "Purchase", "Adjustment"  # FOCUS's ChargeCategory
# How far a month's data can be trusted.
FINAL_BILL = "final"  # over, and no longer corrected
PRELIMINARY_BILL = "may still change"
INCOMPLETE_BILL = "incomplete"  # some of its files or costs could not be read
NOT_READY = "not ready yet"  # which is not the same as nothing


@dataclass(frozen=True)
class BillRow:
    """One amount: of an account, a service and a kind of charge; credits are negative."""

    account: str  # id
    service: str  # Cost Explorer's name; the kind of charge where AWS names no service
    category: str
    amount: Decimal


@dataclass(frozen=True)
class Bill:
    """One month of the whole organization. `rows` is empty for a month that is not ready, and for one without costs."""

    month: Month
    rows: tuple[BillRow, ...]
    maturity: str
    source: str
    read_at: str  # ISO 8601: when AWS was asked, or when an export was delivered
    currency: str = "USD"
    notes: tuple[str, ...] = ()
    covered_accounts: frozenset[str] = frozenset()  # with usage that a commitment covers and the source counts as 0

    @property
    def ready(self) -> bool:
        return self.maturity != NOT_READY

    @property
    def gross(self) -> Decimal:
        """What was used, at public list prices, before credits, taxes, purchases and discounts."""
        return total(row for row in self.rows if row.category == USAGE)

    @property
    def credits(self) -> Decimal:
        """Never positive."""
        return total(row for row in self.rows if row.category == CREDIT)

    @property
    def other_usd(self) -> Decimal:
        """Taxes, purchases, discounts, refunds."""
        return total(row for row in self.rows if row.category not in (USAGE, CREDIT))

    @property
    def net(self) -> Decimal:
        """What is billed."""
        return total(self.rows)

    def to_frame(self, names: Mapping[str, str]) -> "pd.DataFrame":
        """A row for each amount in FOCUS 1.2 names; a silent account has one of 0. `names`: account id → name."""
        return bills_frame([self], names)


@sum_exactly()
def total(rows: Iterable[BillRow]) -> Decimal:
    """The exact sum."""
    return sum((row.amount for row in rows), ZERO)


def bills_frame(bills: Sequence[Bill], names: Mapping[str, str]) -> "pd.DataFrame":
    """Several months in one long table, amounts as Decimal: the same columns, wherever the bills come from."""
    import pandas as pd

    records = [record for bill in bills for record in _records(bill, names)]
    return pd.DataFrame(records, columns=COLUMNS)


COLUMNS = (
    "BillingPeriodStart", "BillingPeriodEnd", "SubAccountId", "SubAccountName", "ServiceName", "ServiceCategory",
    "ChargeCategory", "BilledCost", "BillingCurrency", "x_Maturity", "x_Source", "x_ReadAt", "x_Kind",
)  # fmt: skip


def _records(bill: Bill, names: Mapping[str, str]) -> Iterable[tuple[object, ...]]:
    accounts = {row.account for row in bill.rows}
    silent = [BillRow(account, "", USAGE, ZERO) for account in names if account not in accounts]
    for row in (*bill.rows, *(silent if bill.ready else ())):
        yield (
            bill.month.start, bill.month.end, row.account, names.get(row.account, ""), row.service,
            category_of(row.service), row.category, row.amount, bill.currency, bill.maturity, bill.source,
            bill.read_at, "actual",
        )  # fmt: skip
