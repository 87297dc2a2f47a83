"""Several months of bills compared with the estimate: what the organization really cost."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orgkit.costs.bills.bill import Bill, bills_frame
from orgkit.costs.bills.difference import Difference, Line, compare, frame
from orgkit.costs.bills.explain import explain
from orgkit.costs.bills.showback import Showback, showback
from orgkit.costs.estimate.estimate import Estimate
from orgkit.dataclass import dataclass
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Actuals:
    """Bills, oldest first, and how each differs from the estimate; amounts in USD."""

    estimate: Estimate
    differences: tuple[Difference, ...]
    names: Mapping[str, str]  # account id → name
    observed: Observed
    paid: str  # what reading them cost, in a sentence

    @property
    def bills(self) -> tuple[Bill, ...]:
        return tuple(difference.bill for difference in self.differences)

    def explanations(self, difference: Difference) -> tuple[str, ...]:
        """The biggest differences of a month, in sentences."""
        return explain(self.estimate, difference)

    @property
    def showback(self) -> tuple[Showback, ...]:
        """A split for each month that is ready."""
        return tuple(showback(bill, self.observed) for bill in self.bills if bill.ready)

    def to_frame(self) -> "pd.DataFrame":
        """Every amount of every bill, in FOCUS 1.2 names; amounts are Decimal."""
        return bills_frame(self.bills, self.names)

    def comparison(self) -> "pd.DataFrame":
        """A row for each month, account and service: estimate, bill, and how they differ; amounts are Decimal."""
        return frame(self.differences)

    def facts(self) -> dict[str, Any]:
        """As JSON takes it; amounts as text, so that no digit is lost."""
        months = [
            {
                "month": str(d.month), "maturity": d.bill.maturity, "source": d.bill.source,
                "read_at": d.bill.read_at, "currency": d.bill.currency, "part_of_month": str(d.part),
                "organization": _line(d.whole) | {"other": str(d.bill.other_usd), "billed": str(d.bill.net)},
                "accounts": [_line(line) for line in d.accounts], "services": [_line(line) for line in d.payer],
                "lines": [_line(line) for line in d.lines], "notes": list(d.bill.notes),
                "explained": list(self.explanations(d)),
            }
            for d in self.differences
        ]  # fmt: skip
        return {"months": months, "paid": self.paid}


def actuals(
    desired: Desired,
    observed: Observed,
    estimate: Estimate,
    bills: tuple[Bill, ...],
    now: datetime,
    request_cost: str = "",
) -> Actuals:
    """Compare every bill with the estimate; pure."""
    payer = desired.organization
    names = {payer.management_account_id: payer.name} | {account.id: account.name for account in observed.accounts}
    differences = tuple(compare(estimate, bill, names, now) for bill in bills)
    return Actuals(estimate, differences, names, observed, request_cost)


def _line(line: Line) -> dict[str, Any]:
    amounts: dict[str, Decimal | None] = {
        "low": line.low, "expected": line.expected, "high": line.high, "gross": line.gross, "credits": line.credits,
        "net": line.net, "difference": line.difference,
    }  # fmt: skip
    cells = {name: None if amount is None else f"{amount:f}" for name, amount in amounts.items()}
    place = {"account": line.account, "name": line.name, "service": line.service}
    return {**place, **cells, "in_range": line.in_range, "status": line.status}
