"""What an account gains and loses when it is moved: policies, stacks of StackSets, and resource shares."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from orgkit.model.desired import AccountSpec, ImportSpec, UnitPath, format_path
from orgkit.model.index import all_by
from orgkit.model.matching import match_if_clear, match_or_decision
from orgkit.model.observed import Observed
from orgkit.model.plan import Waiting
from orgkit.model.renames import Renames, held_by
from orgkit.phases.accounts.steps import MoveAccount

# Without trusted access for these, AWS deploys and shares nothing by organizational unit.
STACK_SETS = "stacksets.cloudformation.amazonaws.com"  # also as member.org.…
RAM = "ram.amazonaws.com"
NOT_KNOWN = "not known"


@dataclass(frozen=True, order=True)
class AttachedPolicy:
    """One policy that is attached to the root or a unit, of any type."""

    type: str
    name: str
    id: str

    def __str__(self) -> str:
        return f"{self.type.lower().replace('_', ' ')} {self.name} ({self.id})"


@dataclass(frozen=True, order=True)
class StackSet:
    """A StackSet with automatic deployment: it adds stacks to accounts that join its units, and may delete them."""

    name: str
    region: str
    targets: tuple[str, ...]  # ids of units, or of the root
    retains: bool  # the stacks of an account that leaves

    def __str__(self) -> str:
        return f"StackSet {self.name} ({self.region})"


@dataclass(frozen=True, order=True)
class Share:
    """A resource share of AWS RAM with one unit."""

    name: str
    region: str
    target: str

    def __str__(self) -> str:
        return f"resource share {self.name} ({self.region})"


@dataclass(frozen=True)
class MoveFacts:
    """What was read for the planned moves; `unread` says what could not be read, and why."""

    policies: tuple[tuple[str, tuple[AttachedPolicy, ...]], ...] = ()  # by the id of a unit or of the root
    stack_sets: tuple[StackSet, ...] = ()
    shares: tuple[Share, ...] = ()
    unread_policies: tuple[tuple[str, str], ...] = ()  # (id, type)
    unread: tuple[str, ...] = ()

    @cached_property
    def policies_of(self) -> Mapping[str, tuple[AttachedPolicy, ...]]:
        """The same by the id of the unit or root, for the moves of many accounts."""
        return dict(self.policies)

    @cached_property
    def unread_policies_of(self) -> Mapping[str, list[tuple[str, str]]]:
        """The types that could not be read, by the id of the unit or root."""
        return all_by(self.unread_policies, lambda pair: pair[0])


Spec = AccountSpec | ImportSpec


def source_of(spec: Spec, observed: Observed) -> UnitPath:
    """Return where the account of a spec is; the root if it does not exist yet, or has not joined."""
    account = match_if_clear(spec, observed)
    return account.unit if account else ()


def nodes_to_read(specs: Iterable[Spec], observed: Observed) -> tuple[str, ...]:
    """Return the ids of the root and of all units above both ends of each move; nothing if no account is moved.

    An account that waits for a person's decision is not moved, and its unit may not be known.
    """
    clear = [spec for spec in specs if match_or_decision(spec, observed)[1] is None]
    clear = [spec for spec in clear if spec.unit]  # no account is moved into the root
    moves = [(source, spec.unit) for spec in clear if (source := source_of(spec, observed)) != spec.unit]
    return tuple(sorted({node for move in moves for path in move for node in _chain(path, observed)}))


def effects_of(source: UnitPath, destination: UnitPath, observed: Observed) -> tuple[str, ...]:
    """Return what an account gains and loses by a move, in sentences that are digested with the step."""
    if observed.organization is None:
        return ()  # nothing exists yet that the account could gain or lose
    facts = observed.facts(MoveFacts)
    if facts is None:
        return (f"what it gains and loses is {NOT_KNOWN}",)
    source_ids, destination_ids = _chain(source, observed), _chain(destination, observed)
    return (
        *_policy_effects(facts, source_ids, destination_ids),
        *_stack_effects(facts, source_ids, destination_ids),
        *_share_effects(facts, source_ids, destination_ids),
        *(f"{NOT_KNOWN}: {subject}" for subject in _unread(facts, {*source_ids, *destination_ids})),
    )


def deleted_stacks(source: UnitPath, destination: UnitPath, observed: Observed) -> tuple[StackSet, ...]:
    """Return the StackSets that delete the account's stacks when it is moved."""
    facts = observed.facts(MoveFacts) or MoveFacts()
    source_ids, destination_ids = _chain(source, observed), _chain(destination, observed)
    return tuple(item for item in _left_stack_sets(facts, source_ids, destination_ids) if not item.retains)


