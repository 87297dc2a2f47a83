"""Cost Explorer: what was used and what was credited, a month at a time; every request counted, since each is paid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from orgkit.aws.advice import remedy_for
from orgkit.aws.rejections import Rejected
from orgkit.aws.response import next_token, walk_pages
from orgkit.aws.session import Connection
from orgkit.costs.bills.bill import (
    ADJUSTMENT,
    CREDIT,
    FINAL_BILL,
    NOT_READY,
    PRELIMINARY_BILL,
    PURCHASE,
    TAX,
    USAGE,
    Bill,
    BillRow,
)
from orgkit.costs.bills.month import Month
from orgkit.dataclass import dataclass
from orgkit.errors import BudgetExceeded, CouldNotRead, InvalidAmount, NoBill

READS = ("ce:GetCostAndUsage",)
BUDGET_USD = Decimal("0.10")  # USD for one reading
MAX_CACHE_AGE = timedelta(hours=8)  # AWS refreshes its data up to three times a day
SOURCE = "Cost Explorer"
METRIC = "UnblendedCost"
# Record types that are usage of a service. What a savings plan covers has its public list price; what a reserved
# instance covers is 0 in UnblendedCost, and no metric of GetCostAndUsage has its list price.
USAGE_RECORD_TYPES = ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage")
# RECORD_TYPE of Cost Explorer → ChargeCategory of FOCUS; a discount, or what is not here, adjusts the bill.
CATEGORIES = {
    "Credit": CREDIT, "Tax": TAX, "Upfront": PURCHASE, "Recurring": PURCHASE, "RIFee": PURCHASE, "Fee": PURCHASE,
    "SavingsPlanUpfrontFee": PURCHASE, "SavingsPlanRecurringFee": PURCHASE, "Support": PURCHASE, "Other": PURCHASE,
    "FlatRateSubscription": PURCHASE,
}  # fmt: skip
RESERVED = "DiscountedUsage"
RESERVED_NOTE = (
    "Reserved instances cover usage in {} account(s): Cost Explorer counts it as 0, a data export (FOCUS) at its "
    "public list price."
)
PENNY = Decimal("0.01")
MAX_USD = Decimal(10) ** 15  # USD: more than any bill


def usd(text: str) -> Decimal:
    """Parse an amount as a person writes it; raise InvalidAmount for anything else."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise InvalidAmount(f"{text[:40]!r} is not an amount of USD.", "write it as 0.25.")
    return amount


class ResponseCache(Protocol):
    """Answers that were paid for; on disk, or wherever the caller wants them."""

    def get(self, request: Mapping[str, Any]) -> tuple[datetime, dict[str, Any]] | None:
        """Return when the request was answered, and the answer; None if it never was."""

    def put(self, request: Mapping[str, Any], at: datetime, answer: Mapping[str, Any]) -> None:
        """Store an answer, replacing an older one."""


@dataclass(frozen=True)
class Group:
    """One amount by two dimensions."""

    first: str
    second: str
    amount: Decimal


@dataclass(frozen=True)
class Groups:
    """All pages of one question."""

    items: tuple[Group, ...]
    is_estimated: bool
    read_at: datetime  # of the oldest page


