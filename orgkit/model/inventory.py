"""The resources of an organization: each with its attributes, as AWS has them and as the file asks for them."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import Desired, Tags
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import ABSENT

PRESENCE = "presence"  # the attribute of a resource that is there, or is not
PRESENT = "present"
YES, NO, NONE = "yes", "no", "none"
Key = tuple[str, str]  # kind and id of a resource
Calls = Mapping[str, tuple[str, ...]]  # an attribute, or the first words of several → names of events in CloudTrail


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource, with all of its attributes that were read.

    Attributes:
        kind: Such as organizational unit, as AWS calls it.
        id: By which AWS knows it: it stays when the name changes. "" where AWS does not have the resource.
        name: By which a person knows it.
        values: Attribute → value as AWS has it; None where AWS does not have the resource.
        spec_values: Attribute → value that the file asks for; None where the file does not name the resource.
        partly_stated: Attributes that have more than the file asks for, such as statements of others in a policy. Then
            the value in `spec_values` is the present one, and says nothing of what changed since the last run.
        unread: Attributes, or their first words, that could not be read.
        account: The account whose event history has its changes.
        region: The region of these events.
        identifiers: What an event calls it.
        calls: Which events change which attribute.
        labels: Attributes that a person knows by another name, such as an id of AWS by the name of what it is of.
        is_only_one: Whether there is one at most, so that an event without parameters is about it.
        is_reported: Whether it counts as unmanaged where the file does not name it, and its changes as drift.
    """

    kind: str
    id: str
    name: str
    values: Mapping[str, str] | None
    spec_values: Mapping[str, str] | None = None
    partly_stated: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    account: str = ""
    region: str = "us-east-1"
    identifiers: tuple[str, ...] = ()
    calls: Calls = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    is_only_one: bool = False
    is_reported: bool = True

    @property
    def key(self) -> Key:
        """Kind and id."""
        return self.kind, self.id

    @property
    def is_unmanaged(self) -> bool:
        """Whether AWS has it, and the file does not name it."""
        return self.spec_values is None and self.values is not None and self.is_reported

    def has_read(self, attribute: str) -> bool:
        """Return whether AWS has shown an attribute, or its absence."""
        return self.values is not None and not any(begins_with(attribute, word) for word in self.unread)

    def states_whole(self, attribute: str) -> bool:
        """Return whether the file says all of the value that an attribute should have."""
        return attribute in (self.spec_values or {}) and attribute not in self.partly_stated

    def calls_for(self, attribute: str) -> tuple[str, ...]:
        """Return the names of the events that change an attribute."""
        return next((names for words, names in self.calls.items() if begins_with(attribute, words)), ())


@dataclass(frozen=True)
class Gap:
    """What could not be read: it may have drifted or not.

    Attributes:
        kind: The kind of the resources.
        id: Of one resource; "" for all of the kind.
        reason: Why, in AWS's words.
        is_expected: Whether nothing is wrong with that: the file leaves it out, or the account is closed.
    """

    kind: str
    id: str
    reason: str
    is_expected: bool = False

    @property
    def subject(self) -> str:
        """What was not read, for a person."""
        return f"{self.kind} {self.id}" if self.id else f"every {self.kind}"

    def covers(self, key: Key) -> bool:
        """Return whether a resource is one of those that were not read."""
        return self.kind == key[0] and self.id in ("", key[1])


@dataclass(frozen=True)
class InventoryPart:
    """What a phase contributes to the inventory.

    Attributes:
        kinds: Of its resources.
        resources: From one reading and the file to the resources, and to what could not be read.
        facts: What the reading has to have; None where the tree of the organization is enough.
    """

    kinds: tuple[str, ...]
    resources: Callable[[Observed, Desired], Iterable[Resource | Gap]]
    facts: type | None = None


def begins_with(attribute: str, words: str) -> bool:
    """Return whether an attribute is of this name, or one of those whose names begin with these words."""
    return attribute == words or attribute.startswith(f"{words} ")


def yes_or_no(value: object) -> str:
    """Return a switch as a value."""
    return YES if value else NO


def document_value(text: str | None) -> str:
    """Return a policy document as a value, since AWS returns its lists in any order; a text that is not JSON stays."""
    if not text:
        return ABSENT
    try:
        return normal_form(json.loads(text))
    except ValueError:
        return text


def tag_values(tags: Tags) -> dict[str, str]:
    """Return each tag as an attribute of its own."""
    return {f"tag {key}": value for key, value in tags}


def gaps_of(kind: str, resource_id: str, value: object) -> tuple[Gap, ...]:
    """Return that a value could not be read; nothing where it could."""
    return (Gap(kind, resource_id, value.reason),) if isinstance(value, Unread) else ()


def value_or_same(spec_values: str, value: str, *, is_same: bool) -> str:
    """Return what the file asks for: the value that is there, where it means the same."""
    return value if is_same and value != ABSENT else spec_values
