"""What the phase of the removal of policies reads."""

from dataclasses import dataclass

from orgkit.phases.policies.facts import ObservedPolicy
from orgkit.phases.policy_removal.spec import RemovalSpec


@dataclass(frozen=True)
class RemovalFacts:
    """The policies of the types that `[policy_removal]` names, as far as these are enabled.

    Attributes:
        types: The types that were read.
        policies: All of them, with the documents of those that the file names, and of the SCPs next to these.
    """

    types: tuple[str, ...] = ()
    policies: tuple[ObservedPolicy, ...] = ()

    def has_read(self, kind: str) -> bool:
        """Return whether the policies of a type were read; one that is missing there proves nothing otherwise."""
        return kind in self.types

    def matching(self, removal: RemovalSpec) -> list[ObservedPolicy]:
        """Return the policies that an entry of the file means: one, or none where it is gone."""
        of_type = (policy for policy in self.policies if policy.type == removal.type)
        return [policy for policy in of_type if removal.policy == (policy.id if removal.is_id else policy.name)]

    def attached_to(self, target: str, kind: str) -> list[ObservedPolicy]:
        """Return the policies of a type that are attached to a root, OU or account, by its id."""
        return [policy for policy in self.policies if policy.type == kind and target in policy.targets]
