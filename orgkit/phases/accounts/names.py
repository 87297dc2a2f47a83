"""The names of accounts: which the file changes, and which differ from it without its asking for a change."""

from collections.abc import Iterable, Iterator

from orgkit.model.account_management import ACCOUNT_MANAGEMENT, ENABLE_IT, can_change_accounts
from orgkit.model.desired import AccountSpec, ImportSpec
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Account, Observed
from orgkit.model.plan import Waiting
from orgkit.phases.accounts.steps import RenameAccount

Spec = AccountSpec | ImportSpec


def is_to_rename(spec: Spec, account: Account | None) -> bool:
    """Return whether the file asks for another name, and the account has the one that it is renamed from."""
    return account is not None and bool(spec.renamed_from) and account.name == spec.renamed_from != spec.name


def plan_rename(spec: Spec, account: Account | None, observed: Observed) -> Iterator[RenameAccount]:
    """Plan the new name of an account, where the organization lets the management account set it."""
    if account and is_to_rename(spec, account) and can_change_accounts(observed):
        yield RenameAccount(
            key=spec.key, name=spec.name, starts_from=account.name, reason="the file has its old name as renamed_from"
        )


def rename_waiting(specs: Iterable[Spec], observed: Observed) -> Iterator[Waiting]:
    """Yield the renames that the organization does not allow yet."""
    for spec in specs:
        if is_to_rename(spec, match_if_clear(spec, observed)) and not can_change_accounts(observed):
            yield Waiting(
                f"{spec.key}: AWS renames a member account only with trusted access for {ACCOUNT_MANAGEMENT}: "
                f"{ENABLE_IT}",
                "you",
                blocks=spec.key,
            )


def differing_name(spec: Spec, account: Account, place: str) -> Iterator[str]:
    """Warn of another name in AWS, which orgkit changes only where the file says what it was.

    The owner of an account can change its name, so that a difference alone is no reason to change it back.
    """
    if account.name != spec.name and not is_to_rename(spec, account):
        yield (
            f"account {account.id} is named {account.name}; the file says {spec.name}. To rename it, write the name "
            f"that it has as {place}.renamed_from"
        )
