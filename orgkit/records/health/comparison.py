"""An inventory compared with the parameters file, and with the inventory of the last run; pure functions."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orgkit.model.inventory import PRESENCE, PRESENT, Gap, Key, Resource, begins_with
from orgkit.model.plan import ABSENT
from orgkit.records.health.shown_values import shown_values
from orgkit.sanitize.secrets import hide_secrets

FILE, LAST_RUN = "file", "last run"
ACCOUNT = "account"
NAMED = (ACCOUNT, "organizational unit")  # kinds whose ids are in attributes of others


@dataclass(frozen=True, kw_only=True)
class ChangeEvent:
    """One event of CloudTrail that may have made a difference: when, which call, and the identity that made it."""

    at: str
    call: str
    identity: str
    event_id: str
    run: str = ""  # of orgkit, where its client says so

    @property
    def sentence(self) -> str:
        """The event in one line."""
        by_orgkit = f", in run {self.run}" if self.run else ""
        return f"{self.at} {self.call} by {self.identity}{by_orgkit}"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One attribute of one resource that is not as the file says, or not as it was at the last run.

    Attributes:
        resource: As it is in the inventory; its id, kind and place.
        attribute: Which of its attributes.
        expected: The value that the file asks for, or that the last run saw.
        actual: The value that AWS has.
        basis: Whose value `expected` is.
        last_value: The value at the last run; None where it is not known.
        is_drift: Whether somebody should act: not where the file asks for the new value.
        events: What CloudTrail logs of it.
        log_gap: Why nothing is known of that; "" where CloudTrail was asked.
    """

    resource: Resource
    attribute: str
    expected: str
    actual: str
    basis: str
    last_value: str | None = None
    is_drift: bool = True
    events: tuple[ChangeEvent, ...] = ()
    log_gap: str = ""

    @property
    def subject(self) -> str:
        """The resource, for a person."""
        name, resource_id = self.resource.name, self.resource.id
        suffix = "" if resource_id in ("", name) or {"/", " "} & {*resource_id} else f" ({resource_id})"
        return f"{self.resource.kind} {name}{suffix}"

    @property
    def label(self) -> str:
        """The attribute, for a person."""
        return self.resource.labels.get(self.attribute, self.attribute)

    @property
    def sentence(self) -> str:
        """The difference in one line, without secrets: of long values the part that differs."""
        expected, actual = shown_values(self.expected, self.actual)
        return f"{hide_secrets(self.subject)}: {hide_secrets(self.label)} is {actual}, {self._source} {expected}"

    @property
    def _source(self) -> str:
        return "and the file says" if self.basis == FILE else "and was"

    @property
    def other_last_value(self) -> str | None:
        """The value at the last run, where it is neither the file's nor the present one; None otherwise.

        A value that the file asks for is often the present one with a part added. What is gone from it since the last
        run is in neither of the two.
        """
        return self.last_value if self.last_value not in (self.expected, self.actual) else None

    def as_json(self) -> dict[str, Any]:
        """Everything of it, for a program; secrets are hidden."""
        return {
            "kind": self.resource.kind,
            "id": hide_secrets(self.resource.id),
            "name": hide_secrets(self.resource.name),
            "attribute": hide_secrets(self.label),
            "before": hide_secrets(self.expected),
            "after": hide_secrets(self.actual),
            "compared_with": self.basis,
            "last_run": None if self.last_value is None else hide_secrets(self.last_value),
            "drift": self.is_drift,
            "events": [vars(event) for event in self.events],
            "events_not_read": self.log_gap,
        }


@dataclass(frozen=True)
class Snapshot:
    """The inventory of an earlier run.

    Attributes:
        run: The name of its record.
        at: When its reading began, by AWS's clock.
        names: Name of each resource.
        values: Attributes of each resource.
        identifiers: What an event calls each resource.
        unread: Attributes of each resource that were not read then.
        gaps: What was not read then.
    """

    run: str
    at: str
    names: Mapping[Key, str] = field(default_factory=dict)
    values: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)
    identifiers: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    unread: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()


