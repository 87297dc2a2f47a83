"""The organization as a tree and as a chart (SVG): what is there, and what the parameters file changes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from html import escape

from orgkit.model.desired import Desired, ImportSpec, UnitPath, format_path
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed
from orgkit.runbook.views.tables import flat
from orgkit.sanitize.terminal import short

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


class Mark(Enum):
    """What is to be seen of a node at a glance: a sign, and what the sign means."""

    NONE = ("", "")
    NEW = ("+", "new")
    MOVED = ("\u2192", "moved")
    CHANGED = ("~", "changed")
    WAITING = ("\u2026", "waiting for someone else")
    UNMANAGED = ("?", "unmanaged: in AWS, not in the file; left alone")

    @property
    def symbol(self) -> str:
        return self.value[0]

    @property
    def meaning(self) -> str:
        return self.value[1]


@dataclass
class Node:
    """One line of the tree."""

    name: str
    kind: str  # "root" | "unit" | "account"
    note: str = ""  # in words: "new", "unmanaged" …
    id: str = ""
    email: str = ""
    children: list["Node"] = field(default_factory=list)
    mark: Mark = Mark.NONE

    @property
    def marks(self) -> set[Mark]:
        """Those of the node and of everything below it."""
        return {self.mark, *(mark for child in self.children for mark in child.marks)} - {Mark.NONE}

    def as_json(self) -> dict[str, object]:
        plain: dict[str, object] = {"name": self.name, "kind": self.kind}
        plain |= {key: value for key, value in (("id", self.id), ("email", self.email), ("note", self.note)) if value}
        return plain | ({"children": [child.as_json() for child in self.children]} if self.children else {})


def desired_tree(desired: Desired) -> Node:
    """The tree that the file asks for."""
    root = Node("organization root", "root")
    nodes: dict[UnitPath, Node] = {(): root}
    for unit in desired.units:
        nodes[unit.path] = _add_below(nodes, unit.parent, Node(unit.name, "unit"))
    root.children.append(
        Node(desired.organization.name, "account", "management account", desired.organization.management_account_id,
             desired.organization.email)
    )  # fmt: skip
    for spec in desired.members:
        note = "imported" if isinstance(spec, ImportSpec) else ""
        _add_below(nodes, spec.unit, Node(spec.name, "account", note, spec.id or "", spec.email))
    return sort_tree(root)


def observed_tree(observed: Observed, desired: Desired) -> Node:
    """The tree that AWS has, with what the file does not name marked as unmanaged."""
    if observed.organization is None:
        return Node(f"account {observed.target.account}, in no organization", "root")
    root = Node("organization root", "root", "", observed.organization.root_id)
    nodes: dict[UnitPath, Node] = {(): root}
    wanted_units = {unit.path for unit in desired.units}
    for unit in observed.units:
        note = "" if unit.path in wanted_units else "unmanaged"
        node = Node(unit.path[-1], "unit", note, unit.id, mark=_mark_of(note))
        nodes[unit.path] = _add_below(nodes, unit.path[:-1], node)
    notes = dict(_account_notes(observed, desired))
    for account in observed.accounts:
        note = notes.get(account.id, "")
        node = Node(account.name, "account", note, account.id, account.email, mark=_mark_of(note))
        _add_below(nodes, account.unit, node)
    return sort_tree(root)


def _account_notes(observed: Observed, desired: Desired) -> Iterator[tuple[str, str]]:
    specs = {
        matched_account.id: spec for spec in desired.members if (matched_account := match_if_clear(spec, observed))
    }
    for account in observed.accounts:
        words = []
        if account.id == observed.target.account:
            words.append("management account")
        elif account.id not in specs:
            words.append("unmanaged")
        elif account.unit != specs[account.id].unit:
            words.append(f"belongs in {format_path(specs[account.id].unit) or 'the root'}")
        if account.state != "ACTIVE":
            words.append(account.state)
        yield account.id, ", ".join(words)


def _mark_of(note: str) -> Mark:
    return Mark.UNMANAGED if note.startswith("unmanaged") else Mark.NONE


def as_text(node: Node) -> str:
    """Lines with branches, and what the signs before the names mean."""
    meanings = [f"{mark.symbol} {mark.meaning}" for mark in Mark if mark in node.marks]
    legend = ["", "   ".join(meanings)] if meanings else []
    return "\n".join([_label(node), *_branches(node.children, ""), *legend])


def _branches(children: list[Node], indent: str) -> Iterator[str]:
    for child in children:
        last = child is children[-1]
        yield f"{indent}{'└─' if last else '├─'} {_label(child)}"
        yield from _branches(child.children, indent + ("   " if last else "│  "))


def _label(node: Node) -> str:
    name = f"{format_path((node.name,))}/" if node.kind == "unit" else node.name
    if node.kind == "account":
        name = "  ".join(part for part in (node.name, node.id, f"<{node.email}>" if node.email else "") if part)
    sign = f"{node.mark.symbol} " if node.mark.symbol else ""
    return flat(sign + name + (f"  ({node.note})" if node.note else ""))


def _add_below(nodes: dict[UnitPath, Node], path: UnitPath, node: Node) -> Node:
    nodes.get(path, nodes[()]).children.append(node)
    return node


def sort_tree(node: Node) -> Node:
    """Units before accounts, each by name, so that the same organization always looks the same."""
    node.children.sort(key=lambda child: (child.kind != "unit", child.name))
    for child in node.children:
        sort_tree(child)
    return node


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
        child_rows = list(_rows(child, depth + 1, start, used))
        yield from child_rows
        used += len(child_rows)


def _shape(number: int, depth: int, node: Node) -> str:
    x, y = 8 + depth * INDENT, 6 + number * ROW
    name = short(node.name, 44)
    sign = f'<tspan class="sign">{node.mark.symbol}</tspan> ' if node.mark.symbol else ""
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
    text = "    ".join(f"{mark.symbol} {mark.meaning}" for mark in marks)
    return f'<text class="small" x="8" y="{y}" xml:space="preserve">{escape(text)}</text>' if marks else ""


def _line(number: int, depth: int, parent: int) -> str:
    x, y = 8 + depth * INDENT, 6 + number * ROW + 12
    return f'<path class="line" d="M{x - INDENT + 14} {6 + parent * ROW + 24} V{y} H{x}"/>'
