"""`[contacts]`: the alternate contacts of every account, and of single ones."""

import re
from collections.abc import Iterator
from typing import Annotated

from orgkit.phases.alternate_contacts.spec import Contact, Contacts, ContactsSpec
from orgkit.phases.schema.formats import label, quote, refuse, suggest
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import Raw, members, section
from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import Key, SectionModel, checked_text, editor_check

# Of botocore's model of AWS Account Management, without blanks at the edges.
_EMAIL = r"[A-Za-z0-9_+=.#|!&-]+@[A-Za-z0-9_.-]+\.[A-Za-z0-9_]+"
_PHONE = r"[0-9+(][0-9()+ -]{0,23}[0-9)]"


def contact_email(value: str) -> str:
    """Check the email of a contact, which takes more characters than a root email, and fewer kinds of them."""
    if not re.fullmatch(_EMAIL, value) or len(value) > 254:
        refuse(value, 'is not an email that AWS takes for a contact: write one like "security@example.com".')
    return value


def phone(value: str) -> str:
    """Check a phone number."""
    if not re.fullmatch(_PHONE, value):
        refuse(value, 'is not a phone number that AWS takes: write digits, blanks and + ( ) -, as "+1 555 555 0100".')
    return value


def person(value: str) -> str:
    """Check the name of a contact."""
    return _not_longer(value, 64)


def job_title(value: str) -> str:
    """Check the title of a contact."""
    return _not_longer(value, 50)


def _not_longer(value: str, max_length: int) -> str:
    if len(value) > max_length:
        refuse(value, f"has {len(value)} characters; AWS takes up to {max_length}.")
    return label(value)


class ContactModel(SectionModel):
    """`[contacts] security`: one contact, all of whose keys AWS requires."""

    name: Annotated[str, checked_text(person), editor_check(r"\S(?:.*\S)?", maxLength=64)]
    title: Annotated[str, checked_text(job_title), editor_check(r"\S(?:.*\S)?", maxLength=50)]
    email: Annotated[str, checked_text(contact_email), editor_check(_EMAIL, maxLength=254)]
    phone: Annotated[str, checked_text(phone), editor_check(_PHONE)]


class AccountContactsModel(SectionModel):
    """`[contacts.accounts.website-prod]`: the contacts of one account."""

    billing: ContactModel | None = None
    operations: ContactModel | None = None
    security: ContactModel | None = None


class ContactsModel(AccountContactsModel):
    """`[contacts]`: the contacts of every account of the file, and of the management account."""

    accounts: dict[Key, AccountContactsModel] = {}


def build(model: ContactsModel, defaults: Defaults) -> ContactsSpec:
    """Return the frozen value, sorted by types and keys."""
    return ContactsSpec(_contacts(model), tuple((key, _contacts(own)) for key, own in sorted(model.accounts.items())))


def _contacts(model: AccountContactsModel) -> Contacts:
    models = (("BILLING", model.billing), ("OPERATIONS", model.operations), ("SECURITY", model.security))
    return tuple((kind, Contact(one.name, one.title, one.email, one.phone)) for kind, one in models if one)


def accounts(raw: Raw) -> Iterator[Violation]:
    """Report contacts of an account that the file does not have."""
    known = {member.key for member in members(raw)}
    for key in section(raw, "contacts", "accounts"):
        if key not in known:
            yield ("contacts", "accounts", key), f"the file has no account {quote(key)}. {suggest(key, known)}"


SECTION = Section("contacts", ContactsModel, build, ContactsModel(), (accounts,))
