"""The organization chart as SVG: shapes, signs and words carry the meaning, colour only repeats it."""

from collections.abc import Iterator
from html import escape

from orgkit.printable import short
from orgkit.runbook.tree import Mark, Node

ROW, INDENT, WIDTH, LETTER = 34, 28, 820, 7.6
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1f29}.small{font-size:11px;fill:#55606e}"
    ".line{stroke:#9aa5b1;fill:none;stroke-width:1.2}.unit{fill:#e8eef7;stroke:#5b7db1}"
    ".account{fill:#fff;stroke:#7a8694}.root{fill:#e9e6f5;stroke:#7a6bb0}"
    ".note{font-size:11px;font-style:italic;fill:#7a4b00}.sign{font-weight:700}"
    ".new{stroke:#1a6b2f;stroke-width:2.4;stroke-dasharray:7 3}.moved{stroke:#7a4b00;stroke-width:2.4}"
    ".changed{stroke:#7a4b00;stroke-width:2.4}.waiting{stroke:#6b3fa0;stroke-width:2.4;stroke-dasharray:2 3}"
    ".unmanaged{stroke:#55606e;stroke-dasharray:1 4;stroke-width:2}"
)


def as_svg(root: Node) -> str:
    """A standing tree, one row a node: units have square corners, accounts round ones; then what the signs mean."""
    rows = list(_rows(root, 0))
    marks = [mark for mark in Mark if mark in root.marks]
    height = ROW * len(rows) + 12 + (26 if marks else 0)
    shapes = "".join(_shape(number, depth, node) for number, (depth, node, _) in enumerate(rows))
    lines = "".join(
        _line(number, depth, parent) for number, (depth, _, parent) in enumerate(rows) if parent is not None
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="Organization chart"><title>Organization chart</title><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{lines}{shapes}{_legend(marks, height - 8)}</svg>'
    )


def _rows(node: Node, depth: int, parent: int | None = None, start: int = 0) -> Iterator[tuple[int, Node, int | None]]:
    """Depth first: (depth, node, row number of its parent)."""
    yield depth, node, parent
    used = start + 1
    for child in node.children:
        under = list(_rows(child, depth + 1, start, used))
        yield from under
        used += len(under)


def _shape(number: int, depth: int, node: Node) -> str:
    x, y = 8 + depth * INDENT, 6 + number * ROW
    name = short(node.name, 44)
    sign = f'<tspan class="sign">{node.mark.sign}</tspan> ' if node.mark.sign else ""
    width = 26 + LETTER * (len(name) + (2 if sign else 0))
    corner = 12 if node.kind == "account" else 3
    kind = node.kind if node.mark is Mark.NONE else f"{node.kind} {node.mark.name.lower()}"
    details = "  ".join(part for part in (node.id, node.email) if part)
    note = f'<tspan class="note" dx="10">{escape(short(node.note, 60))}</tspan>' if node.note else ""
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width:.0f}" height="24" rx="{corner}"/>'
        f'<text x="{x + 12}" y="{y + 16}">{sign}{escape(name)}</text>'
        f'<text class="small" x="{x + width + 10:.0f}" y="{y + 16}">{escape(short(details, 58))}{note}</text>'
    )


def _legend(marks: list[Mark], y: int) -> str:
    told = "    ".join(f"{mark.sign} {mark.meaning}" for mark in marks)
    return f'<text class="small" x="8" y="{y}" xml:space="preserve">{escape(told)}</text>' if marks else ""


def _line(number: int, depth: int, parent: int) -> str:
    x, y = 8 + depth * INDENT, 6 + number * ROW + 12
    return f'<path class="line" d="M{x - INDENT + 14} {6 + parent * ROW + 24} V{y} H{x}"/>'
