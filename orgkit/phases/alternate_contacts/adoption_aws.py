"""AWS calls that read the alternate contacts of an organization that is adopted, of all types and open accounts."""

from functools import partial

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.account_management import can_change_accounts
from orgkit.model.observed import Observed, Unread
from orgkit.phases.adopted import members_of
from orgkit.phases.alternate_contacts.aws import read_contact
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.spec import TYPES, Contact


def read_to_adopt(aws: Connection, observed: Observed, read_role: str) -> Observed:
    """Read the contacts of the management account; and of its members, where AWS shows them to it."""
    members = members_of(observed) if can_change_accounts(observed) else []
    accounts = ["", *(account.id for account in members if not account.is_closed)]
    targets = [(account, kind) for account in accounts for kind in TYPES]
    report = partial(aws.report_read, "alternate contacts")
    contacts = aws.executor.map(lambda target: _read_or_reason(aws, *target), targets, report)
    pairs = zip(targets, contacts, strict=True)
    management = observed.target.account
    return observed.with_facts(
        ContactFacts(tuple((account or management, kind, contact) for (account, kind), contact in pairs))
    )


def _read_or_reason(aws: Connection, member: str, kind: str) -> Contact | Unread | None:
    try:
        return read_contact(aws, kind, member)
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy, rejection.code)
