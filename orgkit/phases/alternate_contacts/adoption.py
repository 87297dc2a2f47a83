"""`[contacts]` as AWS has them: those that every account has in common, and those of single accounts."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from orgkit.model.account_management import ACCOUNT_MANAGEMENT, can_change_accounts
from orgkit.model.observed import Account, Observed, Unread
from orgkit.phases.adopted import Adopted, NotRead, Unexpressed, members_of
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.section import contact_email, job_title, person, phone
from orgkit.phases.alternate_contacts.spec import TYPES, Contact
from orgkit.phases.schema.raw import Raw, members

CHECKS = {"name": person, "title": job_title, "email": contact_email, "phone": phone}
NO_PLACE = (
    "the file gives the contact of the management account to every account, and not every account has one of this type"
)
NOT_SHOWN = (
    f"AWS shows them to the management account only with trusted access for {ACCOUNT_MANAGEMENT}; orgkit leaves them "
    "as they are"
)
Reading = Contact | Unread | None


def adopt(observed: Observed, raw: Raw) -> Adopted:
    """Return the section that changes no contact.

    A contact of the management account is that of every account in the file. So it is stated only where each account
    has one of its type.
    """
    facts = observed.facts(ContactFacts) or ContactFacts()
    keys = {member.text("id"): member.key for member in members(raw)}
    accounts = [account for account in members_of(observed) if not account.is_closed]
    common: dict[str, Any] = {}
    single: dict[str, dict[str, Any]] = {}
    not_expressed: list[Unexpressed] = []
    for kind in TYPES:
        own = facts.contact(observed.target.account, kind)
        of_members = {keys[account.id]: facts.contact(account.id, kind) for account in accounts if account.id in keys}
        is_common = all(map(_is_expressible, (own, *of_members.values())))
        if is_common and isinstance(own, Contact):
            common[kind.lower()] = asdict(own)
        elif isinstance(own, Contact):
            reason = _violation(own) or NO_PLACE
            not_expressed.append(Unexpressed(f"{kind} contact of the management account: {own}", reason))
        for key, contact in of_members.items():
            if isinstance(contact, Contact) and _is_expressible(contact) and not (is_common and contact == own):
                single.setdefault(key, {})[kind.lower()] = asdict(contact)
    not_expressed += _of_members(observed, facts, accounts, keys)
    return Adopted(
        values={**common, **({"accounts": dict(sorted(single.items()))} if single else {})},
        not_expressed=not_expressed,
        not_read=tuple(_not_read(observed, facts, accounts)),
        is_optional=True,
    )


def _is_expressible(contact: Reading) -> bool:
    return isinstance(contact, Contact) and not _violation(contact)


def _violation(contact: Contact) -> str:
    """Return what the checks of the file say against a contact; "" where they accept it."""
    for name, value in asdict(contact).items():
        try:
            CHECKS[name](value)
        except ValueError as error:
            return f"the file accepts no such {name}: {error}"
    return ""


def _of_members(
    observed: Observed, facts: ContactFacts, accounts: list[Account], keys: Mapping[str | None, str]
) -> Iterator[Unexpressed]:
    """Yield the contacts of members that the file cannot have, or that AWS does not show."""
    if accounts and not can_change_accounts(observed):
        yield Unexpressed(f"the alternate contacts of {len(accounts)} member account(s)", NOT_SHOWN)
    for account in accounts:
        for kind in TYPES:
            contact = facts.contact(account.id, kind)
            if isinstance(contact, Contact) and (account.id not in keys or _violation(contact)):
                subject = f"{kind} contact of account {account.name} ({account.id}): {contact}"
                yield Unexpressed(subject, _violation(contact) or "the file does not have the account")


def _not_read(observed: Observed, facts: ContactFacts, accounts: list[Account]) -> Iterator[NotRead]:
    names = {observed.target.account: "the management account"}
    names |= {account.id: f"account {account.name} ({account.id})" for account in accounts}
    for account_id, name in names.items():
        for kind in TYPES:
            contact = facts.contact(account_id, kind)
            if isinstance(contact, Unread):
                yield NotRead(f"{kind} contact of {name}", contact.reason)
