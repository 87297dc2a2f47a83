"""The step of phase 14: one alternate contact of one account."""

import json
from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.plan import ABSENT, Step

READS = ("account:GetAlternateContact",)


@dataclass(frozen=True, kw_only=True)
class SetContact(Step):
    """Set one alternate contact of an account; it starts from the contact of that type that the account has."""

    kind: ClassVar = "set-contact"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "contacts cost nothing"
    actions: ClassVar = ("account:GetAlternateContact", "account:PutAlternateContact")
    concurrent: ClassVar = True
    account: str  # key; "" for the management account
    type: str  # BILLING, OPERATIONS or SECURITY
    name: str
    title: str
    email: str
    phone: str

    @property
    def sentence(self) -> str:
        owner = f"account {self.account}" if self.account else "the management account"
        effect = f"; it replaces {self._former_contact}" if self._former_contact else ""
        return f"set the {self.type.lower()} contact of {owner} to {self._contact}{effect}"

    @property
    def subject(self) -> str:
        return f"{self.account or 'management account'} {self.type}"  # no key has a blank

    @property
    def losses(self) -> tuple[str, ...]:
        owner = self.account or "the management account"
        return (f"{owner}: {self.type.lower()} contact {self._former_contact}",) if self._former_contact else ()

    @property
    def group(self) -> str:
        return "" if self._former_contact else f"set the {self.type.lower()} contact of accounts to {self._contact}"

    @property
    def _contact(self) -> str:
        return f"{self.name}, {self.title}, {self.email}, {self.phone}"

    @property
    def _former_contact(self) -> str:
        """The contact that the account has, as it is approved; "" for none."""
        if self.starts_from == ABSENT:
            return ""
        try:
            values = json.loads(self.starts_from)
        except (ValueError, RecursionError):
            return self.starts_from  # in a step that orgkit has not written
        names = ("name", "title", "email", "phone")
        return ", ".join(str(values.get(name, "")) for name in names) if isinstance(values, dict) else self.starts_from
