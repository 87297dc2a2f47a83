"""What the file says of policies, as frozen values."""

import json
from dataclasses import dataclass
from typing import Any

from orgkit.model.desired import UnitPath

DESCRIPTION = "Managed by orgkit"  # of each policy that orgkit makes


@dataclass(frozen=True)
class PolicySpec:
    """`[policies.deny-leaving]`: one policy, the units that it is attached to, and its document without white space."""

    name: str
    type: str
    file: str
    attach: tuple[UnitPath, ...]
    content: str

    @property
    def document(self) -> dict[str, Any]:
        """The document, parsed."""
        return dict(json.loads(self.content))


@dataclass(frozen=True)
class PoliciesSpec:
    """`[policies]`: every policy, sorted by name, and the roles that no policy may lock out."""

    policies: tuple[PolicySpec, ...] = ()
    break_glass_roles: tuple[str, ...] = ()
