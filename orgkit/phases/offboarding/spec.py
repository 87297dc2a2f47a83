"""What the file says of accounts that are to be closed, as frozen values."""

from dataclasses import dataclass

from orgkit.model.desired import ACCESS_ROLE, UnitPath

NAME = "orgkit-quarantine"  # of the policy


@dataclass(frozen=True)
class OffboardedAccount:
    """`[offboarding.old-team]`: one account that goes.

    Attributes:
        key: The name of the entry, by which the person who closes the account types its id.
        account: The id.
        reason: Why it goes, as the plan and the record have it.
        role_name: The access role in it.
        removed_from_terraform: Whether a person states that no state of Terraform has the account any more.
    """

    key: str
    account: str
    reason: str
    role_name: str = ACCESS_ROLE
    removed_from_terraform: bool = False


@dataclass(frozen=True)
class OffboardingSpec:
    """`[offboarding]`: the unit for the quarantine, and every account that goes, sorted by its key."""

    unit: UnitPath = ("Quarantine",)
    accounts: tuple[OffboardedAccount, ...] = ()

    def account(self, key: str) -> OffboardedAccount | None:
        """Return the entry of that key."""
        return next((entry for entry in self.accounts if entry.key == key), None)
