"""What the phase of policies reads."""

from collections.abc import Mapping
from functools import cached_property

from orgkit.dataclass import dataclass


@dataclass(frozen=True)
class ObservedPolicy:
    """One policy of the organization, or one of AWS's own.

    Attributes:
        type: Its type.
        name: Its name; no two policies of a type have the same.
        id: Its id.
        is_of_aws: Whether AWS made it, as FullAWSAccess.
        targets: Ids of the root, OUs and accounts that it is attached to.
        content: Its document without white space; empty for one that the file does not name.
    """

    type: str
    name: str
    id: str
    is_of_aws: bool = False
    targets: tuple[str, ...] = ()
    content: str = ""


@dataclass(frozen=True)
class PolicyFacts:
    """Every policy of the types that the file uses, as far as these types are enabled."""

    policies: tuple[ObservedPolicy, ...] = ()

    def policy(self, kind: str, name: str) -> ObservedPolicy | None:
        """Return the policy of that type and name; None where there is none."""
        return self._by_name.get((kind, name))

    def attached_to(self, target: str, kind: str) -> list[ObservedPolicy]:
        """Return the policies of a type that are attached to a root, OU or account, by its id."""
        return [policy for policy in self.policies if policy.type == kind and target in policy.targets]

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], ObservedPolicy]:
        return {(policy.type, policy.name): policy for policy in self.policies if not policy.is_of_aws}
