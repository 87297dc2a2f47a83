"""The monthly estimate of a whole parameters file: low, expected and high, to the last digit."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, overload

from orgkit.costs.estimate import notes, usage
from orgkit.costs.estimate.assumptions import ASSUMPTIONS, SCENARIOS, Amounts, CostsSpec
from orgkit.costs.estimate.charge import Charge, charges
from orgkit.costs.estimate.one_time_costs import OneTimeCost, one_time_costs
from orgkit.costs.prices.books import price_columns
from orgkit.costs.prices.prices import PriceBook
from orgkit.costs.rounding import ZERO, cents, in_cents, sum_exactly
from orgkit.dataclass import dataclass
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
        """Both totals of a month in USD, each as what is expected and its range."""
        parts = {"made_by_orgkit": self.made_by_orgkit, "switched_on_later": self.switched_on_later}
        ranges = {name: f"{expected} ({low} to {high})" for name, (low, expected, high) in parts.items()}
        return {**ranges, "currency": "USD", "per": "month"}

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
        """Both totals as ranges, with the day that their prices are of."""
        return f"{bootstrap_sentence(self.made_by_orgkit, self.switched_on_later)} (estimate; prices of {self.priced})"

    @property
    def made_by_orgkit(self) -> Amounts:
        """The part that orgkit's own phases cause."""
        return self._part(made_by_orgkit=True)

    @property
    def switched_on_later(self) -> Amounts:
        """The part that someone is assumed to switch on later, such as AWS Config; both parts add up to the total."""
        return self._part(made_by_orgkit=False)

    @sum_exactly()
    def _part(self, *, made_by_orgkit: bool) -> Amounts:
        """By driver, in the order of `by_driver`, so that its lines add up to both parts."""
        low, expected, high = (
            sum((part for (is_extra, _), part in self._driver_cents(name) if is_extra is not made_by_orgkit), ZERO)
            for name in SCENARIOS
        )
        return (low, expected, high)

    def _driver_cents(self, scenario: str) -> list[tuple[tuple[bool, str], Decimal]]:
        every = (charge.usage for charges in self.charges.values() for charge in charges)
        sums = dict.fromkeys(sorted({(not use.made_by_orgkit, use.driver) for use in every}), ZERO)
        for charge in self.charges[scenario]:
            sums[not charge.usage.made_by_orgkit, charge.usage.driver] += charge.effective_cost
        return list(zip(sums, in_cents(list(sums.values())), strict=True))

    def total(self, scenario: str) -> Decimal:
        """The exact sum of one scenario."""
        return total(self.charges[scenario])

    def facts(self) -> dict[str, Any]:
        """The totals and what they rest on, as JSON takes it."""
        return {
            **{name: str(cents(self.total(name))) for name in SCENARIOS},
            "made_by_orgkit": dict(zip(SCENARIOS, map(str, self.made_by_orgkit), strict=True)),
            "switched_on_later": dict(zip(SCENARIOS, map(str, self.switched_on_later), strict=True)),
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

    @overload
    def by_account(self) -> "pd.DataFrame": ...
    @overload
    def by_account(self, scenario: str, *, exact: bool = False) -> "pd.Series[Any]": ...
    def by_account(self, scenario: str | None = None, *, exact: bool = False) -> "pd.DataFrame | pd.Series[Any]":
        """What each account costs a month, silent ones too.

        Args:
            scenario: "low", "expected" or "high"; None for a table of all three to read, with names, ids and the
                total, in cents that add up.
            exact: Every digit as Decimal, instead of cents as floats.

        Returns:
            For one scenario a series by account key, without the total: `estimate.by_account("expected").sum()`.
        """
        from orgkit.costs.estimate import frame

        return frame.by_account(self) if scenario is None else frame.account_series(self, scenario, exact=exact)

    @overload
    def by_service(self) -> "pd.DataFrame": ...
    @overload
    def by_service(self, scenario: str, *, exact: bool = False) -> "pd.Series[Any]": ...
    def by_service(self, scenario: str | None = None, *, exact: bool = False) -> "pd.DataFrame | pd.Series[Any]":
        """What each AWS service costs a month; as `by_account`, by the service's name."""
        from orgkit.costs.estimate import frame

        return frame.by_service(self) if scenario is None else frame.service_series(self, scenario, exact=exact)

    def by_origin(self) -> "pd.DataFrame":
        """A row for what orgkit makes, one for what is assumed to be switched on later, and the total."""
        from orgkit.costs.estimate import frame

        return frame.by_origin(self)

    def by_driver(self) -> "pd.DataFrame":
        """Return a row for each cost driver, with who switches it on: orgkit, or someone later."""
        from orgkit.costs.estimate import frame

        return frame.by_driver(self)

    def by_assumption(self) -> "pd.DataFrame":
        """What the estimate assumes, what each means and where it comes from."""
        from orgkit.costs.estimate import frame

        return frame.by_assumption(self)


def bootstrap_sentence(own: Sequence[object], rest: Sequence[object]) -> str:
    """Both totals of a month: what orgkit makes, and the rest; each is (low, expected, high)."""
    own_range = f"USD {own[0]} low, {own[1]} expected, {own[2]} high a month for what orgkit makes"
    return f"{own_range}; in addition {rest[0]}, {rest[1]}, {rest[2]} for what is assumed to be switched on later"


@sum_exactly()
def estimate(
    desired: Desired,
    accounts: Mapping[str, str] | None = None,
    book: PriceBook | None = None,
    *,
    credits_left: Decimal | None = None,
) -> Estimate:
    """What a parameters file would cost in a month. Pure.

    Args:
        desired: The parameters file.
        accounts: The account ids that are known, by key.
        book: Prices; those of the file if omitted.
        credits_left: Credits of the management account, in USD, that creating the organization would still end; an
            assumption stands for what is not known.
    """
    book = book_for(desired, book)
    volumes = usage.volumes(desired)
    charged = {name: charges(usage.all_usage(desired, v), book) for name, v in volumes.items()}
    return Estimate(
        accounts=_accounts(desired, accounts or {}),
        region=desired.trail.region,
        charges=charged,
        assumptions={name: _amounts(volumes, name) for name in ASSUMPTIONS},
        one_time_costs=one_time_costs(desired, volumes, book, credits_left),
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
