"""Which account of the organization is the one that the file means: by id, then by tag, then by e-mail."""

from orgkit.errors import NeedsDecision
from orgkit.model.desired import KEY_TAG, AccountSpec, Desired, ImportSpec
from orgkit.model.observed import Account, Observed

GONE = ("SUSPENDED", "PENDING_CLOSURE", "CLOSED")


def match(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    """The observed account of `spec`, None when there is none; NeedsDecision when the signs contradict each other."""
    found = _by_id(spec, observed) or _by_tag(spec, observed) or _by_email(spec, observed)
    if found is None:
        _refuse_same_name(spec, observed)
        return None
    if isinstance(spec, AccountSpec) and found.email.casefold() != spec.email.casefold():
        raise NeedsDecision(
            f"accounts.{spec.key} is account {found.id} by its {'id' if spec.id else 'tag'}, "
            f"but its root e-mail is {found.email}, and the file says {spec.email}.",
            "correct the e-mail in the file, or the tag orgkit:key in AWS.",
        )
    if found.state in GONE:
        raise NeedsDecision(
            f"account {found.id} ({found.name}), which the file wants as {spec.key}, is {found.state}.",
            "take it out of the file, or reopen it with AWS Support; its e-mail cannot be used for a new account.",
        )
    return found


def match_if_clear(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    """The same for those who only show or look up: None also where a person has to decide first."""
    try:
        return match(spec, observed)
    except NeedsDecision:
        return None


def known_ids(desired: Desired, observed: Observed) -> dict[str, str]:
    """Key in the file → account id, for the accounts that are there and of which there is no doubt."""
    found = ((spec.key, match_if_clear(spec, observed)) for spec in desired.members)
    return {key: account.id for key, account in found if account is not None}


def _by_id(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    found = next((a for a in observed.accounts if spec.id and a.id == spec.id), None)
    if found is None and spec.id and isinstance(spec, AccountSpec) and observed.organization is not None:
        raise NeedsDecision(
            f"accounts.{spec.key} is account {spec.id} by its id, which is not in organization "
            f"{observed.organization.id}.",
            "correct or remove its id in the file; an account outside the organization belongs under [imports].",
        )
    return found


def _by_tag(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    if isinstance(spec, ImportSpec):
        return None  # an import is named by its id, and by nothing else
    tagged = [a for a in observed.accounts if a.tag.get(KEY_TAG) == spec.key]
    if len(tagged) > 1:
        raise NeedsDecision(
            f"{len(tagged)} accounts carry the tag {KEY_TAG}={spec.key}: {', '.join(a.id for a in tagged)}.",
            "take the tag from those that are not meant.",
        )
    return tagged[0] if tagged else None


def _by_email(spec: AccountSpec | ImportSpec, observed: Observed) -> Account | None:
    if isinstance(spec, ImportSpec):
        return None
    found = next((a for a in observed.accounts if a.email.casefold() == spec.email.casefold()), None)
    if found is not None and found.tag.get(KEY_TAG, spec.key) != spec.key:
        raise NeedsDecision(
            f"account {found.id} has the e-mail of accounts.{spec.key} and the tag {KEY_TAG}={found.tag[KEY_TAG]}.",
            "two entries of the file mean one account: correct the key or the tag.",
        )
    return found


def _refuse_same_name(spec: AccountSpec | ImportSpec, observed: Observed) -> None:
    """A new account under a name that is there already is nearly always a changed e-mail, not a wish for two."""
    if isinstance(spec, ImportSpec):
        return
    same = next(
        (a for a in observed.accounts if a.name == spec.name and a.tag.get(KEY_TAG, "") in ("", spec.key)), None
    )
    if same is not None:
        raise NeedsDecision(
            f"an account named {spec.name} exists ({same.id}, {same.email}), and the file gives it {spec.email}.",
            f"write its e-mail or its id under accounts.{spec.key}, or choose another name.",
        )
