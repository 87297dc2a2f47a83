"""The organization as a tree and as a chart (SVG): what is there, and what the parameters file changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from html import escape
from itertools import accumulate
from unicodedata import east_asian_width

from orgkit.model.declared_renames import declared_renames, renamed_view
from orgkit.model.desired import Desired, ImportSpec, UnitPath, format_path
from orgkit.model.index import all_by
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed
from orgkit.model.offboarding import IN_OFFBOARDING, OffboardingSpec
from orgkit.model.step_groups import name_some
from orgkit.runbook.views import palette
from orgkit.runbook.views.tables import flat
from orgkit.sanitize.terminal import short

ROW, DETAILS, INDENT, LETTER, SMALL = 32, 18, 24, 8.4, 7.0  # pixels; the last two of a letter of each size
MIN_WIDTH = 300
NARROW_PAGE = 366  # pixels, of a telephone without the margins of the page
MAX_DETAILS = 80  # letters of a line below a name
# In a unit with more accounts than this, those with the same mark and note are one line when there are so many of them.
MAX_IN_UNIT, MIN_FOLDED = 20, 5
MAX_IN_TREE, MIN_FOLDED_IN_LARGE_TREE = 200, 2  # the same in each unit of a tree with more accounts than this
UNMANAGED = "unmanaged"  # the note of what the file does not name
WIDE_LETTERS = "MW@mw%"
STYLE = palette.style_element(
    ".unit{fill:#eaf1fb;stroke:#4a6fa5}.account,.accounts{fill:#ffffff;stroke:#6e7781}.root{fill:#ece9f8;stroke:#7a6bb0}"
    ".note{font-style:italic;fill:#7a4b00}.sign{font-weight:700}"
    ".new{stroke:#1a6b2f;stroke-width:2.4;stroke-dasharray:7 3}.moved{stroke:#7a4b00;stroke-width:2.4}"
    ".changed{stroke:#7a4b00;stroke-width:2.4}.waiting{stroke:#6b3fa0;stroke-width:2.4;stroke-dasharray:2 3}"
    ".unmanaged{stroke:#57606a;stroke-dasharray:1 4;stroke-width:2}",
    ".unit{fill:#14243b;stroke:#79a7e3}.account,.accounts{fill:#161b22;stroke:#9aa4af}.root{fill:#241f3d;stroke:#a99be0}"
    ".note{fill:#e3b36a}.new{stroke:#4ac26b}.moved,.changed{stroke:#e3b36a}.waiting{stroke:#bd9cf0}"
    ".unmanaged{stroke:#9aa4af}",
)


class Mark(Enum):
    """What is to be seen of a node at a glance: a sign, and what the sign means."""

    NONE = ("", "")
    NEW = ("+", "new")
    MOVED = ("\u2192", "moved")
    CHANGED = ("~", "changed")
    WAITING = ("\u2026", "waiting for someone else")
    OFFBOARDING = ("-", "in offboarding: the file wants it closed")
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
    kind: str  # "root" | "unit" | "account" | "accounts" (folded)
    note: str = ""  # in words: "new", "unmanaged" …
    id: str = ""
    email: str = ""
    children: list["Node"] = field(default_factory=list)
    mark: Mark = Mark.NONE
    examples: str = ""  # the first names of accounts that are folded

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
    """The tree that AWS has, with what the file does not name, or wants closed, marked."""
    if observed.organization is None:
        return Node(f"account {observed.target.account}, in no organization", "root")
    root = Node("organization root", "root", "", observed.organization.root_id)
    nodes: dict[UnitPath, Node] = {(): root}
    renames = declared_renames(desired, observed)
    view, new_names = renamed_view(observed, renames), {rename.unit.id: rename.spec.name for rename in renames}
    offboarding = desired.section(OffboardingSpec)
    wanted_ids = {unit.id for spec in desired.units if (unit := view.unit(spec.path))}
    for unit in observed.units:
        renamed = f"to be renamed {new_names[unit.id]}" if unit.id in new_names else ""
        note = renamed if unit.id in wanted_ids else _unwanted(offboarding.names_unit(unit.path))
        node = Node(unit.path[-1], "unit", note, unit.id, mark=_mark_of(note))
        nodes[unit.path] = _add_below(nodes, unit.path[:-1], node)
    notes = dict(_account_notes(view, desired))
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
            words.append(_unwanted(desired.section(OffboardingSpec).names_account(account.id)))
        elif account.unit != specs[account.id].unit:
            words.append(f"belongs in {format_path(specs[account.id].unit) or 'the root'}")
        if account.state != "ACTIVE":
            words.append(account.state)
        yield account.id, ", ".join(words)


def _unwanted(is_in_offboarding: bool) -> str:
    return IN_OFFBOARDING if is_in_offboarding else UNMANAGED


def _mark_of(note: str) -> Mark:
    marks = {IN_OFFBOARDING: Mark.OFFBOARDING, UNMANAGED: Mark.UNMANAGED}
    return marks.get(note.partition(", ")[0], Mark.NONE)


def fold(root: Node) -> Node:
    """The same tree, where many accounts of one unit with the same mark and note are one line.

    An account that waits for a person is never folded.
    """
    if _count_accounts(root) > MAX_IN_TREE:
        return _fold(root, 0, MIN_FOLDED_IN_LARGE_TREE)
    return _fold(root, MAX_IN_UNIT, MIN_FOLDED)


def _count_accounts(node: Node) -> int:
    return (node.kind == "account") + sum(map(_count_accounts, node.children))


def _fold(node: Node, max_listed: int, min_folded: int) -> Node:
    accounts = [child for child in node.children if child.kind == "account"]
    groups = all_by(accounts if len(accounts) > max_listed else (), lambda child: (child.mark, child.note))
    group_of = {
        id(child): group
        for (mark, _), group in groups.items()
        if len(group) >= min_folded and mark is not Mark.WAITING
        for child in group
    }
    children = [
        _line_of(group_of[id(child)]) if id(child) in group_of else _fold(child, max_listed, min_folded)
        for child in node.children
        if id(child) not in group_of or child is group_of[id(child)][0]
    ]
    return replace(node, children=children)


def _line_of(accounts: Sequence[Node]) -> Node:
    first = accounts[0]
    examples = name_some([account.name for account in accounts])
    return Node(f"{len(accounts):,} accounts", "accounts", first.note, mark=first.mark, examples=examples)


def as_text(node: Node) -> str:
    """Lines with branches, and what the signs before the names mean; many accounts of one unit are one line."""
    node = fold(node)
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
    if node.kind in ("account", "accounts"):
        email = f"<{node.email}>" if node.email else ""
        name = "  ".join(part for part in (node.name, node.id, email, node.examples) if part)
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
    """A tree from top to bottom: units have square corners, accounts round ones; then what the signs mean.

    An id and an email stand below the name, so that the tree of most organizations fits a narrow page. Many accounts
    of one unit are one shape.
    """
    root = fold(root)
    rows = list(_rows(root, 0))
    tops = list(accumulate((ROW + DETAILS * len(_details(depth, node)) for depth, node, _ in rows), initial=4))
    lines = "".join(
        _line(tops[number], depth, tops[parent]) for number, (depth, _, parent) in enumerate(rows) if parent is not None
    )
    shapes = "".join(_shape(top, depth, node) for top, (depth, node, _) in zip(tops, rows, strict=False))
    marks = [mark for mark in Mark if mark in root.marks]
    legend = "".join(_legend(mark, tops[-1] + 18 * number) for number, mark in enumerate(marks, 1))
    width = max(MIN_WIDTH, *(_width(depth, node) for depth, node, _ in rows), *(_legend_width(mark) for mark in marks))
    height = tops[-1] + (18 * len(marks) + 10 if marks else 4)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="Organization chart"><title>Organization chart</title>{STYLE}'
        f"{lines}{shapes}{legend}</svg>"
    )


def _rows(node: Node, depth: int, parent: int | None = None, start: int = 0) -> Iterator[tuple[int, Node, int | None]]:
    """Depth first: (depth, node, row number of its parent)."""
    yield depth, node, parent
    used = start + 1
    for child in node.children:
        child_rows = list(_rows(child, depth + 1, start, used))
        yield from child_rows
        used += len(child_rows)


def _shape(top: int, depth: int, node: Node) -> str:
    x, name = 2 + depth * INDENT, short(node.name, 44)
    sign = f'<tspan class="sign">{node.mark.symbol}</tspan> ' if node.mark.symbol else ""
    corner = 12 if node.kind.startswith("account") else 3
    kind = node.kind if node.mark is Mark.NONE else f"{node.kind} {node.mark.name.lower()}"
    note = f'<text class="small note" x="{x + _box(node) + 10}" y="{top + 17}">{escape(short(node.note, 60))}</text>'
    details = "".join(
        f'<text class="small" x="{x + _details_indent(node)}" y="{top + 39 + DETAILS * number}">{escape(line)}</text>'
        for number, line in enumerate(_details(depth, node))
    )
    return (
        f'<rect class="{kind}" x="{x}" y="{top}" width="{_box(node)}" height="24" rx="{corner}"/>'
        f'<text x="{x + 12}" y="{top + 17}">{sign}{escape(name)}</text>'
        f"{note if node.note else ''}{details}"
    )


def _details(depth: int, node: Node) -> list[str]:
    """An id and an email, on one line where they fit a narrow page; a longer email goes on at its "@"."""
    letters = (NARROW_PAGE - 4 - (2 + depth * INDENT) - _details_indent(node)) / SMALL
    if node.examples:
        return [short(node.examples, int(letters))]
    line = short("  ".join(part for part in (node.id, node.email) if part), MAX_DETAILS)
    if _cells(line) <= letters:
        return [line] if line else []
    local, at, domain = node.email.rpartition("@")
    emails = [node.email] if _cells(flat(node.email)) <= letters else [local, f"{at}{domain}"]
    return [short(part, MAX_DETAILS) for part in (node.id, *emails) if part]


def _details_indent(node: Node) -> int:
    """Right of the line that leads from a unit to what is in it."""
    return 12 if node.kind.startswith("account") else 22


def _box(node: Node) -> int:
    """The width of the box around a name and its sign."""
    return round(24 + LETTER * (_cells(short(node.name, 44)) + (2 if node.mark.symbol else 0)))


def _width(depth: int, node: Node) -> int:
    """What a node takes from the left edge on: its box and its note, or its details below."""
    x = 2 + depth * INDENT
    first_row = x + _box(node) + 10 + SMALL * _cells(short(node.note, 60))
    details = max(map(_cells, _details(depth, node)), default=0)
    return round(max(first_row, x + _details_indent(node) + SMALL * details)) + 4


def _cells(text: str) -> float:
    """The width of a text in usual letters; a Chinese, Japanese or Korean character is as wide as two of them."""
    return sum(2 if east_asian_width(char) in "WF" else 1.5 if char in WIDE_LETTERS else 1 for char in text)


def _legend(mark: Mark, y: int) -> str:
    sign = f'<tspan class="letter">{escape(mark.symbol)}</tspan>'
    return f'<text class="small" x="2" y="{y}">{sign} {escape(mark.meaning)}</text>'


def _legend_width(mark: Mark) -> int:
    return round(SMALL * (len(mark.meaning) + 4))


def _line(top: int, depth: int, parent_top: int) -> str:
    x = 2 + depth * INDENT
    return f'<path class="line" d="M{x - INDENT + 14} {parent_top + 24} V{top + 12} H{x}"/>'
