"""One-time codes that AWS sends to people by email, known in the memory of this process alone.

A code comes from a person: typed in a runbook, or in the environment of a command. It is never written anywhere.
"""

import re
from collections.abc import Iterable

from orgkit.aws.person_settings import CODES_VARIABLE, values_by_key

SEND_AGAIN = "new"  # in place of a code: the earlier one was lost or has expired
CODE = re.compile("[a-zA-Z0-9]{6}")  # of botocore's model

_typed: dict[str, str] = {}
_used: set[tuple[str, str]] = set()


def enter(key: str, code: str) -> None:
    """Remember what a person typed for an account; what was used before may be typed again."""
    code = SEND_AGAIN if code.strip().casefold() == SEND_AGAIN else code.strip()
    _used.discard((key, code))
    _typed[key] = code


def code_of(key: str) -> str:
    """Return the code for an account, or SEND_AGAIN; "" where there is none, or it has been used."""
    code = _typed.get(key) or values_by_key(CODES_VARIABLE).get(key, "")
    return code if is_valid(code) and (key, code) not in _used else ""


def is_valid(code: str) -> bool:
    """Return whether it is a code as AWS sends them, or asks for another one."""
    return code.strip().casefold() == SEND_AGAIN or CODE.fullmatch(code.strip()) is not None


def use(key: str) -> None:
    """Forget what was entered for an account: AWS has taken it."""
    _used.add((key, code_of(key)))
    _typed.pop(key, None)


def forget(keys: Iterable[str]) -> None:
    """Forget all about some accounts, as for another run in the same process."""
    for key in keys:
        _typed.pop(key, None)
        _used.difference_update({item for item in _used if item[0] == key})
