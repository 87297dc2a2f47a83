"""What a Terraform configuration consists of, as frozen values; `orgkit.phases.terraform.writer` makes text of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Expression:
    """A reference or another expression, written as it is: it never holds a string from AWS."""

    text: str


@dataclass(frozen=True)
class JsonDocument:
    """A document that Terraform writes as JSON: `jsonencode({ … })`."""

    content: Any


@dataclass(frozen=True)
class Call:
    """A call of a function of Terraform."""

    function: str
    arguments: tuple[Any, ...]


# A string from AWS is a str, and the writer escapes it; a list is a tuple or a list, an object a mapping.
Value = (
    str | bool | int | float | None | Expression | JsonDocument | Call | tuple[Any, ...] | list[Any] | Mapping[str, Any]
)


@dataclass(frozen=True)
class Attribute:
    """`name = value`."""

    name: str
    value: Value


@dataclass(frozen=True)
class Comment:
    """A comment of one or more lines."""

    text: str


@dataclass(frozen=True)
class Block:
    """`kind "label" { … }`; an empty line is written before nested blocks and comments, as people do."""

    kind: str
    labels: tuple[str, ...] = ()
    body: tuple["Attribute | Comment | Block", ...] = ()


def attributes(**values: Value) -> tuple[Attribute, ...]:
    """Return an attribute for each value that is not None."""
    return tuple(Attribute(name, value) for name, value in values.items() if value is not None)
