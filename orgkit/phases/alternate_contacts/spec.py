"""What the file says of alternate contacts, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

TYPES = ("BILLING", "OPERATIONS", "SECURITY")  # as AWS names them


@dataclass(frozen=True, order=True)
class Contact:
    """One alternate contact of an account: AWS writes to it or calls it about bills, operations or security."""

    name: str
    title: str
    email: str
    phone: str

    def __str__(self) -> str:
        return f"{self.name}, {self.title}, {self.email}, {self.phone}"


Contacts = tuple[tuple[str, Contact], ...]  # by their types, sorted


@dataclass(frozen=True)
class ContactsSpec:
    """`[contacts]`: the contacts of every account, and those of single accounts, which take precedence."""

    contacts: Contacts = ()
    of_accounts: tuple[tuple[str, Contacts], ...] = ()  # by their keys

    @property
    def is_empty(self) -> bool:
        """Whether the file asks for no contact."""
        return not self.contacts and not any(contacts for _, contacts in self.of_accounts)

    def contacts_of(self, key: str) -> Contacts:
        """Return what the file wants for an account; for the management account, by the key ""."""
        return tuple(sorted({**dict(self.contacts), **self._own.get(key, {})}.items()))

    @cached_property
    def _own(self) -> Mapping[str, dict[str, Contact]]:
        return {key: dict(contacts) for key, contacts in self.of_accounts}
