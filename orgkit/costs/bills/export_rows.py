"""Rows of a FOCUS export, as an engine adds them up, turned into rows of a bill: each domain checked, nothing lost."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from orgkit.costs.bills.bill import ADJUSTMENT, CREDIT, PURCHASE, TAX, USAGE, BillRow
from orgkit.costs.bills.month import Month
from orgkit.costs.rounding import ZERO, cents
from orgkit.costs.services import name_of
from orgkit.errors import InvalidExport, NoBill
from orgkit.sanitize.terminal import flat

NANO = Decimal("0.000000001")  # AWS delivers doubles: digits beyond these are not money
SAME_PRICE = Decimal("0.000001")  # USD: list price and billed cost are products of doubles; closer than this is equal
LIMIT = Decimal(10) ** 15  # USD: more than any bill
SIMILAR_TEXTS = 16_384  # account ids: each stands in a row for each of its services
NO_SERVICE_NAME = "(no service named)"
NO_ACCOUNT = "(no account named)"
KNOWN_CATEGORIES = {name.casefold(): name for name in (USAGE, CREDIT, TAX, PURCHASE, ADJUSTMENT)}
# Twelve digits at most: a number has lost its leading zeros, and a floating-point number has gained a decimal.
ACCOUNT_NUMBER = re.compile(r"([0-9]{1,12})(?:\.0+)?")
MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
ACCOUNT_WITH_DASHES = re.compile(r"([0-9]{4})-([0-9]{4})-([0-9]{4})")
AWS_NAMES = re.compile(r"aws|amazon", re.IGNORECASE)
# The notes on rows that were left out, moved or doubted, by kind of note.
NOTES = {
    "account": "{rows} row(s) of the export name no account ({usd} USD): counted for the payer, {subject}.",
    "category": "{rows} row(s) have the charge category {subject!r}, which FOCUS does not have ({usd} USD): counted as "
    "adjustments, not as usage.",
    "currency": "{rows} row(s) are in {subject} and not counted: {usd} {subject} in all. Only USD is compared.",
    "missing": "{rows} row(s) have no BilledCost: what they cost is not in this bill.",
    "payer": "{rows} row(s) of {usd} USD were billed to account {subject}, not to {payer}: they are counted.",
    "period": "{rows} row(s) of billing period {subject} were not counted: the bill is that of {month}.",
    "provider": "{rows} row(s) of {subject} were not counted: only AWS is compared.",
}

T = TypeVar("T")
Place = tuple[str, str, str]  # an account's id, a service, a kind of charge
Locate = Callable[[str, Any], str]  # (column, value) → the file that holds it


class ExportRow(NamedTuple):
    """One group of the answer to `export_sql.question`; all after `amount` may be missing in an export."""

    account: Any
    code: Any
    service: Any
    category: Any
    currency: Any
    amount: Any  # sum of BilledCost
    listed: Any = None  # sum at public list prices
    provider: Any = None
    period: Any = None  # start of the billing period: a date, a time, or text
    payer: Any = None  # BillingAccountId
    number: int = 1
    missing: int = 0  # rows without a cost
    covered: int = 0  # rows that a commitment covers


class _GroupFacts(NamedTuple):
    """What the values mean that few of an export's groups differ in."""

    kind: str  # of the note, for a group that is not counted; "" for all others
    subject: str  # of that note
    currency: str
    billed_to: str  # an account id; "" where there is none
    category: str | None  # None for one that FOCUS does not have


@dataclass
class _Total:
    """The rows that one note is about."""

    rows: int = 0
    usd: Decimal = ZERO


