"""The ids that AWS gave to names: filled by reading and by steps, asked by later steps of the same apply."""

from orgkit.errors import OutOfOrder
from orgkit.model.desired import Desired, UnitPath
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed
from orgkit.plan import Target


class Directory:
    """Plans speak names; here a step finds the id behind a name, and leaves the one that it was given."""

    def __init__(self, observed: Observed, desired: Desired) -> None:
        self.observed = observed
        self.desired = desired
        self.root_id = observed.organization.root_id if observed.organization else ""
        self.organization_id = observed.organization.id if observed.organization else ""
        self.units: dict[UnitPath, str] = {unit.path: unit.id for unit in observed.units}
        self.accounts = known_ids(desired, observed)  # key in the file → account id
        self.key_arn = ""

    @property
    def target(self) -> Target:
        return self.observed.target

    def learn(self, newer: "Directory") -> None:
        """Take over what a later reading of AWS knows: a step's lost answer had its id in it."""
        self.root_id = newer.root_id or self.root_id
        self.organization_id = newer.organization_id or self.organization_id
        self.units |= newer.units
        self.accounts |= newer.accounts

    def parent(self, path: UnitPath) -> str:
        """The id of an OU, or of the root for ""; OutOfOrder when it is not there."""
        if not path:
            return self.root_id
        if path not in self.units:
            raise OutOfOrder(f"organizational unit {path} is not there.", "run phase 02-units first.")
        return self.units[path]

    def account(self, key: str) -> str:
        """The id of an account of the file; OutOfOrder when it does not exist yet."""
        if key not in self.accounts:
            raise OutOfOrder(f"account {key} is not there yet.", "run phase 03-accounts (or 04-imports) first.")
        return self.accounts[key]
