"""One-time costs, which are in no monthly total: credits that end, and the first inventory of AWS Config."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from orgkit.costs.estimate.assumptions import SCENARIOS, CostsSpec
from orgkit.costs.estimate.charge import cost
from orgkit.costs.estimate.usage import INVENTORY, Volumes
from orgkit.costs.prices.prices import PriceBook
from orgkit.costs.rounding import cents, sum_exactly
from orgkit.dataclass import dataclass
from orgkit.model.desired import Desired

CREDITS = (
    "Creating the organization ends the Free plan and the Free Tier credits of the management account at once. "
    "00-management-account reads the amount."
)
CREDITS_READ = "Creating the organization ends the Free plan and these credits of the management account at once."
JOINING_NOTE = "An account that joins loses its Free plan and its Free Tier credits as well."
FIRST_RECORDING_NOTE = (
    "AWS Config, once switched on, records every resource that is there: its first month costs that much more."
)


@dataclass(frozen=True)
class OneTimeCost:
    """An amount in USD that comes once: paid, or lost as credit."""

    item: str
    low: Decimal
    expected: Decimal
    high: Decimal
    reason: str

    @property
    def sentence(self) -> str:
        return f"{self.item}: USD {self.expected} ({self.low} to {self.high}). {self.reason}"

    def facts(self) -> dict[str, str]:
        """As JSON takes it."""
        amounts = {name: str(getattr(self, name)) for name in SCENARIOS}
        return {"what": self.item, **amounts, "why": self.reason}


@sum_exactly()
def one_time_costs(
    desired: Desired, volumes: Mapping[str, Volumes], book: PriceBook, credits_left: Decimal | None = None
) -> tuple[OneTimeCost, ...]:
    """Every such amount that can be more than nothing; `credits_left` of the management account, where known. Pure."""
    return tuple(item for item in _build_all(desired, volumes, book, credits_left) if item.high)


def _build_all(
    desired: Desired, volumes: Mapping[str, Volumes], book: PriceBook, credits_known: Decimal | None
) -> Iterator[OneTimeCost]:
    joining, accounts = len(desired.imports), len(desired.members) + 1
    credits_left = [volumes[name]["credits_per_account"] for name in SCENARIOS]
    own = credits_left if credits_known is None else [credits_known] * len(SCENARIOS)
    yield _one_time_cost(
        "credits of the management account, lost", own, CREDITS if credits_known is None else CREDITS_READ
    )
    yield _one_time_cost(
        f"credits of {joining} account(s) to import, lost", [amount * joining for amount in credits_left], JOINING_NOTE
    )
    price = book.price(INVENTORY[desired.section(CostsSpec).config_recording])
    recorded_items = [
        volumes[name]["recorded_regions"] * volumes[name]["config_resources_per_account"] for name in SCENARIOS
    ]
    yield _one_time_cost(
        "first inventory of AWS Config",
        [cost(price, items * accounts) for items in recorded_items],
        FIRST_RECORDING_NOTE,
    )


def _one_time_cost(item: str, amounts: Iterable[Decimal], reason: str) -> OneTimeCost:
    low, expected, high = map(cents, amounts)
    return OneTimeCost(item, low, expected, high, reason)
