"""Alternate contacts in the inventory."""

from collections.abc import Iterator
from dataclasses import asdict

from orgkit.model.desired import Desired
from orgkit.model.inventory import PRESENCE, Calls, Gap, InventoryPart, Resource
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed, Unread
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.spec import ContactsSpec

KIND = "alternate contact"
PUT, DELETE = ("PutAlternateContact",), ("DeleteAlternateContact",)
CALLS: Calls = {PRESENCE: (*PUT, *DELETE), "name": PUT, "title": PUT, "email": PUT, "phone": PUT}


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield the contacts of the types that the file names for each account; no others are read."""
    facts, spec = observed.facts(ContactFacts), desired.section(ContactsSpec)
    assert facts is not None
    read = {(account, kind) for account, kind, _ in facts.contacts}
    accounts = {"": observed.target.account, **known_ids(desired, observed)}
    for key, account in sorted(accounts.items()):
        for kind, contact in spec.contacts_of(key):
            contact_id = f"{account}/{kind}"
            present = facts.contact(account, kind)
            if isinstance(present, Unread) or (account, kind) not in read:
                yield Gap(KIND, contact_id, present.reason if isinstance(present, Unread) else "it was not read")
                continue
            yield Resource(
                kind=KIND,
                id=contact_id,
                name=f"{kind} of {key or 'the management account'}",
                values=asdict(present) if present else None,
                spec_values=asdict(contact),
                account=observed.target.account,
                identifiers=(account,),
                calls=CALLS,
            )


INVENTORY = InventoryPart((KIND,), resources, ContactFacts)
