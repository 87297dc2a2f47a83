"""Whether AWS shows the roles of a member account, and which account a step is about."""

import json

from orgkit.model.desired import READ_ROLE as READ_ROLE_NAME
from orgkit.model.desired import Desired
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Account, Member, Observed
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.member_access.roles import is_open_to_others
from orgkit.phases.member_access.steps import AboutAccount, CreateReadRole, MakeManageable, RestrictReadRole


def account_of(step: AboutAccount, observed: Observed, desired: Desired) -> Account | None:
    """Return the account of a step: by the file, or, for a key that the file has no more, by the tag orgkit sets."""
    spec = desired.member(step.key)
    if spec is not None:
        return match_if_clear(spec, observed)
    matches = observed.accounts_with_key(step.key)
    return matches[0] if len(matches) == 1 else None


def _read_role(step: CreateReadRole, observed: Observed, desired: Desired) -> bool | None:
    member = _member_of(step, observed, desired)
    return member.readable and member.current if member else None


def _roles(step: MakeManageable, observed: Observed, desired: Desired) -> bool | None:
    member = _member_of(step, observed, desired)
    if member is None or (member.readable and member.access_role is None):
        return None
    return member.readable and member.current and member.access_role is True


def _restricted(step: RestrictReadRole, observed: Observed, desired: Desired) -> bool | None:
    member = _member_of(step, observed, desired)
    role = member.role(READ_ROLE_NAME) if member else None
    return not is_open_to_others(json.loads(role.trust), observed.target.account) if role else None


def _member_of(step: AboutAccount, observed: Observed, desired: Desired) -> Member | None:
    account = account_of(step, observed, desired)
    return observed.member(account.id) if account else None


READ_ROLE = is_shown_by(CreateReadRole, _read_role)
READ_ROLE_TRUST = is_shown_by(RestrictReadRole, _restricted)
ROLES = is_shown_by(MakeManageable, _roles)
