"""What an organization costs a month as bars: one for each account, stacked by service, with its range."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from html import escape
from typing import Any

from orgkit.costs.bills.difference import Difference
from orgkit.costs.estimate.assumptions import SCENARIOS
from orgkit.costs.estimate.estimate import Estimate
from orgkit.costs.rounding import ZERO, in_cents
from orgkit.dataclass import dataclass
from orgkit.runbook.views import palette
from orgkit.runbook.views.tables import as_items, flat
from orgkit.sanitize.terminal import short

ROW, PART_HEIGHT = 78, 18
NAME = 24  # characters for which there is room
SCALE = Decimal(94)  # percent of the width that the highest amount takes; beyond it stands half of its label
MAX_TICKS = 5
LETTER_WIDTH = Decimal(6)  # percent of the width from which on a letter has room in its part of a bar
MAX_SHARES = 5  # parts of a bar that are written out below it
# Each service has a letter and a color: the letter alone is enough. More than these cannot be distinguished.
MAX_SERVICES = palette.COUNT - 1  # services of their own; the rest is one
OTHER_SERVICES = "other services"


@dataclass(frozen=True)
class Row:
    """One account: its amounts by service, their sum, and the range of its estimate; USD a month."""

    name: str
    parts: Mapping[str, Decimal]
    low: Decimal
    whole: Decimal
    high: Decimal


@dataclass(frozen=True)
class Bars:
    """An estimate, or a bill next to it, as a chart."""

    rows: tuple[Row, ...]
    services: tuple[str, ...]
    shows: str = "expected"  # what the bars are

    @classmethod
    def from_estimate(cls, estimate: Estimate) -> "Bars":
        """The services in the order of what they cost, the largest first."""
        cost: dict[tuple[str, str], Decimal] = {}
        services: dict[str, Decimal] = {}
        for charge in estimate.charges["expected"]:
            key, service = charge.usage.account, charge.price.service
            cost[key, service] = cost.get((key, service), Decimal(0)) + charge.effective_cost
            services[service] = services.get(service, Decimal(0)) + charge.effective_cost
        names = _largest_first(services)
        table: dict[Any, dict[Any, Decimal]] = estimate.by_account()[list(SCENARIOS)].to_dict(orient="index")
        rows = tuple(
            Row(
                account.name,
                {name: cost[account.key, name] for name in names if cost.get((account.key, name))},
                *(table[account.key][scenario] for scenario in SCENARIOS),
            )
            for account in estimate.accounts
        )
        return cls(rows, names).limit_services(MAX_SERVICES)

    @classmethod
    def from_bill(cls, difference: Difference) -> "Bars":
        """What was used in a month, with the range in which it was expected."""
        services = {line.service: line.gross or ZERO for line in difference.payer}
        names = _largest_first(services)
        parts: dict[str, dict[str, Decimal]] = {line.account: {} for line in difference.accounts}
        for line in sorted(difference.lines, key=lambda line: -services[line.service]):
            if line.gross and line.gross > 0:  # a correction of an earlier month has no length
                parts[line.account][line.service] = line.gross
        amounts = [
            in_cents([getattr(line, name) or ZERO for line in difference.accounts]) for name in ("low", "gross", "high")
        ]
        rows = tuple(
            Row(line.name or line.account, parts[line.account], *three)
            for line, *three in zip(difference.accounts, *amounts, strict=True)
        )
        return cls(rows, names, f"used in {difference.month}").limit_services(MAX_SERVICES)

    def limit_services(self, count: int) -> "Bars":
        """The first so many services each for itself, and all others as one."""
        if len(self.services) <= count + 1:
            return self
        names = self.services[:count]
        return replace(
            self,
            rows=tuple(replace(row, parts=_fold(row.parts, names)) for row in self.rows),
            services=(*names, OTHER_SERVICES),
        )

    def letter(self, service: str) -> str:
        return chr(ord("A") + self.services.index(service))


def as_words(bars: Bars) -> str:
    """The same as text."""
    lines = [
        (
            "-",
            f"{short(row.name, NAME)}: {_range(row)}",
            ", ".join(f"{name} {cost:.2f}" for name, cost in row.parts.items()) or "nothing",
        )
        for row in bars.rows
    ]
    return f"USD a month, {bars.shows} (low to high of the estimate), then by service:\n{as_items(lines)}"


def as_svg(bars: Bars) -> str:
    """A bar for each account and the line of its range, all on one axis; it fits any width from 300 pixels on."""
    highest = max((max(row.high, row.whole) for row in bars.rows), default=ZERO)
    step = tick_step(highest or Decimal(1), MAX_TICKS)
    scale = SCALE / (highest or step)
    bottom = ROW * len(bars.rows) + 4
    legend = "".join(_legend(bars, number, bottom + 62 + 22 * number) for number in range(len(bars.services)))
    height = bottom + 62 + 22 * len(bars.services)
    title = "Cost per account and service, USD a month"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{height}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{palette.series_style()}{''.join(_axis(highest, step, scale, bottom))}"
        f"{''.join(_row(bars, number, row, scale) for number, row in enumerate(bars.rows))}"
        f'<text class="small" x="0" y="{bottom + 38}">USD a month. Bar: {bars.shows}.</text>'
        f'<text class="small" x="0" y="{bottom + 54}">Line: the estimate from low to high.</text>{legend}</svg>'
    )


def tick_step(highest: Decimal, count: int) -> Decimal:
    """The distance of an axis's marks: the smallest 1, 2 or 5 of a decimal place that needs at most `count` of them."""
    place = Decimal(1).scaleb((highest / count).adjusted())
    return next(place * factor for factor in (1, 2, 5, 10) if place * factor * count >= highest)


