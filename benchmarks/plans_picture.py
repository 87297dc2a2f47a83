"""The picture of `benchmarks.plans`: wall time by the number of accounts, a line for each tool and delay."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import Protocol

from orgkit.runbook.views import palette

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 340, 50, 560, 20, 300  # pixels
LABEL_HEIGHT = 15
DASHES = ("", "6 3", "2 3", "9 3 2 3")  # for the delays, in addition to the letter
MAX_TICKS = 6
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # seconds


class Point(Protocol):
    """What is drawn of a result."""

    tool: str
    accounts: int
    delay: int
    seconds: float


def as_svg(results: Sequence[Point]) -> str:
    """Both axes are linear; at the end of each line stand its tool and its delay."""
    tools = list(dict.fromkeys(each.tool for each in results))
    delays = sorted({each.delay for each in results})
    most, slowest = max(each.accounts for each in results), max(each.seconds for each in results)
    drawn = [*_grid([each.accounts for each in results], most, slowest)]
    labels: list[tuple[float, str]] = []
    for number, tool in enumerate(tools):
        for dash, delay in zip(DASHES, delays, strict=False):
            line = sorted((e.accounts, e.seconds) for e in results if e.tool == tool and e.delay == delay)
            places = [(_x(accounts, most), _y(seconds, slowest)) for accounts, seconds in line]
            drawn += _line(number, dash, places)
            labels.append((places[-1][1], f"{tool}, {delay} ms"))
    drawn += _labels(labels)
    title = "Wall time of a plan without changes, by the number of accounts"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{palette.series_style()}{''.join(drawn)}</svg>\n"
    )


def _grid(counts: Sequence[int], most: int, slowest: float) -> Iterator[str]:
    step = next((step for step in STEPS if slowest / step <= MAX_TICKS), STEPS[-1])
    for number in range(int(slowest / step) + 1):
        y = _y(number * step, slowest)
        yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="small" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number * step} s</text>'
    yield f'<text class="small" x="{RIGHT}" y="{BOTTOM + 34}" text-anchor="end">accounts</text>'
    for count in sorted(set(counts)):
        if count == most or count > most / 20:  # smaller ones would stand on each other
            place = f'x="{_x(count, most):.1f}" y="{BOTTOM + 18}"'
            yield f'<text class="small" {place} text-anchor="middle">{count:,}</text>'


def _line(number: int, dash: str, places: Sequence[tuple[float, float]]) -> Iterator[str]:
    for (x1, y1), (x2, y2) in pairwise(places):
        ends = f'x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"'
        yield f'<line class="s{number}" {ends} stroke-width="2" stroke-dasharray="{dash}"/>'
    yield from (f'<circle class="f{number}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)


def _labels(labels: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Each at the height of its line, or as far below it as the labels above need."""
    above = 0.0
    for y, text in sorted(labels):
        above = max(y, above + LABEL_HEIGHT)
        yield f'<text class="small" x="{RIGHT + 8}" y="{above + 4:.1f}">{escape(text)}</text>'


def _x(accounts: int, most: int) -> float:
    return LEFT + (RIGHT - LEFT) * accounts / most


def _y(seconds: float, slowest: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * seconds / slowest
