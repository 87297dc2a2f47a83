"""What accounts used over months as lines: one for each of those that used most, and one for all others together."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape
from itertools import pairwise

from orgkit.costs.bills.difference import Difference
from orgkit.costs.rounding import ZERO, cents
from orgkit.dataclass import dataclass
from orgkit.runbook.views import palette
from orgkit.runbook.views.bar_chart import short_amount, tick_step
from orgkit.runbook.views.tables import as_text, flat
from orgkit.sanitize.terminal import short

HEIGHT, TOP, BOTTOM = 260, 20, 220  # pixels: of the months and the lines, then where the scale ends and begins
LEFT, RIGHT = 14, 90  # percent of the width
NAME = 28  # characters for which there is room
MAX_SERIES = 7  # lines of their own; more cannot be distinguished
MAX_MONTHS = 5  # labels for which there is room on a narrow page
MAX_TICKS = 5
DASH_PATTERNS = ("", "6 3", "2 3", "9 3 2 3")  # in addition to the color, which not everybody can see


@dataclass(frozen=True)
class Line:
    """One account, or several: USD used in each month; None while AWS has no data."""

    name: str
    amounts: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Lines:
    """Months, the oldest first, and the lines over them."""

    months: tuple[str, ...]
    lines: tuple[Line, ...]

    @classmethod
    def from_differences(cls, differences: Sequence[Difference]) -> "Lines":
        """Those who used most in all months together come first."""
        names: dict[str, str] = {}
        for difference in differences:
            names |= {line.account: line.name or line.account for line in difference.accounts}
        used = {account: _amounts(differences, {account}) for account in names}
        order = sorted(used, key=lambda account: (-sum((a or ZERO for a in used[account]), ZERO), names[account]))
        lines = [Line(names[account], used[account]) for account in order[:MAX_SERIES]]
        if rest := set(order[MAX_SERIES:]):
            lines.append(Line(f"{len(rest)} others", _amounts(differences, rest)))
        return cls(tuple(str(difference.month) for difference in differences), tuple(lines))


def as_words(lines: Lines) -> str:
    """The same as text."""
    rows = [(line.name, *("no data" if a is None else cents(a) for a in line.amounts)) for line in lines.lines]
    return as_text(("account, USD used", *lines.months), rows)


def as_svg(lines: Lines) -> str:
    """One scale for all, a letter at the end of each line; a month without data is a gap. It fits 300 pixels."""
    highest = max((a for line in lines.lines for a in line.amounts if a is not None), default=ZERO) or Decimal(1)
    drawn = "".join(_line(lines, number, line, highest) for number, line in enumerate(lines.lines))
    title, height = "What each account used, USD a month", HEIGHT + 22 * len(lines.lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{height}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{palette.series_style()}{''.join(_grid(lines, highest))}{drawn}</svg>"
    )


def _amounts(differences: Sequence[Difference], accounts: set[str]) -> tuple[Decimal | None, ...]:
    return tuple(
        sum((line.gross or ZERO for line in difference.accounts if line.account in accounts), ZERO)
        if difference.bill.ready
        else None
        for difference in differences
    )


def _grid(lines: Lines, highest: Decimal) -> Iterator[str]:
    step = tick_step(highest, MAX_TICKS)
    for number in range(int(highest / step) + 1):
        amount = step * number
        y = _y(amount, highest)
        yield f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="small" x="0" y="{y - 4:.1f}">{short_amount(amount)}{"" if number else " USD"}</text>'
    count = len(lines.months)
    for number in range(0, count, -(-count // MAX_MONTHS)):
        x, month = f"{_x(number, count):.2f}%", escape(flat(lines.months[number]))
        yield f'<text class="small" x="{x}" y="{BOTTOM + 18}" text-anchor="middle">{month}</text>'


def _line(lines: Lines, number: int, line: Line, highest: Decimal) -> str:
    dash = f'stroke-width="2" stroke-dasharray="{DASH_PATTERNS[number % len(DASH_PATTERNS)]}"'
    letter, count, drawn = chr(ord("A") + number), len(lines.months), ""
    places = [(_x(at, count), None if a is None else _y(a, highest)) for at, a in enumerate(line.amounts)]
    for (x1, y1), (x2, y2) in pairwise(places):
        if y1 is not None and y2 is not None:
            drawn += f'<line class="s{number}" x1="{x1:.2f}%" x2="{x2:.2f}%" y1="{y1:.1f}" y2="{y2:.1f}" {dash}/>'
    for at, (x, y) in enumerate(places):
        if y is not None:
            tooltip = escape(flat(f"{line.name}, {lines.months[at]}: {line.amounts[at]:.2f}"))
            drawn += f'<circle class="f{number}" cx="{x:.2f}%" cy="{y:.1f}" r="4"><title>{tooltip}</title></circle>'
    x, y = next(((x, y) for x, y in reversed(places) if y is not None), (0.0, None))
    drawn += "" if y is None else f'<text class="small letter" x="{x:.2f}%" dx="8" y="{y + 4:.1f}">{letter}</text>'
    return drawn + _legend(number, letter, line, dash)


def _legend(number: int, letter: str, line: Line, dash: str) -> str:
    y = HEIGHT + 22 * number
    last = next((f": {cents(a)}" for a in reversed(line.amounts) if a is not None), "")
    return (
        f'<text class="small letter" x="0" y="{y + 12}">{letter}</text>'
        f'<line class="s{number}" x1="16" x2="44" y1="{y + 8}" y2="{y + 8}" {dash}/>'
        f'<text class="small" x="52" y="{y + 12}">{escape(short(line.name, NAME) + last)}</text>'
    )


def _x(number: int, count: int) -> float:
    """In percent of the width."""
    return (LEFT + RIGHT) / 2 if count < 2 else LEFT + (RIGHT - LEFT) * number / (count - 1)


def _y(amount: Decimal, highest: Decimal) -> float:
    return BOTTOM - float(max(amount, ZERO) / highest) * (BOTTOM - TOP)
