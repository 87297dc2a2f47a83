"""Sensitivity of the total: the assumptions that move it most, and the number of accounts and recorded regions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from orgkit.costs.estimate import usage
from orgkit.costs.estimate.assumptions import SCENARIOS, Amounts, CostsSpec
from orgkit.costs.estimate.charge import payer_total
from orgkit.costs.estimate.estimate import book_for
from orgkit.costs.prices.prices import PriceBook
from orgkit.costs.rounding import cents
from orgkit.model.desired import AccountSpec, Desired

SIZES = (4, 10, 20, 100)  # accounts
REGIONS = (1, 2, 4)


@dataclass(frozen=True)
class Swing:
    """One assumption at its low and at its high, everything else as expected; USD a month for the organization."""

    assumption: str
    at_low: Decimal
    at_high: Decimal

    @property
    def moves(self) -> Decimal:
        return self.at_high - self.at_low

    @property
    def sentence(self) -> str:
        return f"{self.assumption} alone moves the expected total from {self.at_low} to {self.at_high} USD a month"


@dataclass(frozen=True)
class Size:
    """The same assumptions for another number of accounts, with AWS Config and activity in so many regions."""

    accounts: int
    regions: int
    low: Decimal
    expected: Decimal
    high: Decimal


def sensitivity(desired: Desired, book: PriceBook | None = None) -> tuple[Swing, ...]:
    """Every assumption that moves the total, the one that moves it most first. Pure."""
    prices, amounts = book_for(desired, book), usage.stated_volumes(desired)
    swings = (_swing(desired, prices, amounts, name) for name, (low, _, high) in amounts.items() if low != high)
    return tuple(sorted((s for s in swings if s.moves), key=lambda s: (-s.moves, s.assumption)))


def sizes(desired: Desired, book: PriceBook | None = None) -> tuple[Size, ...]:
    """A row for each number of accounts and regions; the file's own number of accounts is among them. Pure."""
    prices = book_for(desired, book)
    numbers = sorted({*SIZES, len(desired.members) + 1})
    return tuple(_size(desired, prices, number, regions) for number in numbers for regions in REGIONS)


def _swing(desired: Desired, prices: PriceBook, amounts: dict[str, Amounts], name: str) -> Swing:
    calm = {key: (middle, middle, middle) for key, (_, middle, _) in amounts.items()}
    low, _, high = _totals(_with_assumption(desired, {**calm, name: amounts[name]}), prices)
    return Swing(name, low, high)


def _size(desired: Desired, prices: PriceBook, number: int, regions: int) -> Size:
    count = Decimal(regions)
    amounts = usage.stated_volumes(desired) | {"recorded_regions": (count, count, count)}
    # Where something is recorded, something happens; the low and the high of activity stay where they are beyond it.
    low, expected, high = amounts["trail_active_regions"]
    amounts["trail_active_regions"] = (min(low * count, Decimal(17)), max(expected, count), max(high, count))
    return Size(number, regions, *_totals(_with_assumption(_resize(desired, number), amounts), prices))


def _resize(desired: Desired, number: int) -> Desired:
    """Return the management account, the log archive, and identical other accounts up to this number."""
    keys = [desired.trail.log_archive_account or "account", *(f"account {n:05}" for n in range(number - 2))]
    members = tuple(AccountSpec(key, key, "", (), "", False, ()) for key in keys[: number - 1])
    return replace(desired, accounts=members, imports=())


def _with_assumption(desired: Desired, amounts: dict[str, Amounts]) -> Desired:
    return desired.with_section(replace(desired.section(CostsSpec), assumptions=tuple(amounts.items())))


def _totals(desired: Desired, prices: PriceBook) -> Sequence[Decimal]:
    volumes = usage.volumes(desired)
    return [cents(payer_total(usage.all_usage(desired, volumes[name]), prices)) for name in SCENARIOS]
