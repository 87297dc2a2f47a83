"""Names in AWS and in the file that look alike and are not the same: a person has to see which one a plan means."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from orgkit.errors import NeedsDecision
from orgkit.model.desired import KEY_TAG, Desired, UnitPath, format_path, quote_path
from orgkit.model.observed import Observed, Unit
from orgkit.sanitize.names import deception, mark_lookalikes, plain_reading, skeleton

T = TypeVar("T")


def refuse_lookalike_unit(path: UnitPath, observed: Observed) -> None:
    """NeedsDecision where AWS has a unit that is read as this one, which AWS does not have."""
    for unit in observed.units_read_as(path):
        if unit.path != path:
            raise NeedsDecision(
                f"organizational unit {_spell(path)} is not in AWS, and {_spell(unit.path)} ({unit.id}), which looks "
                "the same, is.",
                "rename the one in AWS: aws organizations update-organizational-unit --organizational-unit-id "
                f"{unit.id} --name NAME.",
            )


def path_warnings(paths: Iterable[UnitPath], observed: Observed) -> Iterator[str]:
    """Report paths of the file whose text, without escapes, is also that of another unit in AWS.

    AWS allows a slash in the name of a unit: "CI/CD" may be one unit, or CD in CI.
    """
    units: dict[str, list[Unit]] = defaultdict(list)
    for unit in observed.units:
        units["/".join(unit.path).casefold()].append(unit)
    for path in sorted(set(paths)):
        for unit in units["/".join(path).casefold()]:
            if _casefold(unit.path) != _casefold(path):
                yield (
                    f"{quote_path(path)} in the file means {_levels(path)}; AWS has {_levels(unit.path)} as well "
                    f"({unit.id}), which the file writes as {quote_path(unit.path)}"
                )


def _casefold(path: UnitPath) -> UnitPath:
    return tuple(map(str.casefold, path))


def _levels(path: UnitPath) -> str:
    """Its names one by one: unit "CD" in unit "CI"."""
    return " in ".join(f'unit "{mark_lookalikes(name)}"' for name in reversed(path))


def unit_warnings(desired: Desired, observed: Observed) -> Iterator[str]:
    """Report units that are read as something else, paths that may mean another unit, and pairs that look alike."""
    desired_paths = {spec.path for spec in desired.units}
    yield from path_warnings(desired_paths, observed)
    observed_paths = {unit.path for unit in observed.units}
    for path in sorted(desired_paths | observed_paths):
        origin = "" if path in desired_paths else "in AWS "
        if path not in desired_paths and (problem := deception(path[-1])):
            yield f"organizational unit {_spell(path)} {origin}{problem.partition(':')[0].rstrip('.')}"
        elif plain := plain_reading(path[-1]):
            yield f'organizational unit {_spell(path)} {origin}can be read as "{plain}"'
    skeletons = {
        path: tuple(map(skeleton, path)) for path in (*sorted(desired_paths), *sorted(observed_paths - desired_paths))
    }
    for first, second in _alike(skeletons):
        if {first, second} & desired_paths:
            yield f"organizational units {_spell(first)} and {_spell(second)} look alike, and are two"


def account_warnings(desired: Desired, observed: Observed) -> Iterator[str]:
    """Report accounts of the file whose names look like those of others, and units of theirs that may mean another."""
    yield from path_warnings((spec.unit for spec in desired.members), observed)
    names = {f"account {spec.key}": spec.name for spec in desired.members}
    desired_owners = set(names)
    ids, keys = {spec.id for spec in desired.members}, {spec.key for spec in desired.members}
    emails = {email for spec in desired.members for email in spec.emails}
    other_accounts = [
        account
        for account in observed.accounts
        if not account.is_closed
        and account.id not in ids
        and account.email.casefold() not in emails
        and account.tag.get(KEY_TAG) not in keys
    ]
    names |= {f"account {account.id}": account.name for account in other_accounts}
    for first, second in _alike({owner: skeleton(name) for owner, name in names.items()}):
        if {first, second} & desired_owners:
            marked_names = (f"{owner} ({mark_lookalikes(names[owner])})" for owner in (first, second))
            yield f"the names of {' and '.join(marked_names)} look alike"


def _alike(skeletons: Mapping[T, object]) -> Iterator[tuple[T, T]]:
    """The first with each other one of those that look alike."""
    groups: dict[object, list[T]] = defaultdict(list)
    for name, shape in skeletons.items():
        groups[shape].append(name)
    for first, *duplicates in groups.values():
        yield from ((first, duplicate) for duplicate in duplicates)


def _spell(path: Iterable[str]) -> str:
    return format_path(tuple(map(mark_lookalikes, path)))
