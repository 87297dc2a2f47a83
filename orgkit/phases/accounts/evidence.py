"""Whether AWS shows what a step about a member account makes."""

from orgkit.model.desired import Desired, missing_tags
from orgkit.model.observed import Observed
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, RenameAccount, TagAccount
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.member_access.evidence import READ_ROLE, READ_ROLE_TRUST, account_of


def _account(step: CreateAccount, observed: Observed, _: Desired) -> bool | None:
    """Return None while no account has the email: AWS shows it only when it is created, which takes minutes."""
    return bool(observed.accounts_with_email(step.email)) or None


def _place(step: MoveAccount, observed: Observed, desired: Desired) -> bool | None:
    account = account_of(step, observed, desired)
    return account.unit == step.unit if account else None


def _name(step: RenameAccount, observed: Observed, desired: Desired) -> bool | None:
    account = account_of(step, observed, desired)
    return account.name == step.name if account else None


def _tags(step: TagAccount, observed: Observed, desired: Desired) -> bool | None:
    account = account_of(step, observed, desired)
    return not missing_tags(step.tags, account.tags) if account else None


PLACE = is_shown_by(MoveAccount, _place)
NAME = is_shown_by(RenameAccount, _name)
TAGS = is_shown_by(TagAccount, _tags)
EVIDENCE = (is_shown_by(CreateAccount, _account), PLACE, NAME, TAGS, READ_ROLE, READ_ROLE_TRUST)
