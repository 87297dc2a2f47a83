"""What is paid or lost once, and stands in no month: credits that end, and the first inventory of AWS Config."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orgkit.costs.charge import cost
from orgkit.costs.prices import PriceBook
from orgkit.costs.rounding import cents, exact
from orgkit.costs.usage import INVENTORY, Volumes
from orgkit.model.costs import SCENARIOS
from orgkit.model.desired import Desired

CREDITS = (
    "Creating the organization ends the Free plan and the Free Tier credits of the management account at once. "
    "00-management-account reads the amount."
)
JOINING = "An account that joins loses its Free plan and its Free Tier credits as well."
FIRST = "AWS Config, once switched on, records every resource that is there: its first month costs that much more."


@dataclass(frozen=True)
class OneOff:
    """An amount in USD that comes once: paid, or lost as credit."""

    what: str
    low: Decimal
    expected: Decimal
    high: Decimal
    why: str

    @property
    def sentence(self) -> str:
        return f"{self.what}: USD {self.expected} ({self.low} to {self.high}). {self.why}"

    def facts(self) -> dict[str, str]:
        """As JSON takes it."""
        amounts = {name: str(getattr(self, name)) for name in SCENARIOS}
        return {"what": self.what, **amounts, "why": self.why}


@exact()
def one_off(desired: Desired, volumes: Mapping[str, Volumes], book: PriceBook) -> tuple[OneOff, ...]:
    """Every such amount that can be more than nothing. Pure."""
    return tuple(each for each in _all(desired, volumes, book) if each.high)


def _all(desired: Desired, volumes: Mapping[str, Volumes], book: PriceBook) -> Iterator[OneOff]:
    joining, accounts = len(desired.imports), len(desired.members) + 1
    left = [volumes[name]["credits_per_account"] for name in SCENARIOS]
    yield _of("credits of the management account, lost", left, CREDITS)
    yield _of(f"credits of {joining} account(s) to import, lost", [amount * joining for amount in left], JOINING)
    price = book.price(INVENTORY[desired.costs.config_recording])
    found = [volumes[name]["recorded_regions"] * volumes[name]["config_resources_per_account"] for name in SCENARIOS]
    yield _of("first inventory of AWS Config", [cost(price, items * accounts) for items in found], FIRST)


def _of(what: str, amounts: Iterable[Decimal], why: str) -> OneOff:
    low, expected, high = map(cents, amounts)
    return OneOff(what, low, expected, high, why)
