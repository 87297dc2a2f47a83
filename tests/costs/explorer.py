"""A Cost Explorer that answers from a table, in pages, and a clock that tests turn."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.costs.bills.cost_explorer_aws import CostExplorer

PAYER, PROD, QUIET = "999999999999", "111111111111", "222222222222"
# account, service, record type, amount
ROWS = (
    (PAYER, "AWS Cost Explorer", "Usage", "0.30"),
    (PROD, "AWS Config", "Usage", "61.25"),
    (PROD, "AWS Config", "Credit", "-20"),
    (PROD, "Amazon Route 53", "Usage", "1.00"),
    (PAYER, "Tax", "Tax", "3.21"),
)


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def later(self, **passed: float) -> None:
        self.at += timedelta(**passed)


@dataclass
class Table:
    """Connection's seam: GetCostAndUsage, answered from rows."""

    rows: tuple[tuple[str, str, str, str], ...] = ROWS
    page_size: int = 1000
    estimated: bool = False
    error: Exception | None = None
    retries: int = 0
    endpoint: str | None = None
    summed: bool = True  # otherwise amounts are answered as they stand, be they what they may
    calls: list[dict[str, Any]] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def caller(self) -> Any:
        return SimpleNamespace(account=PAYER)

    def progress(self, what: str, done: float, at_most: float) -> None:
        """Nobody watches."""

    def read(self, service: str, operation: str, **requests: Any) -> dict[str, Any]:
        assert (service, operation) == ("ce", "GetCostAndUsage")
        self.calls.append(requests)
        if self.error:
            raise self.error
        by = [key["Key"] for key in requests["GroupBy"]]
        only = requests.get("Filter", {}).get("Dimensions", {}).get("Values")
        sums: dict[tuple[str, str], Any] = {}
        for account, service_, kind, amount in self.rows:
            if only is None or kind in only:
                place = (account, service_ if by[1] == "SERVICE" else kind)
                sums[place] = sums.get(place, Decimal(0)) + Decimal(amount) if self.summed else amount
        first = int(requests.get("NextPageToken", "0"))
        page = list(sums.items())[first : first + self.page_size]
        groups = [
            {"Keys": list(keys), "Metrics": {"UnblendedCost": {"Amount": str(amount), "Unit": "USD"}}}
            for keys, amount in page
        ]
        more = {"NextPageToken": str(first + self.page_size)} if first + self.page_size < len(sums) else {}
        results = [{"Groups": groups, "Total": {}, "Estimated": self.estimated}]
        return {"ResultsByTime": results, "ResponseMetadata": {"RetryAttempts": self.retries}, **more}


class Memory(dict[str, Any]):
    """What was paid for, kept in memory."""

    def get(self, requests: Any, default: Any = None) -> Any:
        return super().get(repr(sorted(requests.items(), key=str)), default)

    def put(self, requests: Any, at: datetime, answer: Any) -> None:
        self[repr(sorted(requests.items(), key=str))] = (at, answer)


def desk(aws: Table, stored: Any = None, *, at_most: str = "1", **more: Any) -> CostExplorer:
    return CostExplorer(aws, Memory() if stored is None else stored, Decimal("0.01"), Decimal(at_most), **more)  # type: ignore[arg-type]


def refused(code: str, message: str = "no") -> Rejected:
    return Rejected("ce:GetCostAndUsage", code, "", message, "r-1")