def plan_move(spec: Spec, observed: Observed, renames: Renames, reason: str) -> Iterator[MoveAccount]:
    """Plan the move of an account to its unit in the file, unless a person has to decide first.

    No account is moved into the root: `unit = "/"` says that one is there, and stays.
    """
    source = source_of(spec, observed)
    if not spec.unit or source == spec.unit or _is_held(spec, source, observed, renames):
        return
    yield MoveAccount(
        key=spec.key, name=spec.name, unit=spec.unit, starts_from=observed.parent_id(source),
        effects=effects_of(source, spec.unit, observed), reason=reason,
    )  # fmt: skip


def move_waiting(specs: Iterable[Spec], section: str, observed: Observed) -> Iterator[Waiting]:
    """Yield what the operator has to allow before an account is moved."""
    for spec in specs:
        source = source_of(spec, observed)
        if source and not spec.unit:
            yield Waiting(
                f"{spec.key}: it is in {format_path(source)}, and the file says the organization root, where no policy "
                f"of a unit applies: orgkit moves no account there. Name its unit under {section}.{spec.key}.unit",
                "you",
                drift=True,
            )
            continue
        stack_sets = deleted_stacks(source, spec.unit, observed) if source != spec.unit else ()
        if stack_sets and not spec.allow_stack_deletion:
            yield Waiting(
                f"{spec.key}: moving it out of the targets of {', '.join(map(str, stack_sets))} would delete stacks. "
                f"Set {section}.{spec.key}.allow_stack_deletion = true if that is meant",
                "you",
                drift=match_if_clear(spec, observed) is not None,
            )


def _is_held(spec: Spec, source: UnitPath, observed: Observed, renames: Renames) -> bool:
    deletes = bool(deleted_stacks(source, spec.unit, observed)) and not spec.allow_stack_deletion
    return deletes or held_by(spec.unit, renames) is not None


def _chain(path: UnitPath, observed: Observed) -> tuple[str, ...]:
    """Return the ids from the root to the unit, without units that are not in AWS."""
    units = (observed.unit(path[:depth]) for depth in range(1, len(path) + 1))
    return (observed.parent_id(()), *(unit.id for unit in units if unit))


def _policy_effects(facts: MoveFacts, source_ids: Sequence[str], destination_ids: Sequence[str]) -> Iterator[str]:
    attached = facts.policies_of
    old_items = {policy for node in source_ids for policy in attached.get(node, ())}
    new_items = {policy for node in destination_ids for policy in attached.get(node, ())}
    yield from (f"gains {policy}" for policy in sorted(new_items - old_items))
    yield from (f"loses {policy}" for policy in sorted(old_items - new_items))


def _left_stack_sets(facts: MoveFacts, source_ids: Sequence[str], destination_ids: Sequence[str]) -> list[StackSet]:
    return [
        item
        for item in facts.stack_sets
        if set(item.targets) & set(source_ids) and not set(item.targets) & set(destination_ids)
    ]


def _stack_effects(facts: MoveFacts, source_ids: Sequence[str], destination_ids: Sequence[str]) -> Iterator[str]:
    yield from (f"gets the stacks of {item}" for item in _left_stack_sets(facts, destination_ids, source_ids))
    for item in _left_stack_sets(facts, source_ids, destination_ids):
        yield f"leaves {item}, which {'keeps' if item.retains else 'DELETES'} its stacks"


def _share_effects(facts: MoveFacts, source_ids: Sequence[str], destination_ids: Sequence[str]) -> Iterator[str]:
    old_items = {(share.name, share.region) for share in facts.shares if share.target in source_ids}
    new_items = {(share.name, share.region) for share in facts.shares if share.target in destination_ids}
    yield from (f"gains {Share(*share, '')}" for share in sorted(new_items - old_items))
    yield from (f"loses {Share(*share, '')}" for share in sorted(old_items - new_items))


def _unread(facts: MoveFacts, nodes: set[str]) -> Iterator[str]:
    unread = sorted(pair for node in nodes for pair in facts.unread_policies_of.get(node, ()))
    for node, policy_type in unread:
        yield f"{policy_type.lower().replace('_', ' ')} policies of {node}".replace("policy policies", "policies")
    yield from facts.unread
