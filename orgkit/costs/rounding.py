"""Exact amounts, and largest-remainder rounding: parts that add up to the total that stands below them."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction

CENT = Decimal("0.01")
ZERO = Decimal(0)
DIGITS = 100  # a parameters file may say 10**15 of one thing times 10**15 of another; 28 digits would round or refuse
EXACT = Context(prec=DIGITS)  # one operation by its methods takes a tenth of the time that a change of context takes


@contextmanager
def sum_exactly() -> Iterator[None]:
    """Within it, or within a function that it decorates, sums and products keep every digit."""
    with localcontext(Context(prec=DIGITS)):
        yield


@sum_exactly()
def cents(amount: Decimal) -> Decimal:
    """An amount of money as a person reads it."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@sum_exactly()
def in_cents(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Amounts in cents that sum to the rounded sum of the exact ones; what is whole cents already stays."""
    floors = [amount.quantize(CENT, ROUND_FLOOR) for amount in amounts]
    remainders = [Fraction(amount - floor) for amount, floor in zip(amounts, floors, strict=True)]
    cents_left = int((cents(sum(amounts, ZERO)) - sum(floors, ZERO)) / CENT)
    return _hand_out(cents_left, floors, remainders, CENT)


@sum_exactly()
def apportion(total: Decimal, weights: Sequence[Decimal], quantum: Decimal) -> list[Decimal]:
    """Share `total`, a multiple of `quantum`, in proportion to `weights`; the parts sum to it exactly."""
    ratios = [weight.as_integer_ratio() for weight in weights]
    common = math.lcm(*(denominator for _, denominator in ratios))
    shares = [numerator * (common // denominator) for numerator, denominator in ratios]  # integers: ten times as fast
    whole = sum(shares)
    if not whole:
        return [ZERO] * len(weights)
    units = int(total / quantum)
    divided = [divmod(units * share, whole) for share in shares]
    floors = [floor for floor, _ in divided]
    remainders = [remainder for _, remainder in divided]
    return _hand_out(units - sum(floors), [floor * quantum for floor in floors], remainders, quantum)


def _hand_out(
    cents_left: int, parts: list[Decimal], remainders: Sequence[Fraction | int], quantum: Decimal
) -> list[Decimal]:
    """One quantum more for the `cents_left` largest remainders; the first of equals wins."""
    winners = set(sorted(range(len(parts)), key=lambda i: (-remainders[i], i))[:cents_left])
    return [part + quantum if i in winners else part for i, part in enumerate(parts)]