def compare(
    resources: Iterable[Resource], gaps: Iterable[Gap], last: Snapshot | None, redacted: Callable[[str], Iterable[str]]
) -> tuple[Difference, ...]:
    """Return every difference, drift first; one that both the file and the last run show is listed once.

    Args:
        resources: The inventory.
        gaps: What of it could not be read.
        last: The inventory of the last run; None where there is none.
        redacted: A value as a record may have it: without secrets, and with masked emails.
    """
    resources, gaps = tuple(resources), tuple(gaps)
    from_file = tuple(_from_file(resources, gaps))
    from_last = tuple(_from_last(resources, gaps, last, redacted)) if last else ()
    file_differences = tuple(_with_last(item, from_last, last, redacted) for item in from_file)
    last_differences = tuple(item for item in from_last if not any(_is_same(item, other) for other in from_file))
    places = {resource.key: place for place, resource in reversed(list(enumerate(resources)))}
    last_place, names = len(resources), _names_by_id(resources, last)
    return tuple(
        sorted(
            (_with_label(item, names) for item in (*file_differences, *last_differences)),
            key=lambda item: (not item.is_drift, places.get(item.resource.key, last_place)),
        )
    )


def _names_by_id(resources: Iterable[Resource], last: Snapshot | None) -> dict[str, str]:
    """Return how a person names each unit and account, also those that are no longer there."""
    names = {**(last.names if last else {}), **{item.key: item.name for item in resources if item.id}}
    return {key[1]: f"account {name}" if key[0] == ACCOUNT else name for key, name in names.items() if key[0] in NAMED}


def _with_label(item: Difference, names: Mapping[str, str]) -> Difference:
    """Return a difference whose attribute has a name in place of the id of what it is of, such as an attachment."""
    words, _, last_word = item.attribute.rpartition(" ")
    if not words or item.attribute in item.resource.labels or last_word not in names:
        return item
    labels = {**item.resource.labels, item.attribute: f"{words} {names[last_word]}"}
    return replace(item, resource=replace(item.resource, labels=labels))


def _from_file(resources: Iterable[Resource], gaps: Sequence[Gap]) -> Iterator[Difference]:
    for resource in resources:
        if resource.spec_values is None:
            continue
        if resource.values is None:
            if not any(gap.covers(resource.key) for gap in gaps):
                yield _difference(resource, PRESENCE, PRESENT, ABSENT, FILE)
            continue
        for attribute, spec_values in resource.spec_values.items():
            actual = resource.values.get(attribute, ABSENT)
            if resource.has_read(attribute) and actual != spec_values:
                yield _difference(resource, attribute, spec_values, actual, FILE)


def _from_last(
    resources: tuple[Resource, ...], gaps: tuple[Gap, ...], last: Snapshot, redacted: Callable[[str], Iterable[str]]
) -> Iterator[Difference]:
    seen = set()
    for resource in resources:
        if resource.values is None:
            continue
        seen.add(resource.key)
        if resource.key in last.values:
            yield from _changed_attributes(resource, last, redacted)
        elif not any(gap.covers(resource.key) for gap in last.gaps):
            is_drift = resource.is_unmanaged
            yield _difference(resource, PRESENCE, ABSENT, PRESENT, LAST_RUN, is_drift=is_drift)
    for key in sorted(last.values.keys() - seen):
        if not any(gap.covers(key) for gap in gaps) and not _left_with_its_account(key, last, seen):
            resource = _missing_resource(key, last, resources)
            yield _difference(resource, PRESENCE, PRESENT, ABSENT, LAST_RUN, is_drift=resource.is_reported)


def _left_with_its_account(key: Key, last: Snapshot, seen: Collection[Key]) -> bool:
    """Return whether a resource, whose id begins with that of its account, is in one that is no longer there.

    Nobody can look into an account that has left the organization: its roles may be there or not.
    """
    account = (ACCOUNT, key[1].partition("/")[0])
    return "/" in key[1] and account in last.values and account not in seen


