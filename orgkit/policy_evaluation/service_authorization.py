"""Actions, resource types and condition keys of AWS's services: `service_authorization.txt`, read when it is needed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

_FILE = "service_authorization.txt"
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_NAME_IN_KEY = re.compile(r"\$\{[^}]*\}|<[^>]*>")  # `aws:ResourceTag/${TagKey}`, `s3:RequestObjectTag/<key>`


@dataclass(frozen=True)
class ResourceType:
    """A type of resource, the form of its ARN, and the condition keys that it adds to a request."""

    name: str
    arn: str
    condition_keys: tuple[str, ...]

    def matches(self, arn: str) -> bool:
        """Return whether an ARN may be of this type."""
        parts = map(re.escape, _PLACEHOLDER.split(self.arn))
        return re.fullmatch(".*".join(parts), arn) is not None

    def example(self, account: str) -> str:
        """Return an ARN of this type in an account."""
        values = {"${Partition}": "aws", "${Account}": account, "${Region}": "us-east-1"}
        return _PLACEHOLDER.sub(lambda match: values.get(match[0], "example"), self.arn)


@dataclass(frozen=True)
class Action:
    """An action of IAM.

    Attributes:
        name: With the service, as AWS writes it: `s3:GetObject`.
        access_level: Read, List, Write, Tagging or Permissions management.
        resource_types: Names of the types of resources that it is about; none for an action on `*`.
        required_types: Those of them that each request names.
        condition_keys: Keys of its requests, in addition to those of the resource and to global ones.
        dependent_actions: What the caller needs in addition.
    """

    name: str
    access_level: str
    resource_types: tuple[str, ...]
    required_types: tuple[str, ...]
    condition_keys: tuple[str, ...]
    dependent_actions: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """A service: its actions by name in lower case, its resource types by name, and the types of its condition keys."""

    prefix: str
    actions: Mapping[str, Action] = field(default_factory=dict)
    resource_types: Mapping[str, ResourceType] = field(default_factory=dict)
    condition_keys: Mapping[str, str] = field(default_factory=dict)


def find_service(prefix: str) -> Service | None:
    """Return a service by the prefix of its actions; None for one that AWS does not have."""
    lines = _sections().get(prefix.lower())
    return _service(prefix.lower()) if lines is not None else None


def find_action(name: str) -> Action | None:
    """Return an action by its name, in any case; None for one that AWS does not have."""
    prefix, _, action = name.partition(":")
    service = find_service(prefix)
    return service.actions.get(action.lower()) if service else None


def services() -> tuple[str, ...]:
    """Return the prefixes of all services."""
    return tuple(_sections())


def has_condition_key(action: Action, key: str) -> bool:
    """Return whether requests of an action may have a condition key of their service; global keys are not asked for."""
    service = _service(action.name.partition(":")[0].lower())
    of_resources = (
        service.resource_types[name].condition_keys for name in action.resource_types if name in service.resource_types
    )
    names = {*action.condition_keys, *(name for keys in of_resources for name in keys)}
    return any(_is_form_of(key, name) for name in names)


def _is_form_of(key: str, name: str) -> bool:
    parts = map(re.escape, _NAME_IN_KEY.split(name.lower()))
    return re.fullmatch(".+".join(parts), key.lower()) is not None


@cache
def _sections() -> Mapping[str, str]:
    """Return the text of each service."""
    text = resources.files("orgkit.policy_evaluation").joinpath(_FILE).read_text(encoding="utf-8")
    sections = re.split(r"^\[([^\]]+)\]\n", text, flags=re.MULTILINE)
    return dict(zip(sections[1::2], sections[2::2], strict=True))


@cache
def _service(prefix: str) -> Service:
    lines = _sections()[prefix].splitlines()
    keys = [key.partition("=") for key in lines[0].split()[1:]]
    names = [name for name, _, _ in keys]
    types = (_resource_type(line[2:], names) for line in lines if line.startswith("@ "))
    actions = (action for group, members in _groups(lines) for action in _actions(prefix, group, members, names))
    return Service(
        prefix,
        {action.name.partition(":")[2].lower(): action for action in actions},
        {kind.name: kind for kind in types},
        {name: kind or "String" for name, _, kind in keys},
    )


def _resource_type(line: str, names: list[str]) -> ResourceType:
    name, arn, numbers = (part.strip() for part in line.split(" |"))
    return ResourceType(name, arn, _keys(numbers, names))


def _groups(lines: list[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines):
        if line.startswith("= "):
            yield line[2:], lines[number + 1]


def _actions(prefix: str, group: str, members: str, names: list[str]) -> Iterator[Action]:
    level, types, numbers, needed = (part.strip() for part in group.split(" |"))
    required = tuple(name[:-1] for name in types.split() if name.endswith("*"))
    kinds = tuple(name.removesuffix("*") for name in types.split())
    for member in members.split():
        yield Action(f"{prefix}:{member}", level, kinds, required, _keys(numbers, names), tuple(needed.split()))


def _keys(numbers: str, names: list[str]) -> tuple[str, ...]:
    return tuple(names[int(number)] for number in numbers.split())