def _axis(highest: Decimal, step: Decimal, scale: Decimal, bottom: int) -> Iterator[str]:
    """A line and a label for each mark."""
    for number in range(int(highest / step) + 1):
        amount = step * number
        x, anchor = f"{amount * scale:.2f}%", "middle" if number else "start"
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{bottom}"/>'
        yield f'<text class="small" x="{x}" y="{bottom + 16}" text-anchor="{anchor}">{short_amount(amount)}</text>'


def short_amount(amount: Decimal) -> str:
    """Short enough for an axis, however large."""
    for size, sign in ((Decimal(10**9), " bn"), (Decimal(10**6), " m"), (Decimal(10**3), " k")):
        if amount >= size:
            return f"{(amount / size).normalize():f}{sign}"
    return f"{amount.normalize():f}"


def _fold(parts: Mapping[str, Decimal], names: Sequence[str]) -> dict[str, Decimal]:
    rest = sum((cost for name, cost in parts.items() if name not in names), ZERO)
    return {name: cost for name, cost in parts.items() if name in names} | ({OTHER_SERVICES: rest} if rest else {})


def _largest_first(services: Mapping[str, Decimal]) -> tuple[str, ...]:
    return tuple(sorted((name for name in services if services[name]), key=lambda name: (-services[name], name)))


def _row(bars: Bars, number: int, row: Row, scale: Decimal) -> str:
    y, x, drawn = number * ROW, ZERO, ""
    for service, cost in row.parts.items():
        index, width = bars.services.index(service), cost * scale
        drawn += (
            f'<rect class="part f{index}" x="{x:.2f}%" y="{y + 20}" width="{width:.2f}%" height="{PART_HEIGHT}">'
            f"<title>{escape(flat(f'{row.name}: {service} {cost:.2f}'))}</title></rect>"
        )
        if width >= LETTER_WIDTH:
            place = f'x="{x + width / 2:.2f}%" y="{y + 34}" text-anchor="middle"'
            drawn += f'<text class="small letter l{index}" {place}>{bars.letter(service)}</text>'
        x += width
    return (
        f'<text x="0" y="{y + 14}">{escape(short(row.name, NAME))}</text>'
        f'<text class="small" x="100%" y="{y + 14}" text-anchor="end">{escape(_range(row))}</text>'
        f'{drawn}{_line(row, y + 45, scale)}<text class="small" x="0" y="{y + 64}">{_shares(bars, row)}</text>'
    )


def _line(row: Row, y: int, scale: Decimal) -> str:
    if not row.high:
        return ""
    low, high = f"{row.low * scale:.2f}%", f"{row.high * scale:.2f}%"
    caps = "".join(f'<line class="range" x1="{x}" x2="{x}" y1="{y - 4}" y2="{y + 4}"/>' for x in (low, high))
    return f'<line class="range" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>{caps}'


def _shares(bars: Bars, row: Row) -> str:
    """What the largest parts cost, each by its letter: a part can be too narrow to hold one."""
    parts = [f"{bars.letter(service)} {cost:.2f}" for service, cost in row.parts.items() if round(cost, 2)]
    return escape(", ".join([*parts[:MAX_SHARES], *(["…"] if len(parts) > MAX_SHARES else [])])) or "nothing"


def _legend(bars: Bars, number: int, y: int) -> str:
    name = bars.services[number]
    return (
        f'<rect class="f{number}" x="0" y="{y}" width="18" height="16"/>'
        f'<text class="small letter l{number}" x="9" y="{y + 12}" text-anchor="middle">{bars.letter(name)}</text>'
        f'<text class="small" x="26" y="{y + 12}">{escape(flat(name))}</text>'
    )


def _range(row: Row) -> str:
    return f"{row.whole} ({row.low} to {row.high})"
