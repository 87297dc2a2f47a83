"""What phase 14 reads: the alternate contacts of the accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from orgkit.model.observed import Unread
from orgkit.phases.alternate_contacts.spec import Contact


@dataclass(frozen=True)
class ContactFacts:
    """Contacts by the id of their account and their type; None where the account has none of that type."""

    contacts: tuple[tuple[str, str, Contact | Unread | None], ...] = ()

    def contact(self, account_id: str, kind: str) -> Contact | Unread | None:
        """Return one of them; None also for one that was not read, as of an account that does not exist yet."""
        return self._by_account.get((account_id, kind))

    @cached_property
    def _by_account(self) -> Mapping[tuple[str, str], Contact | Unread | None]:
        return {(account, kind): contact for account, kind, contact in self.contacts}
