"""What the phase of policies reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orgkit.model.desired import Tags
from orgkit.model.observed import Unread


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
        text: Its document as AWS has it.
        description: Its description, by which a policy that orgkit made is known.
    """

    type: str
    name: str
    id: str
    is_of_aws: bool = False
    targets: tuple[str, ...] = ()
    content: str = ""
    text: str = ""
    description: str = ""

    @property
    def document(self) -> Any:
        """The document, parsed; its text where it is not JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return self.content


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


@dataclass(frozen=True)
class DescribedPolicy:
    """A policy with what phase 12 does not compare."""

    policy: ObservedPolicy
    description: str = ""
    tags: Tags = ()


@dataclass(frozen=True)
class AdoptedPolicies:
    """All policies of the organization that could be read, and what could not be read.

    Attributes:
        policies: Those that could be read.
        unread: What could not be read, a policy or all of a type, and why.
        unread_ids: The ids of the policies among them, by what they are called there.
    """

    policies: tuple[DescribedPolicy, ...] = ()
    unread: tuple[tuple[str, Unread], ...] = ()
    unread_ids: tuple[tuple[str, str], ...] = ()


def subject_of(name: str, kind: str) -> str:
    """Return what a policy that could not be read is called."""
    return f"policy {name} ({kind})"


def all_of_type(kind: str) -> str:
    """Return what the policies of a type that could not be listed are called."""
    return f"policies of type {kind}"
