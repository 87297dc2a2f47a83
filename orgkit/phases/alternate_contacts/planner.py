"""What phase 14 should do: the alternate contacts that accounts lack, or have otherwise than the file."""

from collections.abc import Iterator
from dataclasses import asdict

from orgkit.model.account_management import ACCOUNT_MANAGEMENT, ENABLE_IT, can_change_accounts
from orgkit.model.desired import Desired
from orgkit.model.matching import match_or_decision
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import Plan, Step, Waiting, starting_value
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.spec import Contacts, ContactsSpec
from orgkit.phases.alternate_contacts.steps import SetContact

NOT_YET = "Its contacts are not planned until then."


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan account by account, the management account first; contacts of types that the file leaves out stay."""
    spec = desired.section(ContactsSpec)
    draft = _Draft(observed)
    draft.add("", observed.target.account, spec.contacts_of(""))
    for member in sorted(desired.members, key=lambda item: item.key):
        contacts = spec.contacts_of(member.key)
        account, decision = match_or_decision(member, observed, NOT_YET) if contacts else (None, None)
        if decision:
            draft.waiting.append(decision)
        elif account or observed.organization is None:  # without an organization, the plan is a preview
            draft.add(member.key, account.id if account else "", contacts)
        elif contacts:
            task = f"{member.key}: there is no such account yet. {NOT_YET} Run 03-accounts or 04-imports first"
            draft.waiting.append(Waiting(task, "you"))
    return Plan(
        phase="contacts",
        target=observed.target,
        steps=tuple(draft.steps),
        needs=() if observed.organization else ("the organization does not exist yet: run 01-organization",),
        waiting=tuple(draft.waiting),
        warnings=() if spec.is_empty else tuple(_unmanaged_accounts(observed, desired)),
    )


class _Draft:
    """Steps, and what waits, of a plan under way."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        self.facts = observed.facts(ContactFacts) or ContactFacts()
        self.is_allowed = observed.organization is None or can_change_accounts(observed)
        self.steps: list[Step] = []
        self.waiting: list[Waiting] = []

    def add(self, key: str, account_id: str, contacts: Contacts) -> None:
        """Add what the contacts of one account take."""
        if contacts and key and not self.is_allowed:
            reason = f"AWS changes contacts of a member only with trusted access for {ACCOUNT_MANAGEMENT}"
            self.waiting.append(Waiting(f"{key}: {reason}: {ENABLE_IT}", "you", blocks=key))
            return
        for kind, contact in contacts:
            present = self.facts.contact(account_id, kind)
            if isinstance(present, Unread):
                task = f"{key or 'management account'}: its {kind.lower()} contact could not be read: {present.reason}"
                text = f"{task}. {present.remedy}".rstrip(". ")
                self.waiting.append(Waiting(text, "you", blocks=key or "management account"))
            elif present != contact:
                self.steps.append(
                    SetContact(
                        account=key, type=kind, **asdict(contact),
                        starts_from=starting_value(asdict(present) if present else None),
                        reason="it has another contact of this type" if present else "it has no contact of this type",
                    )
                )  # fmt: skip


def _unmanaged_accounts(observed: Observed, desired: Desired) -> Iterator[str]:
    """Name the open accounts that the file does not have: nobody sets their contacts here."""
    managed = {observed.target.account}
    for member in desired.members:
        account, _ = match_or_decision(member, observed)
        managed |= {account.id} if account else set()
    missing = [account for account in observed.accounts if not account.is_closed and account.id not in managed]
    if missing:
        names = ", ".join(f"{account.name} ({account.id})" for account in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        yield f"accounts that the file does not have keep the contacts that they have: {names}{more}"
