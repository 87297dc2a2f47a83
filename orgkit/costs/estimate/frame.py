"""Estimates as pandas tables: one long one in FOCUS 1.2 names, and the views that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from orgkit.costs.estimate.assumptions import ASSUMPTIONS, SCENARIOS, Amounts
from orgkit.costs.estimate.charge import Charge
from orgkit.costs.estimate.usage import NO_USAGE, NOT_RECORDED
from orgkit.costs.rounding import ZERO, cents, in_cents, sum_exactly
from orgkit.costs.services import category_of

if TYPE_CHECKING:
    from orgkit.costs.estimate.estimate import BilledAccount, Estimate

FOCUS_VERSION = "1.2"
MADE_BY_ORGKIT = "orgkit makes this"
ASSUMED_LATER = "assumed to be switched on later"
NOT_COUNTED = "not counted for this file"


def long(estimate: Estimate) -> pd.DataFrame:
    """One row per account, usage type, tier and scenario. BilledCost is not among them: nobody is billed yet."""
    accounts = {account.key: account for account in estimate.accounts}
    rows = [
        _row(estimate, scenario, charge, accounts[charge.usage.account])
        for scenario in SCENARIOS
        for charge in estimate.charges[scenario]
    ]
    return pd.DataFrame(rows)


def by_account(estimate: Estimate) -> pd.DataFrame:
    """Return accounts by scenario; an account without charges shows 0.00."""
    keys = [account.key for account in estimate.accounts]
    table = _table(estimate, keys, lambda charge: charge.usage.account, "account")
    table.insert(0, "name", [*(account.name for account in estimate.accounts), ""])
    table.insert(1, "id", [*(account.id or "not yet" for account in estimate.accounts), ""])
    return table


def by_service(estimate: Estimate) -> pd.DataFrame:
    """AWS services by scenario."""
    return _table(estimate, _keys(estimate, lambda c: c.price.service), lambda c: c.price.service, "service")


def by_driver(estimate: Estimate) -> pd.DataFrame:
    """What costs, by scenario, and whether a phase of orgkit makes it."""
    is_made = {
        charge.usage.driver: charge.usage.made_by_orgkit for charges in estimate.charges.values() for charge in charges
    }
    drivers = sorted(is_made, key=lambda driver: (not is_made[driver], driver))
    table = _table(estimate, drivers, lambda charge: charge.usage.driver, "driver")
    table.insert(0, "origin", [*(MADE_BY_ORGKIT if is_made[driver] else ASSUMED_LATER for driver in drivers), ""])
    return table


def by_origin(estimate: Estimate) -> pd.DataFrame:
    """The two totals of an estimate, and their sum."""
    parts = (estimate.made_by_orgkit, estimate.switched_on_later, tuple(map(cents, map(estimate.total, SCENARIOS))))
    index = pd.Index([MADE_BY_ORGKIT, ASSUMED_LATER, "Total"], name="origin")
    return pd.DataFrame(parts, columns=list(SCENARIOS), index=index, dtype=object)


def account_series(estimate: Estimate, scenario: str, *, exact: bool) -> pd.Series[Any]:
    """One scenario by account key."""
    return _series(estimate, scenario, [a.key for a in estimate.accounts], lambda c: c.usage.account, "account", exact)


def service_series(estimate: Estimate, scenario: str, *, exact: bool) -> pd.Series[Any]:
    """One scenario by AWS service."""
    keys = _keys(estimate, lambda c: c.price.service)
    return _series(estimate, scenario, keys, lambda c: c.price.service, "service", exact)


def _series(
    estimate: Estimate, scenario: str, keys: list[str], key: Callable[[Charge], str], index: str, exact: bool
) -> pd.Series[Any]:
    """Return floats, which pandas adds up and plots; Decimals, which have no dtype of their own, if `exact`."""
    if scenario not in SCENARIOS:
        raise ValueError(f"{scenario!r} is not a scenario: write one of {', '.join(SCENARIOS)}.")
    sums = list(_sums(estimate, scenario, keys, key).values())
    values: list[Any] = sums if exact else [float(amount) for amount in in_cents(sums)]
    dtype = object if exact else "float64"
    return pd.Series(values, index=pd.Index(keys, name=index), name=scenario, dtype=dtype)


def _origin(charge: Charge) -> str:
    return MADE_BY_ORGKIT if charge.usage.made_by_orgkit else ASSUMED_LATER


def by_assumption(estimate: Estimate) -> pd.DataFrame:
    """The assumptions as this estimate used them."""
    rows = [
        {
            "assumption": name,
            **dict(zip(SCENARIOS, amounts, strict=True)),
            "unit": ASSUMPTIONS[name].unit,
            "meaning": ASSUMPTIONS[name].meaning,
            "source": _source(name, amounts),
        }
        for name, amounts in estimate.assumptions.items()
    ]
    return pd.DataFrame(rows).set_index("assumption")


def _source(name: str, amounts: Amounts) -> str:
    if amounts == NO_USAGE and name in {*NOT_RECORDED.values(), "recorded_regions"}:
        return NOT_COUNTED
    return ASSUMPTIONS[name].source if amounts == ASSUMPTIONS[name].amounts else "parameters file"


def _keys(estimate: Estimate, key: Callable[[Charge], str]) -> list[str]:
    return sorted({key(charge) for charges in estimate.charges.values() for charge in charges})


def _table(estimate: Estimate, keys: list[str], key: Callable[[Charge], str], index: str) -> pd.DataFrame:
    columns = {scenario: _column(estimate, scenario, keys, key) for scenario in SCENARIOS}
    return pd.DataFrame(columns, index=pd.Index([*keys, "Total"], name=index), dtype=object)


@sum_exactly()
def _column(estimate: Estimate, scenario: str, keys: Iterable[str], key: Callable[[Charge], str]) -> list[Decimal]:
    """Return cents, rounded by largest remainder, so that the column adds up to the total below it."""
    parts = in_cents(list(_sums(estimate, scenario, keys, key).values()))
    return [*parts, cents(estimate.total(scenario))]


@sum_exactly()
def _sums(estimate: Estimate, scenario: str, keys: Iterable[str], key: Callable[[Charge], str]) -> dict[str, Decimal]:
    sums = dict.fromkeys(keys, ZERO)
    for charge in estimate.charges[scenario]:
        sums[key(charge)] += charge.effective_cost
    return sums


def _row(estimate: Estimate, scenario: str, charge: Charge, account: BilledAccount) -> dict[str, Any]:
    price, tier, usage = charge.price, charge.tier, charge.usage
    bounds = f"{tier.start:f} to {'any' if tier.end is None else format(tier.end, 'f')} {price.unit}"
    alike = f", in each of {usage.regions:f} regions" if usage.regions > 1 else ""
    return {
        "BillingAccountId": estimate.accounts[0].id,
        "SubAccountId": account.id or None,
        "SubAccountName": account.name,
        "ServiceName": price.service,
        "ServiceCategory": category_of(price.service),
        "RegionId": None if price.region == "aws-other" else estimate.region,
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{usage.driver}: {price.usage_type}, {bounds}{alike}",
        "BillingCurrency": price.currency,
        "SkuId": price.sku or None,
        "SkuPriceId": tier.rate_code or None,
        "PricingQuantity": charge.quantity,
        "PricingUnit": price.unit,
        "ListUnitPrice": tier.unit_price,
        "ListCost": charge.list_cost or ZERO,  # not 0E-12
        "EffectiveCost": charge.effective_cost or ZERO,
        "x_AccountKey": account.key,
        "x_ServiceCode": price.service_code,
        "x_UsageType": price.usage_type,
        "x_Scenario": scenario,
        "x_Driver": usage.driver,
        "x_Origin": _origin(charge),
        "x_Assumption": usage.assumption,
        "x_FreeTierDiscount": charge.free_discount or ZERO,
        "x_AllocationMethod": usage.rule,
        "x_PriceId": price.id,
        "x_PriceRegion": price.region,
        "x_PriceSource": price.source,
        "x_PriceEffectiveDate": price.effective or None,
        "x_PriceRetrieved": price.retrieved,
        "x_PriceBookVersion": estimate.price_book,
        "x_BillingRule": price.billing_rule,
        "x_TierStart": tier.start,
        "x_TierEnd": tier.end,
        "x_Regions": usage.regions,  # alike: each fills the tiers from its own 0
        "x_Kind": "estimate",
        "x_FocusVersion": FOCUS_VERSION,
    }
