"""Organizational units that AWS has under another name than the file: renamed by hand, or to be renamed."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from orgkit.model.declared_renames import declared_renames, renamed_view
from orgkit.model.desired import (
    KEY_TAG,
    AccountSpec,
    Desired,
    ImportSpec,
    Tags,
    UnitPath,
    UnitSpec,
    format_path,
    quote_path,
)
from orgkit.model.index import all_by, first_by
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Account, Observed, Unit
from orgkit.model.plan import Waiting

NAME_TAG, OWNER_TAG = "Name", "ManagedBy"  # that orgkit sets on each unit, unless the file has other values for them


@dataclass(frozen=True)
class Rename:
    """A path of the file, the unit that probably is the one it means, and what says so."""

    path: UnitPath
    unit: Unit
    sign: str
    is_exchanged: bool = False  # the file has the unit's name too, or another unit has the path's
    holder: str = ""  # the id of that other unit
    is_declared: bool = False  # the file says so: 02-units renames it
    is_taken: bool = False  # the file says so, but `holder` has the new name

    @property
    def waiting(self) -> Waiting:
        """What a person has to decide: nothing is made at that path, and no account is moved to it, until then."""
        if self.is_declared:
            old, new = format_path(self.unit.path), format_path(self.path)
            return Waiting(
                f"organizational unit {new} is named {old} in AWS ({self.unit.id}): run 02-units first", "you"
            )
        if self.is_taken:
            return self._waiting_for_name
        if self.is_exchanged:
            return self._waiting_for_both
        old, new = format_path(self.path), format_path(self.unit.path)
        new_path, section = quote_path(self.unit.path), f"[units.{quote_path(self.unit.path)}]"
        rename_back = f"--organizational-unit-id {self.unit.id} --name {shlex.quote(self.path[-1])}"
        return Waiting(
            f"organizational unit {old} is not in AWS. {new} ({self.unit.id}), which is not in the file, probably is "
            f"the same unit, renamed: {self.sign}. Rename it back with the command, or write {new_path} in the file "
            f"instead of {quote_path(self.path)}. Where the name in the file is the new one, give that unit "
            f"renamed_from. If both are meant, add the section {section}",
            "you",
            (f"aws organizations update-organizational-unit --region us-east-1 {rename_back}",),
            drift=True,
        )

    @property
    def _waiting_for_name(self) -> Waiting:
        """Of a name that the file gives to a unit, and that another unit has: which one is meant, nobody can know."""
        old, new = format_path(self.unit.path), format_path(self.path)
        return Waiting(
            f"organizational units {old} ({self.unit.id}) and {new} ({self.holder}) are both there, and the file says "
            f"that {old} is to be renamed to {new}. AWS takes no name twice under one parent. Rename or delete the one "
            f"that is not meant; or, if {new} is the unit of the file, remove its renamed_from",
            "you",
            drift=True,
        )

    @property
    def _waiting_for_both(self) -> Waiting:
        """Of names that were exchanged: AWS takes no name that another unit of the same parent has."""
        old, new = format_path(self.path), format_path(self.unit.path)
        rename = "aws organizations update-organizational-unit --region us-east-1 --organizational-unit-id"
        holder = f" {old} is the name of another unit by now ({self.holder})." if self.holder else ""
        away = f"{rename} {self.holder} --name {shlex.quote(f'{self.path[-1]} (renamed)')}"
        back = f"{rename} {self.unit.id} --name {shlex.quote(self.path[-1])}"
        return Waiting(
            f"organizational unit {new} ({self.unit.id}) probably is {old} of the file, renamed: {self.sign}.{holder} "
            f"Rename it back, then plan again. If the names are right, change the tag {NAME_TAG} of "
            f"{self.unit.id} instead, then plan again",
            "you",
            (away, back) if self.holder else (back,),
            drift=True,
        )


class Renames(tuple[Rename, ...]):
    """Suspected renames in the order of their paths."""

    @cached_property
    def by_path(self) -> Mapping[UnitPath, Rename]:
        """The first one of each path."""
        return first_by(self, lambda rename: rename.path)


def suspected_renames(desired: Desired, observed: Observed) -> Renames:
    """Return the units of the file that have another name in AWS, surely or probably, in the order of their paths.

    Sure are those whose old name stands in the file as `renamed_from`. Of the others, a unit that the file does not
    name is suspected when AWS lacks a path under the same parent, and one of three holds:

    - the unit has the tags that orgkit gives to the unit at that path;
    - the unit has accounts of that path, and it or one of them has a tag of orgkit's;
    - the unit has all accounts of that path, and the file names each of them by its id, as one that `orgkit adopt`
      wrote does: there may be no tags of orgkit's.

    Accounts that the file wants elsewhere do not count, nor does a tag Name that the file gives to units of several
    names. A unit that the file does name is suspected when it has the tags of another path, and another unit has its
    own: their names were exchanged.
    """
    certain_renames = declared_renames(desired, observed)
    sure = [Rename(rename.spec.path, rename.unit, "", is_declared=True) for rename in certain_renames]
    view = renamed_view(observed, certain_renames)
    probable = _probable_renames(desired, view)
    return Renames(
        sorted((*sure, *_taken_names(desired, view), *probable), key=lambda rename: (rename.path, rename.unit.path))
    )


def _taken_names(desired: Desired, observed: Observed) -> Iterator[Rename]:
    """Yield the renames of the file whose new name another unit has.

    That is no such unit where it has the tags of orgkit: then it was renamed, and somebody made one of the old name.
    """
    desired_paths = {spec.path for spec in desired.units}
    for spec in desired.units if observed.organization else ():
        former_path = (*spec.parent, spec.renamed_from)
        former, holder = observed.unit(former_path) if spec.renamed_from else None, observed.unit(spec.path)
        if former is None or holder is None or former_path in desired_paths:
            continue
        tags, required = dict(holder.tags), dict(spec.tags)
        if any(tags.get(name) != required.get(name) for name in (NAME_TAG, OWNER_TAG)):
            yield Rename(spec.path, former, "", holder=holder.id, is_taken=True)


def _probable_renames(desired: Desired, observed: Observed) -> list[Rename]:
    desired_paths = {spec.path for spec in desired.units}
    holders = _misnamed_units(desired, observed)
    missing = sorted(
        (spec for spec in desired.units if observed.unit(spec.path) is None or spec.path in holders),
        key=lambda spec: spec.path,
    )
    candidates = [unit for unit in observed.units if unit.path not in desired_paths or unit.path in holders]
    by_name_tag, by_path = _by_name_tag(missing), first_by(missing, lambda spec: spec.path)
    placed, account_counts = _placed_accounts(desired, observed) if missing else ({}, Counter())
    shared = _shared_name_tags(desired)
    renames: list[Rename] = []
    for unit in candidates if missing else ():
        by_tags = [
            Rename(
                spec.path,
                unit,
                _tags_of(spec),
                not holders.keys().isdisjoint((spec.path, unit.path)),
                holders.get(spec.path, ""),
            )
            for spec in by_name_tag.get(_place_and_name_tag(unit.path, unit.tags), ())
            if _has_its_tags(unit, spec) and dict(spec.tags)[NAME_TAG] not in shared
        ]
        accounts = placed.get(unit.path, [])
        homes = {item.spec.unit[: len(unit.path)] for item in accounts}  # no more than one, where they say something
        renames += by_tags or [
            Rename(spec.path, unit, names)
            for path in homes
            if (spec := by_path.get(path)) is not None and spec.parent == unit.path[:-1]
            if holders.keys().isdisjoint((spec.path, unit.path))
            and (names := _accounts_of(unit, spec, accounts, account_counts[spec.path]))
        ]
    return renames


def _misnamed_units(desired: Desired, observed: Observed) -> dict[UnitPath, str]:
    """The ids of the units at paths of the file that have the tags of another path, while another unit has theirs."""
    desired_paths, shared = {spec.path for spec in desired.units}, _shared_name_tags(desired)
    by_name_tag = _by_name_tag(desired.units)
    paths_by_tags = {
        unit.path: spec.path
        for unit in observed.units
        for spec in by_name_tag.get(_place_and_name_tag(unit.path, unit.tags), ())
        if _has_its_tags(unit, spec) and dict(spec.tags)[NAME_TAG] not in shared
    }
    misnamed_paths = set(paths_by_tags.values()) & set(paths_by_tags) & desired_paths
    return {unit.path: unit.id for unit in observed.units if unit.path in misnamed_paths}


def _by_name_tag(specs: Iterable[UnitSpec]) -> Mapping[tuple[UnitPath, str | None], list[UnitSpec]]:
    return all_by(specs, lambda spec: _place_and_name_tag(spec.path, spec.tags))


def _place_and_name_tag(path: UnitPath, tags: Tags) -> tuple[UnitPath, str | None]:
    """What a unit and the spec that it may have been renamed from have in common."""
    return path[:-1], dict(tags).get(NAME_TAG)


@dataclass(frozen=True)
class _Placement:
    """An account of the organization, and what the file says of it."""

    spec: AccountSpec | ImportSpec
    account: Account

    @property
    def is_pinned(self) -> bool:
        """Whether the file names an account that was in the organization before by its id."""
        return isinstance(self.spec, AccountSpec) and self.spec.id is not None


def _placed_accounts(
    desired: Desired, observed: Observed
) -> tuple[Mapping[UnitPath, list[_Placement]], Mapping[UnitPath, int]]:
    """Return the accounts of the file in each unit and below it, and how many the file wants at each path and below."""
    placed: dict[UnitPath, list[_Placement]] = defaultdict(list)
    account_counts: Counter[UnitPath] = Counter()
    for spec in desired.members:
        if account := match_if_clear(spec, observed):
            for depth in range(1, len(account.unit) + 1):
                placed[account.unit[:depth]].append(_Placement(spec, account))
            account_counts.update(spec.unit[:depth] for depth in range(1, len(spec.unit) + 1))
    return placed, account_counts


def held_by(path: UnitPath, renames: Renames) -> Rename | None:
    """Return the suspected rename of the unit at a path, or of a unit above it; None when there is none."""
    matches = (renames.by_path.get(path[:depth]) for depth in range(1, len(path) + 1))
    return next((rename for rename in matches if rename), None)


def waiting_for(paths: Iterable[UnitPath], renames: Renames) -> Iterator[Waiting]:
    """Yield what a person has to decide before anything is done at these paths."""
    held_paths = {rename.path for path in paths if (rename := held_by(path, renames))}
    yield from (rename.waiting for rename in renames if rename.path in held_paths)


def _has_its_tags(unit: Unit, spec: UnitSpec) -> bool:
    """Whether it carries the tags that orgkit gave it under its earlier name, which may differ in case alone."""
    if unit.path[-1] == spec.name:
        return False
    tags, required = dict(unit.tags), dict(spec.tags)
    return all(name in required and tags.get(name) == required[name] for name in (NAME_TAG, OWNER_TAG))


def _shared_name_tags(desired: Desired) -> set[str]:
    """The values of the tag Name that do not say which unit is meant, as one that [organization.tags] gives to all."""
    pairs = {(value, spec.name.casefold()) for spec in desired.units if (value := dict(spec.tags).get(NAME_TAG))}
    return {value for value, count in Counter(value for value, _ in pairs).items() if count > 1}


def _tags_of(spec: UnitSpec) -> str:
    tags = dict(spec.tags)
    return f"it has the tags {NAME_TAG}={tags[NAME_TAG]} and {OWNER_TAG}={tags[OWNER_TAG]}"


def _accounts_of(unit: Unit, spec: UnitSpec, placements: Sequence[_Placement], account_count: int) -> str:
    """The accounts that are where the file wants them but for the name of the unit; "" when that says nothing.

    Args:
        unit: The unit that may have been renamed.
        spec: The unit of the file that AWS lacks.
        placements: The accounts in the unit and below it.
        account_count: How many accounts the file wants in the unit of the file and below it.
    """
    depth = len(unit.path)
    at_home = [item for item in placements if item.spec.unit == (*spec.path, *item.account.unit[depth:])]
    if not at_home or len(at_home) < len(placements):
        return ""
    is_known = dict(unit.tags).get(OWNER_TAG, "") == dict(spec.tags).get(OWNER_TAG)
    has_key = any(KEY_TAG in item.account.tag for item in at_home)
    is_whole = len(at_home) == account_count and all(item.is_pinned for item in at_home)
    if not (is_known or has_key or is_whole):
        return ""
    names = ", ".join(sorted(f"{item.account.name} ({item.account.id})" for item in at_home))
    return f"it holds what the file places in {format_path(spec.path)}: {names}"
