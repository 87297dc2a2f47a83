"""What the steps of a plan add to the usage, and what they would cost per month: most cost nothing, and say why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any, Protocol, TypeGuard

from orgkit.costs.estimate.assumptions import SCENARIOS
from orgkit.costs.estimate.charge import Pool, Usage, cost
from orgkit.costs.estimate.estimate import book_for
from orgkit.costs.estimate.usage import EXTRA_COPY, MANAGEMENT, Volumes, account_usage, logging_usage, volumes
from orgkit.costs.prices.prices import PriceBook
from orgkit.costs.rounding import ZERO, in_cents, sum_exactly
from orgkit.dataclass import dataclass
from orgkit.model.desired import Desired
from orgkit.model.plan import Plan, Step

EVENTS_OF_PRICE = Decimal(100_000)  # AWS's price page gives the price of so many management events
KEYS = {"later_usd": "later", "reason": "why"}  # the names that these fields have in review.json


class AddsAccount(Protocol):
    """A step with which an account of the file joins the organization."""

    @property
    def added_account(self) -> str:
        """The key of the account."""


class AddsUsage(Protocol):
    """A step that adds monthly usage of its own; every other step adds none."""

    def added_usage(self, desired: Desired, volumes: Volumes) -> Iterable[Usage]:
        """Return the usage of one scenario."""


class ForfeitsCredits(Protocol):
    """A step that ends credits of an account."""

    @property
    def forfeited_usd(self) -> str:
        """Their amount; "" for none, "?" where it could not be read."""


@dataclass(frozen=True)
class Additions:
    """One scenario of a plan: usage before it, and the usage that each of its steps adds."""

    usage_before: tuple[Usage, ...]
    by_step: tuple[tuple[Usage, ...], ...]

    @property
    def usage_later(self) -> "Additions":
        """Only what orgkit does not switch on."""
        return Additions(_usage_later(self.usage_before), tuple(_usage_later(usages) for usages in self.by_step))

    @classmethod
    def from_plan(cls, plan: Plan, desired: Desired, v: Volumes, trail_logs: bool) -> "Additions":
        """Build it from one plan; an account that the plan invites and accepts counts once, at its invitation."""
        new_accounts: set[str] = set()
        by_step = []
        for step in plan.steps:
            by_step.append(
                (*_joining_accounts(step, new_accounts, desired, v, trail_logs), *_own_usage(step, desired, v))
            )
            new_accounts |= _joins(step)
        if not any(by_step):
            return cls((), tuple(by_step))
        return cls(tuple(_usage_before(plan, new_accounts, desired, v, trail_logs)), tuple(by_step))


def _joining_accounts(
    step: Step, new_accounts: set[str], desired: Desired, v: Volumes, trail_logs: bool
) -> Iterator[Usage]:
    for key in _joins(step) - new_accounts:
        yield from account_usage(key, v)
        if trail_logs:
            yield from logging_usage(desired, key, v)


def _own_usage(step: Step, desired: Desired, v: Volumes) -> Iterable[Usage]:
    return step.added_usage(desired, v) if _adds_usage(step) else ()


def _usage_before(
    plan: Plan, new_accounts: set[str], desired: Desired, v: Volumes, trail_logs: bool
) -> Iterator[Usage]:
    """Return the usage of earlier phases: it matters only where new usage shares tiers and allowances with it."""
    for key in _accounts_in_organization(plan, desired) - new_accounts:
        yield from account_usage(key, v)
        if trail_logs:
            yield from logging_usage(desired, key, v)


def _accounts_in_organization(plan: Plan, desired: Desired) -> set[str]:
    if plan.phase == "organization":
        return set()
    existing_accounts = desired.accounts if plan.phase == "accounts" else desired.members
    return {MANAGEMENT, *(spec.key for spec in existing_accounts)}


def _joins(step: Step) -> set[str]:
    return {step.added_account} if _adds_account(step) else set()


# isinstance() with a protocol takes 30 microseconds in Python 3.11, and a plan may have 30,000 steps.
def _adds_usage(step: Step) -> TypeGuard[AddsUsage]:
    return hasattr(step, "added_usage")


def _adds_account(step: Step) -> TypeGuard[AddsAccount]:
    return hasattr(step, "added_account")


def _forfeits_credits(step: Step) -> TypeGuard[ForfeitsCredits]:
    return hasattr(step, "forfeited_usd")


def _usage_later(usages: tuple[Usage, ...]) -> tuple[Usage, ...]:
    return tuple(usage for usage in usages if not usage.made_by_orgkit)


@dataclass(frozen=True)
class Line:
    """What one step would cost per month in USD; `later_usd` is the part of `expected` not yet switched on."""

    step: str
    sentence: str
    low: Decimal
    expected: Decimal
    high: Decimal
    later_usd: Decimal
    reason: str
    once_usd: str = ""  # what is lost once, whatever a month costs: an amount, "" for nothing, "?" for not known

    @property
    def price(self) -> str:
        """What a person reads in the column of costs."""
        month = f"{self.expected} ({self.low} to {self.high})" if self.high else "nothing"
        if not self.once_usd:
            return month
        return f"{month if self.high else 'nothing a month'}; once: {credits_lost(self.once_usd)}"


@dataclass(frozen=True)
class Effect:
    """What a plan would cost per month in USD, and a line for each of its steps, in their order."""

    low: Decimal
    expected: Decimal
    high: Decimal
    lines: tuple[Line, ...]
    copy_price: str = ""  # of second copies of management events, where a step adds some

    @property
    def later_usd(self) -> Decimal:
        """The part of `expected` that arises only when someone switches AWS Config on."""
        return _sum([line.later_usd for line in self.lines])

    @property
    def sentence(self) -> str:
        """One line for the place where a person approves."""
        lost = [line.once_usd for line in self.lines if line.once_usd]
        once = f" Once: {', '.join(map(credits_lost, lost))}." if lost else ""
        if not self.high:
            return f"These steps cost nothing per month.{once}"
        text = f"These steps cost about {self.expected} USD per month (between {self.low} and {self.high})"
        config = f"; {self.later_usd} of it only once AWS Config records, which orgkit does not switch on"
        return f"{text}{config if self.later_usd else ''}{self.copy_price}.{once}"

    def facts(self) -> dict[str, Any]:
        """As review.json keeps it: amounts are strings, so that no digit is lost."""
        lines = [{KEYS.get(name, name): str(value) for name, value in asdict(line).items()} for line in self.lines]
        return {"low": str(self.low), "expected": str(self.expected), "high": str(self.high), "lines": lines}

    @classmethod
    def from_facts(cls, facts: Any) -> "Effect | None":
        """Return what `facts` has written to a review.json; None for anything else: anybody can write that file."""
        try:
            low, expected, high = (_read_amount(facts[name]) for name in SCENARIOS)
            return cls(low, expected, high, tuple(map(_read_line, facts["lines"])))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None


def _read_line(facts: Mapping[str, Any]) -> Line:
    low, expected, high, later_usd = (_read_amount(facts[name]) for name in (*SCENARIOS, KEYS["later_usd"]))
    step, sentence, reason, once_usd = (str(facts[name]) for name in ("step", "sentence", KEYS["reason"], "once_usd"))
    return Line(step, sentence, low, expected, high, later_usd, reason, once_usd)


def _read_amount(text: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite():
        raise ValueError(text)
    return amount


@sum_exactly()
def monthly_effect(plan: Plan, desired: Desired, *, trail_logs: bool = False, book: PriceBook | None = None) -> Effect:
    """The estimate with the plan's steps minus the estimate without them; pure.

    `trail_logs` says that the organization trail already delivers, so that a new account adds its files; otherwise
    they count where logging starts. Over all phases of a bootstrap nothing is then counted twice.
    """
    prices = book_for(desired, book)
    additions = {name: Additions.from_plan(plan, desired, v, trail_logs) for name, v in volumes(desired).items()}
    low, expected, high = (in_cents(_differences(additions[name], prices)) for name in SCENARIOS)
    later_usd = in_cents(_differences(additions["expected"].usage_later, prices))
    by_step = additions["expected"].by_step
    copies = [_copy_price(added, prices) for added in by_step]
    reasons = map("".join, zip(map(cost_note, plan.steps, by_step), copies, strict=True))
    lines = tuple(map(_line, plan.steps, low, expected, high, later_usd, reasons))
    return Effect(_sum(low), _sum(expected), _sum(high), lines, max(copies, default=""))


def _line(step: Step, low: Decimal, expected: Decimal, high: Decimal, later_usd: Decimal, reason: str) -> Line:
    once = step.forfeited_usd if _forfeits_credits(step) else ""
    return Line(type(step).__name__, step.sentence, low, expected, high, later_usd, reason, once)


def total_line(lines: Sequence[Line]) -> Line:
    """Return what steps cost together that forfeit no credits, as the line of the first of them."""
    if len(lines) == 1:
        return lines[0]
    low, expected, high = (_sum([getattr(line, name) for line in lines]) for name in SCENARIOS)
    return replace(lines[0], low=low, expected=expected, high=high, later_usd=_sum([line.later_usd for line in lines]))


def credits_lost(amount: str) -> str:
    """What a step forfeits, in words."""
    return "credits of an amount that could not be read, lost" if amount == "?" else f"USD {amount} of credits, lost"


@sum_exactly()
def _sum(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def _differences(additions: Additions, book: PriceBook) -> list[Decimal]:
    """Return what each step adds to the payer's bill, tiers and allowances pooled with the usage before it."""
    pools: dict[Pool, Decimal] = {}
    _add(pools, additions.usage_before, book)
    return [_add(pools, usages, book) for usages in additions.by_step]


