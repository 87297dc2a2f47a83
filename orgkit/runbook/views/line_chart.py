"""What accounts used over months as lines: one for each of those that used most, and one for all others together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from orgkit.costs.bills.difference import Difference
from orgkit.costs.rounding import ZERO, cents
from orgkit.runbook.views.bar_chart import FILLS
from orgkit.runbook.views.tables import as_text, flat
from orgkit.sanitize.terminal import short

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 820, 300, 70, 240, 16, 40
NAME = 20  # characters for which there is room
MAX_SERIES = 7  # lines of their own; more cannot be distinguished
STYLE = "text{font:12px system-ui,sans-serif;fill:#1a1f29}.small{font-size:11px;fill:#55606e}"
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
    """One scale for all; a month without data is a gap."""
    highest = max((a for line in lines.lines for a in line.amounts if a is not None), default=ZERO) or Decimal(1)
    drawn = "".join(_line(lines, number, line, highest) for number, line in enumerate(lines.lines))
    title = "What each account used, USD a month"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}"><title>{title}</title><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{"".join(_grid(lines, highest))}{drawn}</svg>'
    )


def _amounts(differences: Sequence[Difference], accounts: set[str]) -> tuple[Decimal | None, ...]:
    return tuple(
        sum((line.gross or ZERO for line in difference.accounts if line.account in accounts), ZERO)
        if difference.bill.ready
        else None
        for difference in differences
    )


def _grid(lines: Lines, highest: Decimal) -> Iterator[str]:
    for part in range(5):
        amount = highest * part / 4
        y = _y(amount, highest)
        yield f'<path d="M{LEFT} {y:.1f} H{WIDTH - RIGHT}" stroke="#d8dce3"/>'
        yield f'<text class="small" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_axis(amount)}</text>'
    for number, month in enumerate(lines.months):
        x, y = _x(number, len(lines.months)), float(HEIGHT - BOTTOM + 20)
        yield f'<text class="small" x="{x:.1f}" y="{y}" text-anchor="middle">{escape(flat(month))}</text>'


def _line(lines: Lines, number: int, line: Line, highest: Decimal) -> str:
    colour, dash = FILLS[number % len(FILLS)], DASH_PATTERNS[number % len(DASH_PATTERNS)]
    count, points, path = len(lines.months), "", ""
    has_previous = False
    for at, amount in enumerate(line.amounts):
        if amount is not None:
            x, y = _x(at, count), _y(amount, highest)
            path += f"{'L' if has_previous else 'M'}{x:.1f} {y:.1f} "
            tooltip = escape(flat(f"{line.name}, {lines.months[at]}: {amount:.2f}"))
            points += (
                f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" rx="4" fill="{colour}">'
                f"<title>{tooltip}</title></rect>"
            )
        has_previous = amount is not None
    y, x = TOP + 12 + 20 * number, WIDTH - RIGHT + 24
    last = next((f" {cents(a)}" for a in reversed(line.amounts) if a is not None), "")
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>{points}'
        f'<path d="M{x} {y - 4} h24" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        f'<text x="{x + 32}" y="{y}">{escape(short(line.name, NAME) + last)}</text>'
    )


def _x(number: int, count: int) -> float:
    width = WIDTH - LEFT - RIGHT
    return LEFT + width / 2 if count < 2 else LEFT + 20 + (width - 40) * number / (count - 1)


def _y(amount: Decimal, highest: Decimal) -> float:
    part = float(max(amount, ZERO) / highest)
    return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def _axis(amount: Decimal) -> str:
    """Short enough for its place, however large."""
    for size, sign in ((Decimal(10**9), "bn"), (Decimal(10**6), "m"), (Decimal(10**4), "k")):
        if amount >= size:
            return f"{amount / (size if sign != 'k' else 1000):.1f} {sign}"
    return f"{amount:.2f}"
