"""The consolidated bill by account and organizational unit, with the tags that name the owners."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from orgkit.costs.bills.bill import CREDIT, USAGE, Bill, BillRow, total
from orgkit.costs.rounding import ZERO, sum_exactly
from orgkit.dataclass import dataclass
from orgkit.model.desired import UnitPath, format_path
from orgkit.model.observed import Observed

if TYPE_CHECKING:
    import pandas as pd

NOT_IN_ORGANIZATION = "(not in the organization)"  # an account that left after the month of the bill, or during it
ROOT = "Root"


@dataclass(frozen=True)
class Share:
    """The share of one account or one unit, USD; `tags` are "" for a unit."""

    unit: str
    account: str
    name: str
    tags: str
    gross: Decimal
    credits: Decimal
    other: Decimal  # taxes, purchases, refunds
    part: Decimal  # of the whole gross, 0 to 1

    @property
    @sum_exactly()
    def net(self) -> Decimal:
        return self.gross + self.credits + self.other


@dataclass(frozen=True)
class Showback:
    """All accounts of the organization, those without costs too, and all units with accounts; both sum to the bill."""

    bill: Bill
    accounts: tuple[Share, ...]
    units: tuple[Share, ...]

    def to_frame(self) -> "pd.DataFrame":
        """A row for each account, amounts as Decimal."""
        import pandas as pd

        return pd.DataFrame([vars(share) | {"net": share.net} for share in self.accounts], dtype=object)


def showback(bill: Bill, observed: Observed) -> Showback:
    """Split one month's bill; an account that has left the organization is listed too. Pure."""
    rows: dict[str, list[BillRow]] = {}
    for row in bill.rows:
        rows.setdefault(row.account, []).append(row)
    paths: dict[str, UnitPath | None] = {account.id: account.unit for account in observed.accounts}
    paths |= dict.fromkeys(sorted(rows.keys() - paths.keys()))
    names = {account.id: (account.name, _tags(account.tags)) for account in observed.accounts}
    accounts = [
        _share(_label(path), account, *names.get(account, ("", "")), rows.get(account, []), bill.gross)
        for account, path in paths.items()
    ]
    rows_of_units: dict[UnitPath | None, list[BillRow]] = {}
    for account, path in paths.items():
        rows_of_units.setdefault(path, []).extend(rows.get(account, []))
    by_label = sorted(rows_of_units.items(), key=lambda unit: (_label(unit[0]), unit[0] or ()))
    units = [_share(_label(path), "", "", "", unit_rows, bill.gross) for path, unit_rows in by_label]
    ordered = sorted(accounts, key=lambda share: (share.unit, -share.gross, share.account))
    return Showback(bill, tuple(ordered), tuple(units))


def _label(path: UnitPath | None) -> str:
    """Return the path of a unit as text; it is not unique, since a unit can have the same name as the root's label."""
    return NOT_IN_ORGANIZATION if path is None else format_path(path) or ROOT


@sum_exactly()
def _share(unit: str, account: str, name: str, tags: str, rows: list[BillRow], whole: Decimal) -> Share:
    gross = total(row for row in rows if row.category == USAGE)
    credited = total(row for row in rows if row.category == CREDIT)
    part = gross / whole if whole else ZERO
    return Share(unit, account, name, tags, gross, credited, total(rows) - gross - credited, part)


def _tags(tags: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags)
