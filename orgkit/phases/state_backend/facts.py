"""What the phase of the state backend reads."""

from dataclasses import dataclass

from orgkit.model.observed import MemberRole, Unread
from orgkit.phases.storage.bucket import Bucket


@dataclass(frozen=True)
class Provider:
    """GitHub's identity provider in the account, and the audiences of the tokens that it accepts."""

    audiences: tuple[str, ...]


@dataclass(frozen=True)
class StateFacts:
    """What is in the account; `unread` says why nothing of it is known.

    Attributes:
        bucket: The bucket of the state; None as long as the account is not read.
        provider: GitHub's identity provider; None where there is none.
        roles: Those of the two roles that are there.
        unread: Why the account could not be read.
    """

    bucket: Bucket | None = None
    provider: Provider | None = None
    roles: tuple[MemberRole, ...] = ()
    unread: Unread | None = None

    def role(self, name: str) -> MemberRole | None:
        """Return the role of that name, if it is there."""
        return next((role for role in self.roles if role.name == name), None)
