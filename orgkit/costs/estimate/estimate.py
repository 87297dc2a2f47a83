"""The monthly estimate of a whole parameters file: low, expected and high, to the last digit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orgkit.costs.estimate import notes, usage
from orgkit.costs.estimate.assumptions import ASSUMPTIONS, SCENARIOS, Amounts, CostsSpec
from orgkit.costs.estimate.charge import Charge, charges
from orgkit.costs.estimate.one_time_costs import OneTimeCost, one_time_costs
from orgkit.costs.prices.books import price_columns
from orgkit.costs.prices.prices import PriceBook
from orgkit.costs.rounding import ZERO, cents, sum_exactly
from orgkit.model.desired import Desired
from orgkit.sanitize.summary import Summary

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class BilledAccount:
    """An account as the table names it; `id` is "" until AWS has given one."""

    key: str
    id: str
    name: str


@dataclass(frozen=True, repr=False)
class Estimate(Summary):
    """What the organization would cost in a month; amounts in USD."""

    accounts: tuple[BilledAccount, ...]  # the management account, which pays, first
    region: str
    charges: Mapping[str, tuple[Charge, ...]]  # by scenario
    assumptions: Mapping[str, Amounts]
    one_time_costs: tuple[OneTimeCost, ...]
    notes: tuple[str, ...]
    price_book: str
    priced: str  # ISO date: when the oldest of its prices was read

    def summary(self) -> dict[str, object]:
        """The totals of a month in USD."""
        return {"low": self.low, "expected": self.expected, "high": self.high, "currency": "USD", "per": "month"}

    @property
    def low(self) -> Decimal:
        return cents(self.total("low"))

    @property
    def expected(self) -> Decimal:
        return cents(self.total("expected"))

    @property
    def high(self) -> Decimal:
        return cents(self.total("high"))

    @property
    def sentence(self) -> str:
        """The total as a range, with the day that its prices are of."""
        range_ = f"USD {self.low} low, {self.expected} expected, {self.high} high a month"
        return f"{range_} (estimate; prices of {self.priced})"

    @property
    def made_by_orgkit(self) -> Amounts:
        """The part that orgkit's own phases cause; the rest is assumed to be switched on later."""
        low, expected, high = (
            cents(total(c for c in self.charges[name] if c.usage.made_by_orgkit)) for name in SCENARIOS
        )
        return (low, expected, high)

    def total(self, scenario: str) -> Decimal:
        """The exact sum of one scenario."""
        return total(self.charges[scenario])

    def facts(self) -> dict[str, Any]:
        """The totals and what they rest on, as JSON takes it."""
        return {
            **{name: str(cents(self.total(name))) for name in SCENARIOS},
            "made_by_orgkit": dict(zip(SCENARIOS, map(str, self.made_by_orgkit), strict=True)),
            "currency": "USD",
            "per": "month",
            "price_book": self.price_book,
            "prices_read": self.priced,
            "one_off": [item.facts() for item in self.one_time_costs],
            "notes": list(self.notes),
        }

    def to_frame(self) -> "pd.DataFrame":
        """Every charge as a row, in the column names of FOCUS 1.2; amounts are Decimal."""
        from orgkit.costs.estimate import frame

        return frame.long(self)

    def by_account(self) -> "pd.DataFrame":
        """A row for every account, silent ones too, and the total; in cents that add up."""
        from orgkit.costs.estimate import frame

        return frame.by_account(self)

    def by_service(self) -> "pd.DataFrame":
        """A row for every AWS service, and the total."""
        from orgkit.costs.estimate import frame

        return frame.by_service(self)

    def by_driver(self) -> "pd.DataFrame":
        """A row for everything that costs, with who switches it on: orgkit, or somebody later."""
        from orgkit.costs.estimate import frame

        return frame.by_driver(self)

    def by_assumption(self) -> "pd.DataFrame":
        """What the estimate assumes, what each means and where it comes from."""
        from orgkit.costs.estimate import frame

        return frame.by_assumption(self)


@sum_exactly()
def estimate(desired: Desired, accounts: Mapping[str, str] | None = None, book: PriceBook | None = None) -> Estimate:
    """What a parameters file would cost in a month; `accounts` are the ids that are known, by key. Pure."""
    book = book_for(desired, book)
    volumes = usage.volumes(desired)
    charged = {name: charges(usage.all_usage(desired, v), book) for name, v in volumes.items()}
    return Estimate(
        accounts=_accounts(desired, accounts or {}),
        region=desired.trail.region,
        charges=charged,
        assumptions={name: _amounts(volumes, name) for name in ASSUMPTIONS},
        one_time_costs=one_time_costs(desired, volumes, book),
        notes=notes.notes(desired, book),
        price_book=book.version,
        priced=min(charge.price.retrieved for scenario_charges in charged.values() for charge in scenario_charges),
    )


def book_for(desired: Desired, book: PriceBook | None = None) -> PriceBook:
    """The prices of the file's region, with the allowances of its free-tier programme."""
    return (
        (book or price_columns(desired.prices))
        .in_region(desired.trail.region)
        .with_program(desired.section(CostsSpec).free_tier)
    )


@sum_exactly()
def total(items: Iterable[Charge]) -> Decimal:
    """The exact sum of charges."""
    return sum((charge.effective_cost for charge in items), ZERO)


def _amounts(volumes: Mapping[str, usage.Volumes], name: str) -> Amounts:
    low, expected, high = (v[name] for v in volumes.values())
    return (low, expected, high)


def _accounts(desired: Desired, ids: Mapping[str, str]) -> tuple[BilledAccount, ...]:
    owner = desired.organization
    members = sorted(desired.members, key=lambda member: member.key)
    return (
        BilledAccount(usage.MANAGEMENT, owner.management_account_id, owner.name),
        *(BilledAccount(m.key, ids.get(m.key) or m.id or "", m.name) for m in members),
    )
