"""What the file says of the removal of policies, as frozen values."""

import re
from dataclasses import dataclass

from orgkit.model.desired import UnitPath

POLICY_ID = r"p-[0-9a-zA-Z_]{8,128}"  # of botocore's model of Organizations; p-FullAWSAccess is one


@dataclass(frozen=True)
class RemovalSpec:
    """`[policy_removal.deny-leaving]`: a policy by its name or id, where it is detached, and whether it is deleted."""

    policy: str
    type: str
    units: tuple[UnitPath, ...] = ()
    accounts: tuple[str, ...] = ()
    root: bool = False
    delete: bool = False

    @property
    def is_id(self) -> bool:
        """Whether the policy is named by its id."""
        return is_policy_id(self.policy)


@dataclass(frozen=True)
class PolicyRemovalSpec:
    """`[policy_removal]`: every entry, sorted by the name or id of its policy."""

    removals: tuple[RemovalSpec, ...] = ()


def is_policy_id(policy: str) -> bool:
    """Return whether an entry names its policy by the id."""
    return re.fullmatch(POLICY_ID, policy) is not None
