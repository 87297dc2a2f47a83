"""Whether AWS shows what a step of phase 15 makes."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed, Unread
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.member_access.evidence import account_of
from orgkit.phases.root_emails.facts import ACCEPTED, PENDING, EmailFacts
from orgkit.phases.root_emails.steps import AcceptEmailChange, StartEmailChange


def _sent(step: StartEmailChange, observed: Observed, desired: Desired) -> bool | None:
    """Return None for a second code: a change was under way before, and AWS does not report since when."""
    account, status = account_of(step, observed, desired), _status(step, observed)
    if account is None or isinstance(status, Unread):
        return None
    if account.email.casefold() == step.email.casefold():
        return True
    return (None if step.is_repeated else True) if status == PENDING else False


def _changed(step: AcceptEmailChange, observed: Observed, desired: Desired) -> bool | None:
    account, status = account_of(step, observed, desired), _status(step, observed)
    if account is None:
        return None
    if account.email.casefold() == step.email.casefold():
        return True
    return None if isinstance(status, Unread) else status == ACCEPTED


def _status(step: StartEmailChange | AcceptEmailChange, observed: Observed) -> str | Unread:
    facts = observed.facts(EmailFacts)
    return facts.status(step.key) if facts else Unread("it was not read")


EVIDENCE = (is_shown_by(StartEmailChange, _sent), is_shown_by(AcceptEmailChange, _changed))
