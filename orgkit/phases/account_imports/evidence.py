"""Whether AWS shows what a step of phase 04 makes."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed, Unread
from orgkit.phases.account_imports.facts import ImportFacts
from orgkit.phases.account_imports.steps import AcceptInvitation, InviteAccount
from orgkit.phases.accounts.evidence import NAME, PLACE, TAGS
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.member_access.evidence import READ_ROLE, READ_ROLE_TRUST, ROLES


def _invitation(step: InviteAccount, observed: Observed, _: Desired) -> bool | None:
    """Return None for an invitation that was declined or has expired: it may be older than the step."""
    if _is_member(step.account_id, observed):
        return True
    facts = observed.facts(ImportFacts)
    if facts is None or isinstance(facts.handshakes, Unread):
        return None
    return any(handshake.account_id == step.account_id and handshake.is_open for handshake in facts.handshakes)


def _membership(step: AcceptInvitation, observed: Observed, _: Desired) -> bool:
    return _is_member(step.account_id, observed)


def _is_member(account_id: str, observed: Observed) -> bool:
    return any(account.id == account_id for account in observed.accounts)


EVIDENCE = (
    is_shown_by(InviteAccount, _invitation),
    is_shown_by(AcceptInvitation, _membership),
    ROLES,
    READ_ROLE,
    READ_ROLE_TRUST,
    PLACE,
    NAME,
    TAGS,
)
