"""The organization as a plan would leave it: next to each name, what is new, moved, tagged, waiting or unmanaged."""

from collections.abc import Iterator

from orgkit.model.declared_renames import declared_renames, renamed_view
from orgkit.model.desired import AccountSpec, Desired, ImportSpec, UnitPath, format_path
from orgkit.model.matching import account_ids_in, match_if_clear
from orgkit.model.observed import Observed
from orgkit.model.plan import Plan, Step
from orgkit.phases.account_imports import steps as account_imports
from orgkit.phases.accounts import steps as accounts
from orgkit.phases.member_access import steps as member_access
from orgkit.phases.organization import steps as organization
from orgkit.phases.organizational_units import steps as organizational_units
from orgkit.runbook.views.tree import Mark, Node, observed_tree, sort_tree

# What a step makes of the thing that it is about, in one word and in a few.
MARK_OF_STEP: dict[type[Step], tuple[Mark, str]] = {
    organization.CreateOrganization: (Mark.NEW, "new"),
    organizational_units.CreateUnit: (Mark.NEW, "new"),
    organizational_units.TagUnit: (Mark.CHANGED, "tagged"),
    accounts.CreateAccount: (Mark.NEW, "new"),
    accounts.MoveAccount: (Mark.MOVED, "moved"),
    accounts.RenameAccount: (Mark.CHANGED, "renamed"),
    accounts.TagAccount: (Mark.CHANGED, "tagged"),
    member_access.CreateReadRole: (Mark.CHANGED, "gets its read role"),
    member_access.RestrictReadRole: (Mark.CHANGED, "has its read role restricted"),
    member_access.MakeManageable: (Mark.CHANGED, "gets its roles"),
    account_imports.InviteAccount: (Mark.NEW, "is invited"),
    account_imports.AcceptInvitation: (Mark.NEW, "joins"),
}
STRENGTH = (Mark.WAITING, Mark.NEW, Mark.MOVED, Mark.CHANGED, Mark.OFFBOARDING, Mark.UNMANAGED, Mark.NONE)


def tree_after_plan(observed: Observed, desired: Desired, plan: Plan) -> Node:
    """The tree that AWS has, and on it what the plan would make of it."""
    tree = _MarkedTree(_with_new_names(observed, desired, plan), desired)
    for step in plan.steps:
        if plan.phase == "organization":
            makes = MARK_OF_STEP.get(type(step), (Mark.CHANGED, "changed"))
            if tree.root.mark is not Mark.NEW:  # what is new has been given all of it
                _add(tree.root, *makes)
        else:
            tree.mark(step)
    tree.move_accounts()
    undecided = {waiting.blocks for waiting in plan.blocked}
    waiting_ids = account_ids_in(waiting.what for waiting in plan.waiting)
    for spec in desired.members:
        if spec.key in undecided:
            _add(tree.account(spec), Mark.WAITING, "waiting for a decision")
        elif spec.id in waiting_ids:
            _add(tree.account(spec), Mark.WAITING, "waiting for its owner")
    if plan.phase == "trail" and plan.steps and desired.log_archive:
        _add(tree.account(desired.log_archive), Mark.CHANGED, "the trail's logs go here")
    return sort_tree(tree.root)


def _with_new_names(observed: Observed, desired: Desired, plan: Plan) -> Observed:
    """Return the reading with the names that the plan gives to units."""
    renames = any(isinstance(step, organizational_units.RenameUnit) for step in plan.steps)
    return renamed_view(observed, declared_renames(desired, observed)) if renames else observed


class _MarkedTree:
    """A tree under way, with each node by the name that steps have for it."""

    def __init__(self, observed: Observed, desired: Desired) -> None:
        self.observed, self.desired = observed, desired
        self.root = observed_tree(observed, desired)
        if observed.organization is None:
            spec = desired.organization
            self.root = Node("organization root", "root")
            own = Node(spec.name, "account", "management account", spec.management_account_id, spec.email)
            self.root.children.append(own)
        self.units: dict[UnitPath, Node] = {(): self.root, **dict(_units(self.root, ()))}
        self.accounts = {node.id: (node, parent) for node, parent in _accounts(self.root)}
        self.moves: list[tuple[Node, Node, Node]] = []  # account, parent, and the parent it is moved to

    def mark(self, step: Step) -> None:
        """Nothing for a step that is about none of the things in a tree."""
        if isinstance(step, organizational_units.RenameUnit):
            _add(self.unit(step.path), Mark.CHANGED, f"renamed from {step.former_name}")
        elif isinstance(step, organizational_units.CreateUnit | organizational_units.TagUnit):
            _add(self.unit(step.path), *MARK_OF_STEP[type(step)])
        elif isinstance(step, member_access.AboutAccount) and type(step) in MARK_OF_STEP:
            self._mark_account(step)

    def unit(self, path: UnitPath) -> Node:
        if path not in self.units:
            self.units[path] = Node(path[-1], "unit")
            self.unit(path[:-1]).children.append(self.units[path])
        return self.units[path]

    def account(self, spec: AccountSpec | ImportSpec) -> Node:
        """Where it is, or where the file wants it when AWS has none yet."""
        account = match_if_clear(spec, self.observed)
        key = account.id if account else spec.key
        if key not in self.accounts:
            node, parent = Node(spec.name, "account", "", spec.id or "", spec.email), self.unit(spec.unit)
            parent.children.append(node)
            self.accounts[key] = node, parent
        return self.accounts[key][0]

    def move_accounts(self) -> None:
        """Take all accounts that are moved from their parents at once, since many may leave the same one."""
        moved = {id(node) for node, _, _ in self.moves}
        for parent in {id(parent): parent for _, parent, _ in self.moves}.values():
            parent.children = [child for child in parent.children if id(child) not in moved]
        for node, _, destination in self.moves:
            destination.children.append(node)

    def _mark_account(self, step: member_access.AboutAccount) -> None:
        spec = self.desired.member(step.subject)
        if spec is None:
            return
        node, (mark, words) = self.account(spec), MARK_OF_STEP[type(step)]
        account = match_if_clear(spec, self.observed)
        if isinstance(step, accounts.MoveAccount) and account is not None:
            words = f"moved from {format_path(account.unit) or 'the root'}"
            self.moves.append((node, self.accounts[account.id][1], self.unit(step.unit)))
            node.note = ""  # where it belongs is where it is shown now
        if mark is not Mark.MOVED or account is not None:  # a new one is made in the root, and placed at once
            _add(node, mark, words)


def _add(node: Node, mark: Mark, words: str) -> None:
    """The strongest mark wins; every word is shown once."""
    node.mark = min(node.mark, mark, key=STRENGTH.index)
    notes = [part for part in node.note.split(", ") if part]
    node.note = ", ".join(dict.fromkeys([*notes, words]))


def _units(node: Node, path: UnitPath) -> Iterator[tuple[UnitPath, Node]]:
    for child in node.children:
        if child.kind == "unit":
            inner = (*path, child.name)
            yield inner, child
            yield from _units(child, inner)


def _accounts(node: Node) -> Iterator[tuple[Node, Node]]:
    for child in node.children:
        if child.kind == "account":
            yield child, node
        yield from _accounts(child)
