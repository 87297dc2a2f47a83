"""Which account of the organization a spec means: by id, then by tag, then by email; and ids by name."""

import re
from collections.abc import Iterable

from orgkit.errors import NeedsDecision, OutOfOrder
from orgkit.model.desired import KEY_TAG, AccountSpec, Desired, ImportSpec, UnitPath, format_path
from orgkit.model.observed import Account, Observed
from orgkit.model.plan import Target, Waiting
from orgkit.sanitize.names import mark_lookalikes

_ACCOUNT_ID = re.compile(r"(?=([0-9]{12}))")  # also within a longer number


def match(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    """The observed account of `spec`, None when there is none; NeedsDecision when the signs contradict each other.

    A closed account keeps its id and its email, and neither its key nor its name: a successor may have those.
    """
    account = _by_id(spec, observed) or _by_tag(spec, observed) or _by_email(spec, observed)
    if account is None:
        _refuse_same_name(spec, observed)
        return None
    if account.is_closed:
        raise _closed(spec, account)
    if isinstance(spec, AccountSpec) and account.email.casefold() not in spec.emails:
        raise _other_email(spec, account)
    return account


def match_if_clear(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    """The same for those who only show or look up: None also where a person has to decide first."""
    try:
        return match(spec, observed)
    except NeedsDecision:
        return None


def known_ids(desired: Desired, observed: Observed) -> dict[str, str]:
    """Key in the file → account id, for the accounts that are there and of which there is no doubt."""
    matches = ((spec.key, match_if_clear(spec, observed)) for spec in desired.members)
    return {key: account.id for key, account in matches if account is not None}


def match_or_decision(
    spec: AccountSpec | ImportSpec, observed: Observed, effect: str = "Nothing is planned for it until then."
) -> tuple[Account | None, Waiting | None]:
    """The observed account of `spec`, and what a person has to decide first, of which there is one at most.

    Args:
        spec: The account in the parameters file.
        observed: One reading of AWS.
        effect: What is not planned until then.
    """
    try:
        return match(spec, observed), None
    except NeedsDecision as decision:
        task = f"{spec.key}: {decision.reason} {effect} To go on: {decision.remedy}"
        return None, Waiting(task, "you", blocks=spec.key)


def _closed(spec: AccountSpec | ImportSpec, account: Account) -> NeedsDecision:
    """Each remedy but the first is about the file; by its id a closed account is meant whatever its email."""
    section = "accounts" if isinstance(spec, AccountSpec) else "imports"
    remedies = [f"reopen it with AWS Support, or take {section}.{spec.key} and what names it out of the file"]
    if isinstance(spec, AccountSpec):
        unpin = f"remove accounts.{spec.key}.id and " if spec.id else ""
        remedies.append(
            f"or, for a new account in its place, {unpin}give accounts.{spec.key} another email: AWS does not take "
            f"{account.email} a second time"
        )
    return NeedsDecision(
        f"account {account.id} ({account.name}), which the file wants as {spec.key}, is {account.state}.",
        ", ".join(remedies) + ".",
    )


def _other_email(spec: AccountSpec, account: Account) -> NeedsDecision:
    """By the id it is meant whatever its tag says, so that taking the tag off would change nothing."""
    other = (
        f"remove accounts.{spec.key}.id"
        if spec.id
        else f"take its tag off: {_untag(account)}; if both have one name, change accounts.{spec.key}.name as well"
    )
    return NeedsDecision(
        f"accounts.{spec.key} is account {account.id} by its {'id' if spec.id else 'tag'}, "
        f"but its root email is {account.email}, and the file says {spec.email}.",
        f'if this account is meant, write accounts.{spec.key}.email = "{account.email}"; if not, {other}.',
    )


def _untag(account: Account) -> str:
    return f"aws organizations untag-resource --resource-id {account.id} --tag-keys {KEY_TAG}"


def _by_id(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    account = observed.account(spec.id) if spec.id else None
    if account is None and spec.id and isinstance(spec, AccountSpec) and observed.organization is not None:
        raise NeedsDecision(
            f"accounts.{spec.key} is account {spec.id} by its id, which is not in organization "
            f"{observed.organization.id}.",
            f"correct or remove accounts.{spec.key}.id; an account outside the organization belongs under [imports].",
        )
    return account


def _by_tag(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    if isinstance(spec, ImportSpec):
        return None  # an import is named by its id, and by nothing else
    matches = [account for account in observed.accounts_with_key(spec.key) if _is_open_member(account, observed)]
    if len(matches) > 1:
        raise NeedsDecision(
            f"{len(matches)} accounts carry the tag {KEY_TAG}={spec.key}: {', '.join(a.id for a in matches)}.",
            f"take the tag off those that are not meant: {'; '.join(map(_untag, matches))}.",
        )
    return matches[0] if matches else None


def _by_email(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    """An open account before a closed one: the email of that was changed before the other one got it."""
    if isinstance(spec, ImportSpec):
        return None
    owners = observed.accounts_with_email(spec.email)
    owners = owners or (observed.accounts_with_email(spec.email_changed_from) if spec.email_changed_from else [])
    account = min(owners, key=lambda owner: owner.is_closed, default=None)
    if account is None or account.is_closed:
        return account
    if account.tag.get(KEY_TAG, spec.key) != spec.key:
        raise NeedsDecision(
            f"account {account.id} has the email of accounts.{spec.key} and the tag {KEY_TAG}={account.tag[KEY_TAG]}.",
            f"if this account is meant, take that tag off: {_untag(account)}; if not, give accounts.{spec.key} "
            "another email.",
        )
    return account


def _refuse_same_name(spec: AccountSpec | ImportSpec, observed: Observed) -> None:
    """A new account under a name that is there already is nearly always a changed email, not a wish for two."""
    if isinstance(spec, ImportSpec):
        return
    holder = observed.account_read_as(spec.name, ("", spec.key))
    if holder is not None:
        same = f'if this account is meant, write accounts.{spec.key}.email = "{holder.email}"; if not, '
        raise NeedsDecision(
            f"an account named {mark_lookalikes(holder.name)} exists ({holder.id}, {holder.email}), and the file "
            f"gives it {spec.email}.",
            f"{'' if holder.id == observed.target.account else same}change accounts.{spec.key}.name.",
        )


def _is_open_member(account: Account, observed: Observed) -> bool:
    """Whether it can be an account of the file; the management account is named in [organization] alone."""
    return account.id != observed.target.account and not account.is_closed


def account_ids_in(texts: Iterable[str]) -> set[str]:
    """Return the account ids that stand in these texts."""
    return {account_id for text in texts for account_id in _ACCOUNT_ID.findall(text)}


class IdIndex:
    """Plans speak names; here a step finds the id behind a name, and leaves the one that it was given."""

    def __init__(self, observed: Observed, desired: Desired) -> None:
        self.observed = observed
        self.desired = desired
        self.root_id = observed.organization.root_id if observed.organization else ""
        self.organization_id = observed.organization.id if observed.organization else ""
        self.units: dict[UnitPath, str] = {unit.path: unit.id for unit in observed.units}
        self.accounts = known_ids(desired, observed)  # key in the file → account id
        self.key_arn = ""

    @property
    def target(self) -> Target:
        return self.observed.target

    def learn(self, newer: "IdIndex") -> None:
        """Take over what a later reading of AWS knows: a step's lost answer had its id in it."""
        self.root_id = newer.root_id or self.root_id
        self.organization_id = newer.organization_id or self.organization_id
        self.units |= newer.units
        self.accounts |= newer.accounts

    def parent(self, path: UnitPath) -> str:
        """The id of an OU, or of the root for (); OutOfOrder when it is not there."""
        if not path:
            return self.root_id
        if path not in self.units:
            raise OutOfOrder(f"organizational unit {format_path(path)} is not there.", "run phase 02-units first.")
        return self.units[path]

    def account(self, key: str) -> str:
        """The id of an account of the file; OutOfOrder when it does not exist yet."""
        if key not in self.accounts:
            raise OutOfOrder(f"account {key} is not there yet.", "run phase 03-accounts (or 04-imports) first.")
        return self.accounts[key]
