"""What phase 15 reads: how far a change of a root email is, and the accounts for which a person entered a code."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from orgkit.model.observed import Unread

PENDING, ACCEPTED = "PENDING", "ACCEPTED"  # of AWS


@dataclass(frozen=True)
class EmailFacts:
    """By the key of an account: AWS's status of its last change, "" for none or an old one, and what was entered."""

    statuses: tuple[tuple[str, str | Unread], ...] = ()
    with_code: tuple[str, ...] = ()
    to_send_again: tuple[str, ...] = ()

    def status(self, key: str) -> str | Unread:
        """Return the status of an account's last change."""
        return self._statuses.get(key, "")

    @cached_property
    def _statuses(self) -> Mapping[str, str | Unread]:
        return dict(self.statuses)
