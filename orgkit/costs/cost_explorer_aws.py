"""Cost Explorer: what was used and what was credited, a month at a time; every request counted, since each is paid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from orgkit.aws.constraints import advice
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.costs.bill import ADJUSTMENT, CHANGING, CREDIT, FINAL, NOT_READY, PURCHASE, TAX, USAGE, Bill, BillRow
from orgkit.costs.month import Month
from orgkit.errors import CouldNotRead, NoAmount, NoBill, TooDear

READS = ("ce:GetCostAndUsage",)
AT_MOST = Decimal("0.10")  # USD for one reading
STALE = timedelta(hours=8)  # AWS refreshes its data up to three times a day
SOURCE = "Cost Explorer"
METRIC = "UnblendedCost"
# Record types that are usage of a service: at the price of the list, though a commitment covers it.
USED = ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage")
# RECORD_TYPE of Cost Explorer → ChargeCategory of FOCUS; a discount, or what is not here, adjusts the bill.
CATEGORIES = {
    "Credit": CREDIT, "Tax": TAX, "Upfront": PURCHASE, "Recurring": PURCHASE, "RIFee": PURCHASE, "Fee": PURCHASE,
    "SavingsPlanUpfrontFee": PURCHASE, "SavingsPlanRecurringFee": PURCHASE, "Support": PURCHASE, "Other": PURCHASE,
    "FlatRateSubscription": PURCHASE,
}  # fmt: skip
PENNY = Decimal("0.01")
ABSURD = Decimal(10) ** 15  # USD: nobody's bill


def usd(text: str) -> Decimal:
    """An amount as a person writes it; NoAmount for what is none."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise NoAmount(f"{text[:40]!r} is not an amount of USD.", "write it as 0.25.")
    return amount


class Kept(Protocol):
    """Answers that were paid for; on disk, or wherever the caller wants them."""

    def get(self, asked: Mapping[str, Any]) -> tuple[datetime, dict[str, Any]] | None:
        """When it was answered, and what; None when it never was."""

    def put(self, asked: Mapping[str, Any], at: datetime, answer: Mapping[str, Any]) -> None:
        """Keep an answer, in the place of an older one."""


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
    estimated: bool
    at: datetime  # of the oldest page


