"""The organization chart as SVG: shapes and words carry the meaning, colour only repeats it."""

from collections.abc import Iterator
from html import escape

from orgkit.runbook.tables import flat
from orgkit.runbook.tree import Node

ROW, INDENT, WIDTH = 34, 28, 760
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1f29}.small{font-size:11px;fill:#55606e}"
    ".line{stroke:#9aa5b1;fill:none;stroke-width:1.2}.unit{fill:#e8eef7;stroke:#5b7db1}"
    ".account{fill:#fff;stroke:#7a8694}.root{fill:#e9e6f5;stroke:#7a6bb0}.note{font-size:11px;font-style:italic;fill:#7a4b00}"
)


def as_svg(root: Node) -> str:
    """A standing tree, one row a node: units have square corners, accounts round ones."""
    rows = list(_rows(root, 0))
    height = ROW * len(rows) + 12
    shapes = "".join(_shape(number, depth, node) for number, (depth, node, _) in enumerate(rows))
    lines = "".join(
        _line(number, depth, parent) for number, (depth, _, parent) in enumerate(rows) if parent is not None
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="Organization chart"><title>Organization chart</title><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{lines}{shapes}</svg>'
    )


def _rows(node: Node, depth: int, parent: int | None = None, start: int = 0) -> Iterator[tuple[int, Node, int | None]]:
    """Depth first: (depth, node, row number of its parent)."""
    yield depth, node, parent
    used = start + 1
    for child in node.children:
        below = list(_rows(child, depth + 1, start, used))
        yield from below
        used += len(below)


def _shape(number: int, depth: int, node: Node) -> str:
    x, y = 8 + depth * INDENT, 6 + number * ROW
    name = _short(node.name, 44)
    width = 26 + 7.6 * len(name)
    corner = 12 if node.kind == "account" else 3
    details = "  ".join(part for part in (node.id, node.email) if part)
    note = f'<tspan class="note" dx="10">{escape(flat(node.note))}</tspan>' if node.note else ""
    return (
        f'<rect class="{node.kind}" x="{x}" y="{y}" width="{width:.0f}" height="24" rx="{corner}"/>'
        f'<text x="{x + 12}" y="{y + 16}">{escape(name)}</text>'
        f'<text class="small" x="{x + width + 10:.0f}" y="{y + 16}">{escape(_short(details, 58))}{note}</text>'
    )


def _line(number: int, depth: int, parent: int) -> str:
    x, y = 8 + depth * INDENT, 6 + number * ROW + 12
    return f'<path class="line" d="M{x - INDENT + 14} {6 + parent * ROW + 24} V{y} H{x}"/>'


def _short(text: str, length: int) -> str:
    safe = flat(text)
    return safe if len(safe) <= length else safe[: length - 1] + "…"
