"""The organization as a tree: what is there, and beside it, in words, what the file makes of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from orgkit.model.desired import Desired
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed
from orgkit.runbook.tables import flat


class Mark(Enum):
    """What is to be seen of a node at a glance: a sign, and what the sign means."""

    NONE = ("", "")
    NEW = ("+", "new")
    MOVED = ("\u2192", "moved")
    CHANGED = ("~", "changed")
    WAITING = ("\u2026", "waiting for someone else")
    UNMANAGED = ("?", "unmanaged: in AWS, not in the file; left alone")

    @property
    def sign(self) -> str:
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


def wanted(desired: Desired) -> Node:
    """The tree that the file asks for."""
    root = Node("organization root", "root")
    nodes = {"": root}
    for unit in desired.units:
        nodes[unit.path] = _below(nodes, unit.parent, Node(unit.name, "unit"))
    root.children.append(
        Node(desired.organization.name, "account", "management account", desired.organization.management_account_id,
             desired.organization.email)
    )  # fmt: skip
    for spec in desired.members:
        note = "imported" if spec in desired.imports else ""
        _below(nodes, spec.unit, Node(spec.name, "account", note, spec.id or "", spec.email))
    return in_order(root)


def there(observed: Observed, desired: Desired) -> Node:
    """The tree that AWS has, with what the file does not name marked as unmanaged."""
    if observed.organization is None:
        return Node(f"account {observed.target.account}, in no organization", "root")
    root = Node("organization root", "root", "", observed.organization.root_id)
    nodes = {"": root}
    wanted_units = {unit.path for unit in desired.units}
    for unit in observed.units:
        note = "" if unit.path in wanted_units else "unmanaged"
        node = Node(unit.path.rpartition("/")[2], "unit", note, unit.id, mark=_mark_of(note))
        nodes[unit.path] = _below(nodes, unit.path.rpartition("/")[0], node)
    notes = dict(_account_notes(observed, desired))
    for account in observed.accounts:
        note = notes.get(account.id, "")
        node = Node(account.name, "account", note, account.id, account.email, mark=_mark_of(note))
        _below(nodes, account.unit, node)
    return in_order(root)


def _account_notes(observed: Observed, desired: Desired) -> Iterator[tuple[str, str]]:
    ours = {found.id: spec for spec in desired.members if (found := match_if_clear(spec, observed))}
    for account in observed.accounts:
        words = []
        if account.id == observed.target.account:
            words.append("management account")
        elif account.id not in ours:
            words.append("unmanaged")
        elif account.unit != ours[account.id].unit:
            words.append(f"belongs in {ours[account.id].unit or 'the root'}")
        if account.state != "ACTIVE":
            words.append(account.state)
        yield account.id, ", ".join(words)


def _mark_of(note: str) -> Mark:
    return Mark.UNMANAGED if note.startswith("unmanaged") else Mark.NONE


def as_text(node: Node) -> str:
    """Lines with branches, and what the signs before the names mean."""
    meanings = [f"{mark.sign} {mark.meaning}" for mark in Mark if mark in node.marks]
    legend = ["", "   ".join(meanings)] if meanings else []
    return "\n".join([_label(node), *_branches(node.children, ""), *legend])


def _branches(children: list[Node], indent: str) -> Iterator[str]:
    for child in children:
        last = child is children[-1]
        yield f"{indent}{'└─' if last else '├─'} {_label(child)}"
        yield from _branches(child.children, indent + ("   " if last else "│  "))


def _label(node: Node) -> str:
    name = f"{node.name}/" if node.kind == "unit" else node.name
    if node.kind == "account":
        name = "  ".join(part for part in (node.name, node.id, f"<{node.email}>" if node.email else "") if part)
    sign = f"{node.mark.sign} " if node.mark.sign else ""
    return flat(sign + name + (f"  ({node.note})" if node.note else ""))


def _below(nodes: dict[str, Node], path: str, node: Node) -> Node:
    nodes.get(path, nodes[""]).children.append(node)
    return node


def below(path: str, name: str) -> str:
    """The path of what lies in a unit."""
    return f"{path}/{name}" if path else name


def in_order(node: Node) -> Node:
    """Units before accounts, each by name, so that the same organization always looks the same."""
    node.children.sort(key=lambda child: (child.kind != "unit", child.name))
    for child in node.children:
        in_order(child)
    return node
