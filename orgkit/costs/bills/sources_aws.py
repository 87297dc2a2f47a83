"""Where bills come from, as the parameters file says: Cost Explorer, or a data export by one of two engines."""

from decimal import Decimal
from pathlib import Path
from typing import Protocol

from orgkit.aws.session import Connection
from orgkit.costs.bills.athena_aws import AthenaBills
from orgkit.costs.bills.bill import Bill
from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.costs.bills.cost_explorer_aws import BUDGET_USD, CostExplorer, ResponseCache
from orgkit.costs.bills.exports_aws import ExportedBills
from orgkit.costs.bills.month import Month
from orgkit.costs.prices.prices import PriceBook


class Source(Protocol):
    """Gives the bill of a month, and says afterwards what that took."""

    def bill(self, month: Month) -> Bill: ...

    @property
    def sentence(self) -> str: ...


def source_of(
    spec: BillingSpec, aws: Connection, cache: ResponseCache, book: PriceBook, base: Path,
    *, payer: str = "", at_most: Decimal = BUDGET_USD, fresh: bool = False,
) -> Source:  # fmt: skip
    """Return the source that the file asks for.

    A relative place starts at the folder `base`. Charges without an account are counted for `payer`, the management
    account.
    """
    if spec.source == "duckdb":
        return ExportedBills(aws, spec.place, base, payer)
    if spec.source == "athena":
        return AthenaBills(aws, spec.table, spec.output, payer)
    return CostExplorer(aws, cache, book.price("ce.request").tiers[0].unit_price, at_most, fresh=fresh)
