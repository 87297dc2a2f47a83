"""What an organization costs a month as bars: one for each account, stacked by service, with its range."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from html import escape
from typing import Any

from orgkit.costs.bills.difference import Difference
from orgkit.costs.estimate.assumptions import SCENARIOS
from orgkit.costs.estimate.estimate import Estimate
from orgkit.costs.rounding import ZERO, in_cents
from orgkit.runbook.views.tables import as_items, flat
from orgkit.sanitize.terminal import short

WIDTH, LEFT, RIGHT, ROW = 820, 190, 190, 40
NAME = 24  # characters for which there is room
MAX_BAR_WIDTH = WIDTH - LEFT - RIGHT
# Each service has a letter and a colour: the letter alone is enough. More than these cannot be told apart.
FILLS = ("#2f6db5", "#b5562f", "#3d8a4e", "#7d4fa8", "#8a7a1f", "#4f7f86", "#a83f6b", "#5b5b5b")
MAX_SERVICES = len(FILLS) - 1  # services of their own; the rest is one
OTHER_SERVICES = "other services"
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1f29}.small{font-size:11px;fill:#55606e}"
    ".in{font-size:11px;font-weight:700;fill:#ffffff}.range{stroke:#1a1f29;stroke-width:1.6;fill:none}"
)


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
    """An estimate, or a bill beside it, to be looked at."""

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
    """A bar for each account, of equal scale; a range that leaves the picture ends in an arrow."""
    max_whole = max((row.whole for row in bars.rows), default=Decimal(0)) or Decimal(1)
    scale = Decimal(MAX_BAR_WIDTH) / (max_whole * Decimal("1.5"))
    drawn = "".join(_row(bars, number, row, scale) for number, row in enumerate(bars.rows))
    top = ROW * len(bars.rows) + 24
    legend = "".join(_legend(bars, number, name, top) for number, name in enumerate(bars.services))
    height = top + 20 * len(bars.services) + 30
    title = "Cost per account and service, USD a month"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{title}"><title>{title}</title><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{drawn}{legend}'
        f'<text class="small" x="8" y="{height - 8}">Bars: {bars.shows}. Line: the estimate from low to high, with '
        f"an arrow where high lies beyond the picture.</text></svg>"
    )


def _fold(parts: Mapping[str, Decimal], names: Sequence[str]) -> dict[str, Decimal]:
    rest = sum((cost for name, cost in parts.items() if name not in names), ZERO)
    return {name: cost for name, cost in parts.items() if name in names} | ({OTHER_SERVICES: rest} if rest else {})


def _largest_first(services: Mapping[str, Decimal]) -> tuple[str, ...]:
    return tuple(sorted((name for name in services if services[name]), key=lambda name: (-services[name], name)))


def _row(bars: Bars, number: int, row: Row, scale: Decimal) -> str:
    y, x, drawn = 12 + number * ROW, Decimal(LEFT), ""
    for service, cost in row.parts.items():
        width = cost * scale
        letter = bars.letter(service)
        fill = FILLS[bars.services.index(service)]
        drawn += (
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="20" fill="{fill}" stroke="#ffffff">'
            f"<title>{escape(flat(f'{row.name}: {service} {cost:.2f}'))}</title></rect>"
        )
        drawn += f'<text class="in" x="{x + 4:.1f}" y="{y + 14}">{letter}</text>' if width > 14 else ""
        x += width
    return (
        f'<text x="8" y="{y + 15}">{escape(short(row.name, NAME))}</text>{drawn}{_line(row, y + 26, scale)}'
        f'<text class="small" x="{WIDTH - RIGHT + 12}" y="{y + 15}">{escape(_range(row))}</text>'
    )


def _line(row: Row, y: int, scale: Decimal) -> str:
    if not row.high:
        return ""
    low, high, end = LEFT + row.low * scale, LEFT + row.high * scale, Decimal(LEFT + MAX_BAR_WIDTH)
    arrow = f"M{end - 6:.0f} {y - 4} L{end:.0f} {y} L{end - 6:.0f} {y + 4}" if high > end else f"M{high:.1f} {y - 3} v6"
    return f'<path class="range" d="M{low:.1f} {y - 3} v6 M{low:.1f} {y} H{min(high, end):.1f} {arrow}"/>'


def _legend(bars: Bars, number: int, name: str, top: int) -> str:
    y = top + 20 * number
    return (
        f'<rect x="{LEFT}" y="{y}" width="16" height="14" fill="{FILLS[number]}"/>'
        f'<text class="in" x="{LEFT + 4}" y="{y + 11}">{bars.letter(name)}</text>'
        f'<text class="small" x="{LEFT + 24}" y="{y + 11}">{escape(flat(name))}</text>'
    )


def _range(row: Row) -> str:
    return f"{row.whole} ({row.low} to {row.high})"
