"""Ids of accounts that a person typed to close them, known in the memory of this process alone.

An id comes from a person: typed in a runbook, or in the environment of a command.
"""

from collections.abc import Iterable

from orgkit.aws.person_settings import IDS_VARIABLE, values_by_key

_typed: dict[str, str] = {}


def enter(key: str, account: str) -> None:
    """Remember what a person typed for an account."""
    _typed[key] = account.strip()


def id_of(key: str) -> str:
    """Return what was typed for an account; "" where there is nothing."""
    return _typed.get(key) or values_by_key(IDS_VARIABLE).get(key, "")


def forget(keys: Iterable[str]) -> None:
    """Forget what was typed for some accounts, as for another run in the same process."""
    for key in keys:
        _typed.pop(key, None)