@dataclass
class RowSums:
    """The sums of the rows: amounts by place, and what was left out, moved or doubted."""

    month: Month
    payer: str
    source: str
    locate: Locate | None = None
    amounts: dict[Place, Decimal] = field(default_factory=dict)
    covered_accounts: set[str] = field(default_factory=set)
    totals: dict[tuple[str, str], _Total] = field(default_factory=dict)  # by kind of note and its subject

    def __post_init__(self) -> None:
        """Make the month a text once, and not for each group."""
        self._month = str(self.month)

    def add(self, row: ExportRow) -> None:
        """Count one group. Raises InvalidExport for an invalid one, with the file that it is in."""
        facts = _cached(_facts_of, row.provider, row.period, row.currency, row.payer, row.category, self._month)
        if facts.kind:
            if facts.kind == "period" and not MONTH.fullmatch(facts.subject):
                reason = f"BillingPeriodStart {_text(row.period)!r} is not a date"
                raise self._invalid("BillingPeriodStart", row.period, reason)
            self._remark(facts.kind, facts.subject, row, ZERO)
            return
        cost = self._cost(row, row.amount)
        if facts.currency != "USD":
            if cost:
                self._remark("currency", facts.currency or "no currency", row, cost)
            return
        account, category = self._account(row, cost, facts.billed_to), facts.category
        if category is None:  # usage is compared with the estimate: a row without a category does not count as usage
            self._remark("category", _text(row.category), row, cost)
            category = ADJUSTMENT
        if row.missing:
            self._remark("missing", "", row, ZERO, rows=row.missing)
        self._count(account, _cached(_service_of, row.code, row.service), category, cost, row)

    def _count(self, account: str, service: str, category: str, cost: Decimal, row: ExportRow) -> None:
        """Count usage at public list prices, as Cost Explorer does; a discount on it counts as an adjustment."""
        has_list_price = category == USAGE and row.listed is not None and row.listed != row.amount
        listed = self._cost(row, row.listed) if has_list_price else cost
        if listed is cost or abs(listed - cost) < SAME_PRICE:
            listed = cost
            if category == USAGE and row.covered:
                self.covered_accounts.add(account)
        for name, amount in ((category, listed), (ADJUSTMENT, cost - listed)):
            if name == category or amount:
                place = (account, service, name)
                self.amounts[place] = self.amounts.get(place, ZERO) + amount

    def _cost(self, row: ExportRow, amount: Any) -> Decimal:
        if amount is None and row.missing:
            return ZERO
        cost = Decimal(str(amount)) if amount is not None else Decimal("NaN")
        if not cost.is_finite() or abs(cost) >= LIMIT:
            raise self._invalid("BilledCost", amount, f"{row.service} of {row.account} costs {amount!r}")
        return cost.quantize(NANO, ROUND_HALF_EVEN)

    def _account(self, row: ExportRow, cost: Decimal, billed_to: str) -> str:
        """Return twelve digits; FOCUS lets a charge on the whole bill, such as a tax, name no account."""
        if self.payer and billed_to and billed_to != self.payer:
            self._remark("payer", billed_to, row, cost)
        if account := account_id(row.account):
            return account
        if _text(row.account):
            return self._account_id(row.account, "SubAccountId")
        payer = self._account_id(row.payer, "BillingAccountId") if _text(row.payer) else self.payer or NO_ACCOUNT
        self._remark("account", payer, row, cost)
        return payer

    def _account_id(self, value: Any, column: str) -> str:
        account = account_id(value)
        if not account:
            raise self._invalid(column, value, f"{column} {_text(value)[:60]!r} is not an AWS account id")
        return account

    def _invalid(self, column: str, value: Any, reason: str) -> InvalidExport:
        file = self.locate(column, value) if self.locate else self.source
        return InvalidExport(f"{flat(file)}: {flat(reason)}.", InvalidExport.remedy_for_rows)

    def _remark(self, kind: str, subject: str, row: ExportRow, usd: Decimal, *, rows: int = 0) -> None:
        entry = self.totals.setdefault((kind, flat(subject)[:60]), _Total())
        entry.rows += rows or row.number
        entry.usd += usd

    @property
    def is_incomplete(self) -> bool:
        """Whether some of the month's money is not in the amounts."""
        return any(kind in ("currency", "missing") for kind, _ in self.totals)

    def check(self) -> None:
        """Raise NoBill for a bill in another currency, InvalidExport if no row is AWS's for this month."""
        if self.amounts or not self.totals:
            return
        kinds = sorted({kind for kind, _ in self.totals})
        if kinds == ["currency"]:
            raise NoBill(" ".join(self.notes), NoBill.remedy_for_currency)
        raise InvalidExport(f"{self.source} has no row of AWS for {self.month}. {' '.join(self.notes)}",
                            InvalidExport.remedy_for_path)  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each kind of row that was left out, moved or doubted."""
        return tuple(
            NOTES[kind].format(
                rows=entry.rows, usd=cents(entry.usd), subject=subject, month=self.month, payer=self.payer
            )
            for (kind, subject), entry in sorted(self.totals.items())
        )

    @property
    def rows(self) -> tuple[BillRow, ...]:
        """The amounts by place; zero amounts are left out."""
        return tuple(BillRow(*place, amount.normalize()) for place, amount in sorted(self.amounts.items()) if amount)


def account_id(value: Any) -> str:
    """The twelve digits of an account id in any form that keeps all of them; "" for anything else."""
    return _digits_of(_text(value))


@lru_cache(maxsize=SIMILAR_TEXTS)
def _digits_of(text: str) -> str:
    if match := ACCOUNT_WITH_DASHES.fullmatch(text):
        return "".join(match.groups())
    match = ACCOUNT_NUMBER.fullmatch(text)
    return match[1].zfill(12) if match else ""


def _cached(function: Callable[..., T], *values: Any) -> T:
    """Call a function that keeps what it returned; an engine may answer with lists, for which nothing can be kept."""
    try:
        return function(*values)
    except TypeError:
        uncached: Callable[..., T] = vars(function)["__wrapped__"]
        return uncached(*values)


@lru_cache(maxsize=SIMILAR_TEXTS, typed=True)
def _facts_of(provider: Any, period: Any, currency: Any, payer: Any, category: Any, month: str) -> _GroupFacts:
    provider_text, period_text = _text(provider), _text(period)[:7]  # of dates, times and texts of ISO 8601: the month
    kind = "" if AWS_NAMES.match(provider_text) or not provider_text else "provider"
    kind = kind or ("" if period_text in ("", month) else "period")
    return _GroupFacts(
        kind,
        provider_text if kind == "provider" else period_text,
        _text(currency).upper(),
        account_id(payer),
        KNOWN_CATEGORIES.get(_text(category).casefold()),
    )


@lru_cache(maxsize=SIMILAR_TEXTS, typed=True)
def _service_of(code: Any, service: Any) -> str:
    return name_of(_text(code), _text(service)) or NO_SERVICE_NAME


def sum_rows(
    month: Month, rows: Iterable[tuple[Any, ...]], *, source: str, payer: str = "", locate: Locate | None = None
) -> RowSums:
    """Sum every row of a result. Raises InvalidExport and NoBill."""
    sums = RowSums(month, payer, source, locate)
    for row in rows:
        sums.add(ExportRow(*row))
    sums.check()
    return sums


def _text(value: Any) -> str:
    if isinstance(value, str):  # most values, of many rows
        return value.strip()
    return "" if value is None else str(value).strip()
