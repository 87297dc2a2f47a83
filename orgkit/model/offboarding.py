"""What the file says of accounts that are to be closed, as frozen values."""

from dataclasses import dataclass

from orgkit.model.desired import ACCESS_ROLE, UnitPath

NAME = "orgkit-quarantine"  # of the policy
IN_OFFBOARDING = "in offboarding"  # what plans and pictures say of what `[offboarding]` names


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

    def names_account(self, account: str) -> bool:
        """Return whether the account of that id goes."""
        return any(entry.account == account for entry in self.accounts)

    def names_unit(self, path: UnitPath) -> bool:
        """Return whether a unit is that of the quarantine, of a file by which an account goes."""
        return bool(self.accounts) and path == self.unit

    def names_policy(self, name: str) -> bool:
        """Return whether a policy is that of the quarantine, of a file by which an account goes."""
        return bool(self.accounts) and name == NAME


def offboarding_note(is_named: bool) -> str:
    """Return what a list of unmanaged resources adds to one that `[offboarding]` names; "" for another one."""
    return f", {IN_OFFBOARDING}" if is_named else ""
