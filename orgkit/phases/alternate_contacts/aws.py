"""AWS calls that read and set alternate contacts, at the rates that AWS documents (`aws/rate_limit.py`)."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.account_management import can_change_accounts
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex, match_if_clear
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import starting_value
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.spec import Contact, ContactsSpec
from orgkit.phases.alternate_contacts.steps import SetContact
from orgkit.phases.handler import handle

DENIED = ("AccessDenied", "AccessDeniedException")  # as of an account whose policies deny it; other errors are raised


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the contacts of the types that the file has, of the accounts that exist."""
    management = observed.target.account
    targets = list(_targets(desired, observed))
    report = partial(aws.report_read, "alternate contacts")
    contacts = aws.executor.map(lambda item: _read_or_reason(aws, *item, management), targets, report)
    return observed.with_facts(
        ContactFacts(
            tuple((account, kind, contact) for (account, kind), contact in zip(targets, contacts, strict=True))
        )
    )


def _targets(desired: Desired, observed: Observed) -> Iterator[tuple[str, str]]:
    """Yield account ids and types."""
    spec = desired.section(ContactsSpec)
    yield from ((observed.target.account, kind) for kind, _ in spec.contacts_of(""))
    for member in desired.members if can_change_accounts(observed) else ():
        if account := match_if_clear(member, observed):
            yield from ((account.id, kind) for kind, _ in spec.contacts_of(member.key))


def _read_or_reason(aws: Connection, account: str, kind: str, management: str) -> Contact | Unread | None:
    try:
        return read_contact(aws, kind, "" if account == management else account)
    except Rejected as rejection:
        if rejection.code not in DENIED:
            raise
        return Unread(str(rejection), rejection.remedy, rejection.code)


def read_contact(aws: Connection, kind: str, member: str) -> Contact | None:
    """Return the contact of a type of a member account, or of the management account by ""; None for no contact."""
    try:
        answer = aws.read("account", "GetAlternateContact", AlternateContactType=kind, **_account(member))
    except Rejected as rejection:
        if rejection.code == "ResourceNotFoundException":
            return None
        raise
    values: dict[str, Any] = answer["AlternateContact"]
    keys = ("Name", "Title", "EmailAddress", "PhoneNumber")
    return Contact(*(str(values.get(key, "")) for key in keys))


def _account(member: str) -> dict[str, str]:
    """Return the parameter for a member: AWS refuses the management account's own id."""
    return {"AccountId": member} if member else {}


def set_contact(aws: Connection, step: SetContact, id_index: IdIndex) -> None:
    """Set it whole; AWS answers with nothing."""
    aws.mutate(
        "account", "PutAlternateContact", AlternateContactType=step.type,
        Name=step.name, Title=step.title, EmailAddress=step.email, PhoneNumber=step.phone,
        **_account(_member(step, id_index)),
    )  # fmt: skip


def contact_of_account(aws: Connection, step: SetContact, id_index: IdIndex) -> str:
    """Return the contact of this type that the account has now."""
    present = read_contact(aws, step.type, _member(step, id_index))
    return starting_value(asdict(present) if present else None)


def _member(step: SetContact, id_index: IdIndex) -> str:
    return id_index.account(step.account) if step.account else ""


HANDLERS = (handle(SetContact, set_contact, contact_of_account),)
