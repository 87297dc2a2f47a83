"""Which account of the organization a spec means: by id, then by tag, then by email; and ids by name."""

from orgkit.errors import NeedsDecision, OutOfOrder
from orgkit.model.desired import KEY_TAG, AccountSpec, Desired, ImportSpec, UnitPath, format_path
from orgkit.model.observed import Account, Observed
from orgkit.model.plan import Target
from orgkit.sanitize.names import mark_lookalikes, reading

CLOSED_STATES = ("SUSPENDED", "PENDING_CLOSURE", "CLOSED")


def match(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    """The observed account of `spec`, None when there is none; NeedsDecision when the signs contradict each other."""
    account = _by_id(spec, observed) or _by_tag(spec, observed) or _by_email(spec, observed)
    if account is None:
        _refuse_same_name(spec, observed)
        return None
    if isinstance(spec, AccountSpec) and account.email.casefold() != spec.email.casefold():
        raise NeedsDecision(
            f"accounts.{spec.key} is account {account.id} by its {'id' if spec.id else 'tag'}, "
            f"but its root e-mail is {account.email}, and the file says {spec.email}.",
            "correct the e-mail in the file, or the tag orgkit:key in AWS.",
        )
    if account.state in CLOSED_STATES:
        raise NeedsDecision(
            f"account {account.id} ({account.name}), which the file wants as {spec.key}, is {account.state}.",
            "take it out of the file, or reopen it with AWS Support; its e-mail cannot be used for a new account.",
        )
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


def _by_id(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    account = next((a for a in observed.accounts if spec.id and a.id == spec.id), None)
    if account is None and spec.id and isinstance(spec, AccountSpec) and observed.organization is not None:
        raise NeedsDecision(
            f"accounts.{spec.key} is account {spec.id} by its id, which is not in organization "
            f"{observed.organization.id}.",
            "correct or remove its id in the file; an account outside the organization belongs under [imports].",
        )
    return account


def _by_tag(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    if isinstance(spec, ImportSpec):
        return None  # an import is named by its id, and by nothing else
    matches = [a for a in observed.accounts if a.tag.get(KEY_TAG) == spec.key]
    if len(matches) > 1:
        raise NeedsDecision(
            f"{len(matches)} accounts carry the tag {KEY_TAG}={spec.key}: {', '.join(a.id for a in matches)}.",
            "take the tag from those that are not meant.",
        )
    return matches[0] if matches else None


def _by_email(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    if isinstance(spec, ImportSpec):
        return None
    account = next((a for a in observed.accounts if a.email.casefold() == spec.email.casefold()), None)
    if account is not None and account.tag.get(KEY_TAG, spec.key) != spec.key:
        raise NeedsDecision(
            f"account {account.id} has the e-mail of accounts.{spec.key} and the tag {KEY_TAG}={account.tag[KEY_TAG]}.",
            "two entries of the file mean one account: correct the key or the tag.",
        )
    return account


def _refuse_same_name(spec: AccountSpec | ImportSpec, observed: Observed) -> None:
    """A new account under a name that is there already is nearly always a changed e-mail, not a wish for two."""
    if isinstance(spec, ImportSpec):
        return
    holder = next(
        (a for a in observed.accounts if _read_alike(a.name, spec.name) and a.tag.get(KEY_TAG, "") in ("", spec.key)),
        None,
    )
    if holder is not None:
        raise NeedsDecision(
            f"an account named {mark_lookalikes(holder.name)} exists ({holder.id}, {holder.email}), and the file "
            f"gives it {spec.email}.",
            f"write its e-mail or its id under accounts.{spec.key}, or choose another name.",
        )


def _read_alike(one: str, other: str) -> bool:
    """Whether a person reads the same, with a Cyrillic letter in one of them too."""
    return one == other or reading(one) == reading(other)


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
