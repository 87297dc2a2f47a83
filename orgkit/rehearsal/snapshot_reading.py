"""A reading of AWS that goes on where AWS rejects a part of it, and lists that part."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.sandbox.snapshot import NotCopied

T = TypeVar("T")


@dataclass
class Reading:
    """A connection, and what it could not read."""

    aws: Connection
    not_read: list[NotCopied] = field(default_factory=list)

    def attempt(self, subject: str, read: Callable[[], T], default: T) -> T:
        """Return what was read; the default, and an entry in `not_read`, where AWS rejects the read."""
        try:
            return read()
        except Rejected as rejection:
            self.not_read.append(NotCopied(subject=subject, reason=str(rejection)))
            return default

    def map(self, read: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
        """Return what is read of each item, in their order."""
        return list(self.aws.executor.map(read, list(items)))