def _changed_attributes(
    resource: Resource, last: Snapshot, redacted: Callable[[str], Iterable[str]]
) -> Iterator[Difference]:
    earlier, values = last.values[resource.key], resource.values or {}
    for attribute in sorted({*earlier, *values}):
        was_read = not any(begins_with(attribute, word) for word in last.unread.get(resource.key, ()))
        old, new = earlier.get(attribute, ABSENT), values.get(attribute, ABSENT)
        if old != new and was_read and resource.has_read(attribute) and old not in redacted(new):
            is_wanted = resource.spec_values is not None and resource.spec_values.get(attribute) == new
            is_drift = resource.is_reported and not is_wanted
            yield _difference(resource, attribute, old, new, LAST_RUN, is_drift=is_drift)


def _missing_resource(key: Key, last: Snapshot, resources: tuple[Resource, ...]) -> Resource:
    """Return a resource that AWS no longer has; what logs its end is known from another one of its kind."""
    like = next((item for item in resources if item.kind == key[0]), None)
    identifiers = last.identifiers.get(key, key[1:])
    resource = Resource(kind=key[0], id=key[1], name=last.names[key], values=None, identifiers=identifiers)
    if like is None:
        return resource
    return replace(resource, account=like.account, region=like.region, calls=like.calls, is_reported=like.is_reported)


def _difference(
    resource: Resource, attribute: str, expected: str, actual: str, basis: str, *, is_drift: bool = True
) -> Difference:
    last_value = expected if basis == LAST_RUN else None
    return Difference(
        resource=resource, attribute=attribute, expected=expected, actual=actual, basis=basis, last_value=last_value,
        is_drift=is_drift,
    )  # fmt: skip


def _with_last(
    item: Difference,
    from_last: tuple[Difference, ...],
    last: Snapshot | None,
    redacted: Callable[[str], Iterable[str]],
) -> Difference:
    """Return a difference from the file with the value of the last run, and with the id that the resource had."""
    same = next((other for other in from_last if _is_same(other, item)), None)
    if same is not None:
        resource = item.resource
        if resource.values is None:
            identifiers = (*resource.identifiers, *same.resource.identifiers)
            resource = replace(resource, id=same.resource.id, identifiers=identifiers)
        return replace(item, resource=resource, last_value=_unredacted(same.expected, item, redacted))
    return replace(item, last_value=_value_at(last, item, redacted)) if last else item


def _value_at(last: Snapshot, item: Difference, redacted: Callable[[str], Iterable[str]]) -> str | None:
    """Return the value at the last run; None where it was not read then."""
    key = item.resource.key
    if key not in last.values:
        return None if any(gap.covers(key) for gap in last.gaps) else ABSENT
    if any(begins_with(item.attribute, words) for words in last.unread.get(key, ())):
        return None
    return _unredacted(last.values[key].get(item.attribute, ABSENT), item, redacted)


def _unredacted(value: str, item: Difference, redacted: Callable[[str], Iterable[str]]) -> str:
    """Return a value of a record as it is today, where the record only lacks its secrets and emails."""
    return next((today for today in (item.actual, item.expected) if value in redacted(today)), value)


def _is_same(one: Difference, other: Difference) -> bool:
    """Return whether two differences are about one attribute; a resource that is gone has only a name in the file."""
    if one.attribute != other.attribute or one.resource.kind != other.resource.kind:
        return False
    if one.resource.id == other.resource.id:
        return True
    is_gone = one.attribute == PRESENCE and one.actual == other.actual == ABSENT
    return is_gone and plain_name(one.resource.name) == plain_name(other.resource.name)


def plain_name(name: str) -> str:
    """Return the name in the file: a policy is listed with its type, and named without it."""
    return name.partition(" (")[0]