def _add(pools: dict[Pool, Decimal], usages: Sequence[Usage], book: PriceBook) -> Decimal:
    """Add usages to the pools; return by how much the bill grows."""
    quantity = ZERO
    for usage in usages:
        price = book.price(usage.price_id)
        pool = usage.pool(price)
        previous = pools.get(pool, ZERO)
        pools[pool] = previous + usage.quantity
        quantity += cost(price, pools[pool], usage.regions) - cost(price, previous, usage.regions)
    return quantity


UNKNOWN_CHARGE = "orgkit knows of no charge for this step"


def cost_note(step: Step, added: Sequence[Usage]) -> str:
    """Return the sentence next to the amount of a step that adds these usages."""
    if not step.usage_note or not any(usage.quantity for usage in added):
        return step.cost_note or UNKNOWN_CHARGE
    if any(usage.quantity for usage in added if not usage.made_by_orgkit):
        return f"{step.usage_note}; AWS Config is assumed to be switched on later, orgkit does not"
    return step.usage_note


def _copy_price(added: Sequence[Usage], book: PriceBook) -> str:
    """The price of what a step adds to the second copies of management events."""
    if not any(usage.quantity for usage in added if usage.price_id == EXTRA_COPY):
        return ""
    price = cost(book.price(EXTRA_COPY), EVENTS_OF_PRICE)
    return f"; AWS charges a second copy of management events {in_cents([price])[0]} USD per {EVENTS_OF_PRICE:,} events"