class CostExplorer:
    """Requests page by page, caches what it paid for, and stops before it costs more than `at_most`.

    `price` is that of one request in USD. Raises BudgetExceeded before the request that would cost too much: the pages
    read so far stay in the cache, and cost nothing the next time.
    """

    def __init__(
        self,
        aws: Connection,
        cache: ResponseCache,
        price: Decimal,
        at_most: Decimal = BUDGET_USD,
        *,
        fresh: bool = False,
    ) -> None:
        self._aws, self._cache, self._fresh = aws, cache, fresh
        self._price, self._at_most = price, at_most
        self.requests = 0  # sent, botocore's own retries among them
        self.cached_pages = 0  # pages that needed no request

    @property
    def cost(self) -> Decimal:
        """USD, as if AWS charged every attempt."""
        return self.requests * self._price

    @property
    def sentence(self) -> str:
        """What this reading cost."""
        suffix = f"; {self.cached_pages} answer(s) were kept from earlier" if self.cached_pages else ""
        return f"{self.requests} request(s) to Cost Explorer, {self.cost:.2f} USD{suffix}."

    def bill(self, month: Month) -> Bill:
        """One month: two questions, and a third where there are credits.

        Raises NoBill when Cost Explorer is switched off, BudgetExceeded, and CouldNotRead for any other refusal.
        """
        try:
            return self._bill(month)
        except Rejected as rejection:
            now = self._aws.clock.now()
            if rejection.code == "DataUnavailableException":
                return Bill(month, (), NOT_READY, SOURCE, now.isoformat(timespec="seconds"))
            if rejection.code == "ValidationException" and "historical" in rejection.message:
                raise NoBill(f"{month}: {rejection.message}", NoBill.remedy_for_month) from None
            if rejection.code == "AccessDeniedException" and "enabled" in rejection.message:
                raise NoBill(rejection.message, NoBill.remedy_to_enable) from None
            raise CouldNotRead(f"{rejection}.", remedy_for(rejection)) from None

    def _bill(self, month: Month) -> Bill:
        kinds = self._groups(month, "RECORD_TYPE")
        usage = self._groups(month, "SERVICE", *USAGE_RECORD_TYPES)
        credited = any(group.second == "Credit" and group.amount for group in kinds.items)
        credit = self._groups(month, "SERVICE", "Credit") if credited else Groups((), False, usage.read_at)
        rows = [BillRow(g.first, g.second, USAGE, g.amount) for g in usage.items]
        rows += [BillRow(g.first, g.second, CREDIT, g.amount) for g in credit.items]
        remaining_groups = (group for group in kinds.items if group.second not in (*USAGE_RECORD_TYPES, "Credit"))
        rows += [BillRow(g.first, g.second, CATEGORIES.get(g.second, ADJUSTMENT), g.amount) for g in remaining_groups]
        at = min(kinds.read_at, usage.read_at, credit.read_at)
        changing = kinds.is_estimated or usage.is_estimated or not month.is_final(self._aws.clock.now())
        charged_rows = tuple(row for row in rows if row.amount)
        reserved = frozenset(group.first for group in kinds.items if group.second == RESERVED and not group.amount)
        notes = (*_disagreements(kinds, usage), *([RESERVED_NOTE.format(len(reserved))] if reserved else []))
        return Bill(
            month, charged_rows, PRELIMINARY_BILL if changing else FINAL_BILL, SOURCE, at.isoformat(timespec="seconds"),
            notes=notes, covered_accounts=reserved,
        )  # fmt: skip

    def _groups(self, month: Month, dimension: str, *record_types: str) -> Groups:
        """Return every page; start again when AWS no longer accepts the token of a cached page."""
        request = _question(month, dimension, record_types)
        try:
            pages = list(self._pages(month, request, fresh=self._fresh))
        except Rejected as rejection:
            if rejection.code != "InvalidNextTokenException":
                raise
            pages = list(self._pages(month, request, fresh=True))
        results = [result for _, page in pages for result in page["ResultsByTime"]]
        items = tuple(_group(group) for result in results for group in result["Groups"])
        return Groups(items, any(result.get("Estimated") for result in results), min(at for at, _ in pages))

    def _pages(self, month: Month, request: dict[str, Any], *, fresh: bool) -> Iterator[tuple[datetime, Any]]:
        return walk_pages(
            "ce:GetCostAndUsage",
            lambda token: self._page(month, {**request, **token}, fresh=fresh),
            lambda page: next_token(page[1], "NextPageToken"),
        )

    def _page(self, month: Month, request: dict[str, Any], *, fresh: bool) -> tuple[datetime, Any]:
        key = {"where": self._aws.endpoint or "aws", "account": self._aws.caller().account, **request}
        now = self._aws.clock.now()
        known = self._cache.get(key)
        if (
            known is not None
            and not fresh
            and (month.is_final(known[0]) or timedelta(0) <= now - known[0] < MAX_CACHE_AGE)
        ):
            self.cached_pages += 1
            return known
        if self.cost + self._price > self._at_most:
            raise BudgetExceeded(
                f"{self.requests} request(s) were made, and one more would cost over {self._at_most} USD.",
                BudgetExceeded.remedy_for_budget,
            )
        self._aws.progress(f"Cost Explorer, {month}", float(self.requests), 0.0)
        answer = self._count_request(lambda: self._aws.read("ce", "GetCostAndUsage", **request))
        payload = {"ResultsByTime": answer["ResultsByTime"], "NextPageToken": answer.get("NextPageToken", "")}
        self._cache.put(key, now, payload)
        return now, payload

    def _count_request(self, ask: Callable[[], Any]) -> Any:
        self.requests += 1
        answer = ask()
        self.requests += int(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))
        return answer


def _question(month: Month, dimension: str, record_types: Sequence[str]) -> dict[str, Any]:
    only = {"Filter": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(record_types)}}} if record_types else {}
    dimensions = [{"Type": "DIMENSION", "Key": key} for key in ("LINKED_ACCOUNT", dimension)]
    period = {"Start": month.start.isoformat(), "End": month.end.isoformat()}
    return {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": [METRIC], "GroupBy": dimensions, **only}


def _group(group: Mapping[str, Any]) -> Group:
    first, second = group["Keys"]
    metric = group["Metrics"][METRIC]
    try:
        amount = Decimal(metric["Amount"])
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount:  # nothing is nothing in any currency
        return Group(first, second, Decimal(0))
    if not amount.is_finite() or abs(amount) >= MAX_USD or metric["Unit"] != "USD":
        raise NoBill(
            f"{second} of {first} is {str(metric['Amount'])[:40]} {metric['Unit']}.", NoBill.remedy_for_currency
        )
    return Group(first, second, amount)


def _disagreements(kinds: Groups, usage: Groups) -> Iterator[str]:
    """The same usage is asked for twice; AWS may have refreshed its data in between."""
    whole = sum((group.amount for group in kinds.items if group.second in USAGE_RECORD_TYPES), Decimal(0))
    parts = sum((group.amount for group in usage.items), Decimal(0))
    if abs(whole - parts) >= PENNY:
        yield (
            f"Cost Explorer says {whole:.2f} USD of usage in one answer and {parts:.2f} in another: it was "
            "refreshed in between. Read it again (--fresh)."
        )