class CostExplorer:
    """Asks page by page, keeps what it paid for, and stops before it costs more than `at_most`.

    `price` is that of one request in USD. Raises TooDear before the request that would cost too much: the pages that
    were read stay kept, and count as nothing the next time.
    """

    def __init__(
        self, aws: Connection, kept: Kept, price: Decimal, at_most: Decimal = AT_MOST, *, fresh: bool = False
    ) -> None:
        self._aws, self._kept, self._fresh = aws, kept, fresh
        self._price, self._at_most = price, at_most
        self.requests = 0  # sent, botocore's own retries among them
        self.remembered = 0  # pages that needed no request

    @property
    def cost(self) -> Decimal:
        """USD, as if AWS charged every attempt."""
        return self.requests * self._price

    @property
    def sentence(self) -> str:
        """What this reading cost."""
        kept = f"; {self.remembered} answer(s) were kept from earlier" if self.remembered else ""
        return f"{self.requests} request(s) to Cost Explorer, {self.cost:.2f} USD{kept}."

    def bill(self, month: Month) -> Bill:
        """One month: two questions, and a third where there are credits.

        Raises NoBill when Cost Explorer is switched off, TooDear, and CouldNotRead for any other refusal.
        """
        try:
            return self._bill(month)
        except Refused as refused:
            now = self._aws.clock.now()
            if refused.code == "DataUnavailableException":
                return Bill(month, (), NOT_READY, SOURCE, now.isoformat(timespec="seconds"))
            if refused.code == "ValidationException" and "historical" in refused.message:
                raise NoBill(f"{month}: {refused.message}", NoBill.too_old) from None
            if refused.code == "AccessDeniedException" and "enabled" in refused.message:
                raise NoBill(refused.message, NoBill.switch_on) from None
            raise CouldNotRead(f"{refused}.", refused.do or advice(refused.reason, refused.code)) from None

    def _bill(self, month: Month) -> Bill:
        kinds = self._groups(month, "RECORD_TYPE")
        usage = self._groups(month, "SERVICE", *USED)
        credited = any(group.second == "Credit" and group.amount for group in kinds.items)
        credit = self._groups(month, "SERVICE", "Credit") if credited else Groups((), False, usage.at)
        rows = [BillRow(g.first, g.second, USAGE, g.amount) for g in usage.items]
        rows += [BillRow(g.first, g.second, CREDIT, g.amount) for g in credit.items]
        other = (group for group in kinds.items if group.second not in (*USED, "Credit"))
        rows += [BillRow(g.first, g.second, CATEGORIES.get(g.second, ADJUSTMENT), g.amount) for g in other]
        at = min(kinds.at, usage.at, credit.at)
        changing = kinds.estimated or usage.estimated or not month.settled(self._aws.clock.now())
        told = tuple(row for row in rows if row.amount)
        return Bill(
            month, told, CHANGING if changing else FINAL, SOURCE, at.isoformat(timespec="seconds"),
            notes=tuple(_disagreements(kinds, usage)),
        )  # fmt: skip

    def _groups(self, month: Month, by: str, *record_types: str) -> Groups:
        """Every page; from the beginning once more when AWS no longer knows where a kept page left off."""
        asked = _question(month, by, record_types)
        try:
            pages = list(self._pages(month, asked, fresh=self._fresh))
        except Refused as refused:
            if refused.code != "InvalidNextTokenException":
                raise
            pages = list(self._pages(month, asked, fresh=True))
        results = [result for _, page in pages for result in page["ResultsByTime"]]
        items = tuple(_group(group) for result in results for group in result["Groups"])
        return Groups(items, any(result.get("Estimated") for result in results), min(at for at, _ in pages))

    def _pages(self, month: Month, asked: dict[str, Any], *, fresh: bool) -> Iterator[tuple[datetime, Any]]:
        token: dict[str, Any] = {}
        while True:
            at, page = self._page(month, asked | token, fresh=fresh)
            yield at, page
            if not page.get("NextPageToken"):
                return
            token = {"NextPageToken": page["NextPageToken"]}

    def _page(self, month: Month, asked: dict[str, Any], *, fresh: bool) -> tuple[datetime, Any]:
        key = {"where": self._aws.endpoint or "aws", "account": self._aws.caller().account, **asked}
        now = self._aws.clock.now()
        known = self._kept.get(key)
        if known is not None and not fresh and (month.settled(known[0]) or timedelta(0) <= now - known[0] < STALE):
            self.remembered += 1
            return known
        if self.cost + self._price > self._at_most:
            raise TooDear(
                f"{self.requests} request(s) were made, and one more would cost over {self._at_most} USD.", TooDear.more
            )
        self._aws.progress(f"Cost Explorer, {month}", float(self.requests), 0.0)
        answer = self._paid(lambda: self._aws.read("ce", "GetCostAndUsage", **asked))
        kept = {"ResultsByTime": answer["ResultsByTime"], "NextPageToken": answer.get("NextPageToken", "")}
        self._kept.put(key, now, kept)
        return now, kept

    def _paid(self, ask: Callable[[], Any]) -> Any:
        self.requests += 1
        answer = ask()
        self.requests += int(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))
        return answer


def _question(month: Month, by: str, record_types: Sequence[str]) -> dict[str, Any]:
    only = {"Filter": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(record_types)}}} if record_types else {}
    dimensions = [{"Type": "DIMENSION", "Key": key} for key in ("LINKED_ACCOUNT", by)]
    period = {"Start": month.start.isoformat(), "End": month.end.isoformat()}
    return {"TimePeriod": period, "Granularity": "MONTHLY", "Metrics": [METRIC], "GroupBy": dimensions, **only}


def _group(group: Mapping[str, Any]) -> Group:
    first, second = group["Keys"]
    told = group["Metrics"][METRIC]
    try:
        amount = Decimal(told["Amount"])
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= ABSURD or told["Unit"] != "USD":
        raise NoBill(f"{second} of {first} is {str(told['Amount'])[:40]} {told['Unit']}.", NoBill.only_usd)
    return Group(first, second, amount)


def _disagreements(kinds: Groups, usage: Groups) -> Iterator[str]:
    """The same usage is asked for twice; AWS may have refreshed its data in between."""
    whole = sum((group.amount for group in kinds.items if group.second in USED), Decimal(0))
    parts = sum((group.amount for group in usage.items), Decimal(0))
    if abs(whole - parts) >= PENNY:
        yield (
            f"Cost Explorer says {whole:.2f} USD of usage in one answer and {parts:.2f} in another: it was "
            "refreshed in between. Read it afresh (--fresh)."
        )
