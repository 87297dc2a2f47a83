"""Cost Explorer: it answers from bills that were given to the sandbox, as AWS does from its own."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from moto.core.responses import ActionResult, BaseResponse

from orgkit.costs.rounding import sum_exactly
from orgkit.sandbox.corrections.billing import Alerts
from orgkit.sandbox.corrections.members import backend_of, management_of
from orgkit.sandbox.corrections.registry import differs, refusal
from orgkit.sandbox.world import world

MANAGEMENT = "management"  # how a file of bills may call the account that pays
BILLS = "bills"
ESTIMATED_FOR = timedelta(days=5)  # after its end, a month's amounts are estimates
MONTHS = 14  # of history
DIMENSIONS: dict[str, str] = {"LINKED_ACCOUNT": "account", "SERVICE": "service", "RECORD_TYPE": "record_type"}
METRICS = ("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost")

Row = Mapping[str, str]
Test = Callable[[Row], bool]


def seed(values: dict[str, Any]) -> list[str]:
    """Store the bills; return their accounts that are not in the organization, in which case nothing is stored."""
    seeded = world().seed.management_account_id
    ids = {account.name: account.id for account in backend_of(seeded).accounts} | {MANAGEMENT: seeded}
    accounts = {row["account"] for row in values["rows"]}
    unknown = sorted(name for name in accounts if name not in ids and not (len(name) == 12 and name.isdigit()))
    if not unknown:
        rows = [row | {"account": ids.get(row["account"], row["account"])} for row in values["rows"]]
        world().state[BILLS] = values | {"rows": rows}
    return unknown


@differs("ce.get_cost_and_usage", moto="Answers are queued beforehand; whatever is asked gets the next one.")
class CostExplorerResponse(Alerts, BaseResponse):  # type: ignore[misc]  # moto has no types
    """GetCostAndUsage filters, groups and pages; DataUnavailableException before there is a bill."""

    def __init__(self) -> None:
        super().__init__(service_name="ce")
        self.automated_parameter_parsing = True

    def get_cost_and_usage(self) -> ActionResult:
        """By month: a total, or one group for each combination of at most two dimensions that has a row."""
        request = json.loads(self.body)
        start, end = _period(request)
        bills = world().state.get(BILLS)
        if bills is None or any(start <= f"{month}-01" < end for month in bills["not_ready"]):
            raise refusal("DataUnavailableException", "Data is not available. Please try to adjust the time period.")
        metrics, keys = _metrics(request), _keys(request)
        rows = [row for row in _visible(bills["rows"], self.current_account) if _test(request.get("Filter"))(row)]
        months = _months(start, end)
        sums = _sums(rows, months, keys)
        return ActionResult(_answer(request, months, keys, metrics, sums, int(bills["page_size"])))


@sum_exactly()
def _sums(rows: list[Row], months: list[str], keys: list[str]) -> dict[tuple[str, ...], Decimal]:
    """By month and by what is asked for; in the order of the months."""
    sums: dict[tuple[str, ...], Decimal] = {}
    for month, row in ((month, row) for month in months for row in rows if row["month"] == month):
        place = (month, *(row[DIMENSIONS[key]] for key in keys))
        sums[place] = sums.get(place, Decimal(0)) + Decimal(row["amount"])
    return sums


def _answer(
    request: dict[str, Any], months: list[str], keys: list[str], metrics: list[str], sums: Any, page_size: int
) -> dict[str, Any]:
    ordered = sorted(sums)
    first = _first(request.get("NextPageToken"), len(ordered))
    page = ordered[first : first + page_size] if keys else ordered
    results = [_result(month, keys, metrics, {p: sums[p] for p in page if p[0] == month}) for month in months]
    has_more = keys and first + page_size < len(ordered)
    definitions = {"GroupDefinitions": request["GroupBy"]} if keys else {}
    token = {"NextPageToken": f"page-{first + page_size}"} if has_more else {}
    return {"ResultsByTime": results, "DimensionValueAttributes": [], **definitions, **token}


@sum_exactly()
def _result(month: str, keys: list[str], metrics: list[str], sums: Mapping[tuple[str, ...], Decimal]) -> dict[str, Any]:
    whole = _amounts(metrics, sum(sums.values(), Decimal(0)))
    groups = [{"Keys": list(place[1:]), "Metrics": _amounts(metrics, amount)} for place, amount in sums.items()]
    start, end = date.fromisoformat(f"{month}-01"), date.fromisoformat(f"{_next_month(month)}-01")
    is_estimated = world().clock.now() < datetime(end.year, end.month, end.day, tzinfo=UTC) + ESTIMATED_FOR
    return {
        "TimePeriod": {"Start": start.isoformat(), "End": end.isoformat()},
        "Total": {} if keys else whole,
        "Groups": groups if keys else [],
        "Estimated": is_estimated,
    }


def _amounts(metrics: list[str], amount: Decimal) -> dict[str, dict[str, str]]:
    return {metric: {"Amount": f"{amount:f}", "Unit": "USD"} for metric in metrics}


def _visible(rows: list[Row], account: str) -> list[Row]:
    """The management account sees the whole organization, a member itself."""
    return [row for row in rows if account in (management_of(account), row["account"])] if account else []


def _period(request: dict[str, Any]) -> tuple[str, str]:
    start, end = request["TimePeriod"]["Start"], request["TimePeriod"]["End"]
    if start >= end:
        raise _invalid("Start date (and hour) should be before end date (and hour)")
    oldest = world().clock.now().date() - timedelta(days=31 * MONTHS)
    if start < oldest.isoformat():
        raise _invalid("You haven't enabled historical data beyond 14 months")
    if request["Granularity"] != "MONTHLY" or not (start.endswith("-01") and end.endswith("-01")):
        raise refusal("NotImplementedInSandbox", "The sandbox's Cost Explorer knows whole months alone.")
    return start, end


def _metrics(request: dict[str, Any]) -> list[str]:
    metrics: list[str] = request["Metrics"]
    if not metrics or not set(metrics) <= set(METRICS):
        raise _invalid(f"Invalid metrics: {metrics}")
    return metrics


def _keys(request: dict[str, Any]) -> list[str]:
    keys = [group["Key"] for group in request.get("GroupBy", [])]
    if len(keys) > 2:
        raise _invalid("GroupBy can have a maximum of 2 values")
    if unknown := [key for key in keys if key not in DIMENSIONS]:
        raise refusal("NotImplementedInSandbox", f"The sandbox's bills have no {unknown[0]}.")
    return keys


def _test(expression: dict[str, Any] | None) -> Test:
    """An Expression of Cost Explorer's API."""
    if not expression:
        return lambda _: True
    if "And" in expression:
        return lambda row: all(_test(part)(row) for part in expression["And"])
    if "Or" in expression:
        return lambda row: any(_test(part)(row) for part in expression["Or"])
    if "Not" in expression:
        return lambda row: not _test(expression["Not"])(row)
    dimensions = expression.get("Dimensions", {})
    if dimensions.get("Key") not in DIMENSIONS:
        raise refusal(
            "NotImplementedInSandbox", f"The sandbox's bills cannot be filtered by {dimensions or expression}."
        )
    return lambda row: row[DIMENSIONS[dimensions["Key"]]] in dimensions["Values"]


def _first(token: str | None, count: int) -> int:
    if not token:
        return 0
    number = token.removeprefix("page-")
    if not number.isdigit() or not 0 < int(number) < count:
        raise refusal("InvalidNextTokenException", "The pagination token is invalid.")
    return int(number)


def _months(start: str, end: str) -> list[str]:
    months, month = [], start[:7]
    while month < end[:7]:
        months.append(month)
        month = _next_month(month)
    return months


def _next_month(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + 1}-01" if number == 12 else f"{year}-{number + 1:02}"


def _invalid(message: str) -> Exception:
    return refusal("ValidationException", message)
