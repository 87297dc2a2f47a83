"""The organization as a plan would leave it: beside each name, what is new, moved, tagged, waiting or unmanaged."""

from collections.abc import Iterator

from orgkit.model import accounts, imports, organization, units
from orgkit.model.desired import AccountSpec, Desired, ImportSpec
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed
from orgkit.plan import Plan, Step
from orgkit.runbook.tree import Mark, Node, below, in_order, there

# What a step makes of the thing that it is about, in one word and in a few.
MAKES: dict[type[Step], tuple[Mark, str]] = {
    organization.CreateOrganization: (Mark.NEW, "new"),
    units.CreateUnit: (Mark.NEW, "new"),
    units.TagUnit: (Mark.CHANGED, "tagged"),
    accounts.CreateAccount: (Mark.NEW, "new"),
    accounts.MoveAccount: (Mark.MOVED, "moved"),
    accounts.TagAccount: (Mark.CHANGED, "tagged"),
    accounts.CreateReadRole: (Mark.CHANGED, "gets its read role"),
    accounts.MakeManageable: (Mark.CHANGED, "gets its roles"),
    imports.InviteAccount: (Mark.NEW, "is invited"),
    imports.AcceptInvitation: (Mark.NEW, "joins"),
}
STRENGTH = (Mark.WAITING, Mark.NEW, Mark.MOVED, Mark.CHANGED, Mark.UNMANAGED, Mark.NONE)


def after(observed: Observed, desired: Desired, plan: Plan) -> Node:
    """The tree that AWS has, and on it what the plan would make of it."""
    tree = _Marked(observed, desired)
    for step in plan.steps:
        if plan.phase == "organization":
            makes = MAKES.get(type(step), (Mark.CHANGED, "changed"))
            if tree.root.mark is not Mark.NEW:  # what is new has been given all of it
                _add(tree.root, *makes)
        else:
            tree.mark(step)
    for spec in desired.members:
        if any(spec.id and spec.id in waiting.what for waiting in plan.waiting):
            _add(tree.account(spec), Mark.WAITING, "waiting for its owner")
    if plan.phase == "trail" and plan.steps:
        _add(tree.account(desired.log_archive), Mark.CHANGED, "the trail's logs go here")
    return in_order(tree.root)


class _Marked:
    """A tree under way, with each node by the name that steps have for it."""

    def __init__(self, observed: Observed, desired: Desired) -> None:
        self.observed, self.desired = observed, desired
        self.root = there(observed, desired)
        if observed.organization is None:
            spec = desired.organization
            self.root = Node("organization root", "root")
            own = Node(spec.name, "account", "management account", spec.management_account_id, spec.email)
            self.root.children.append(own)
        self.units = {"": self.root, **dict(_units(self.root, ""))}
        self.accounts = {node.id: (node, parent) for node, parent in _accounts(self.root)}

    def mark(self, step: Step) -> None:
        """Nothing for a step that is about none of the things in a tree."""
        if isinstance(step, units.CreateUnit | units.TagUnit):
            _add(self.unit(step.path), *MAKES[type(step)])
        elif isinstance(step, accounts.AboutAccount) and type(step) in MAKES:
            self._mark_account(step)

    def unit(self, path: str) -> Node:
        if path not in self.units:
            parent, _, name = path.rpartition("/")
            self.units[path] = Node(name, "unit")
            self.unit(parent).children.append(self.units[path])
        return self.units[path]

    def account(self, spec: AccountSpec | ImportSpec) -> Node:
        """Where it is, or where the file wants it when AWS has none yet."""
        found = match_if_clear(spec, self.observed)
        key = found.id if found else spec.key
        if key not in self.accounts:
            node, parent = Node(spec.name, "account", "", spec.id or "", spec.email), self.unit(spec.unit)
            parent.children.append(node)
            self.accounts[key] = node, parent
        return self.accounts[key][0]

    def _mark_account(self, step: accounts.AboutAccount) -> None:
        spec = next((each for each in self.desired.members if each.key == step.subject), None)
        if spec is None:
            return
        node, (mark, words) = self.account(spec), MAKES[type(step)]
        found = match_if_clear(spec, self.observed)
        if isinstance(step, accounts.MoveAccount) and found is not None:
            words = f"moved from {found.unit or 'the root'}"
            _, parent = self.accounts[found.id]
            parent.children.remove(node)
            self.unit(step.unit).children.append(node)
            self.accounts[found.id] = node, self.unit(step.unit)
            node.note = ""  # where it belongs is where it is shown now
        if mark is not Mark.MOVED or found is not None:  # a new one is made in the root, and placed at once
            _add(node, mark, words)


def _add(node: Node, mark: Mark, words: str) -> None:
    """The strongest mark wins; every word is told, once."""
    node.mark = min(node.mark, mark, key=STRENGTH.index)
    told = [part for part in node.note.split(", ") if part]
    node.note = ", ".join(dict.fromkeys([*told, words]))


def _units(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    for child in node.children:
        if child.kind == "unit":
            inner = below(path, child.name)
            yield inner, child
            yield from _units(child, inner)


def _accounts(node: Node) -> Iterator[tuple[Node, Node]]:
    for child in node.children:
        if child.kind == "account":
            yield child, node
        yield from _accounts(child)
