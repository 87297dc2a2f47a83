"""Whether AWS shows what a step of phase 14 makes."""

from orgkit.model.desired import Desired
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed, Unread
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.spec import Contact
from orgkit.phases.alternate_contacts.steps import SetContact
from orgkit.phases.evidence import is_shown_by


def _contact(step: SetContact, observed: Observed, desired: Desired) -> bool | None:
    facts, account_id = observed.facts(ContactFacts), observed.target.account
    if step.account:
        member = desired.member(step.account)
        account = match_if_clear(member, observed) if member else None
        account_id = account.id if account else ""
    if facts is None or (account_id, step.type) not in {(account, kind) for account, kind, _ in facts.contacts}:
        return None
    present = facts.contact(account_id, step.type)
    return None if isinstance(present, Unread) else present == Contact(step.name, step.title, step.email, step.phone)


EVIDENCE = (is_shown_by(SetContact, _contact),)
