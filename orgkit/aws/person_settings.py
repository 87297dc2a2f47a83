"""What a person sets in the environment of one command, by the keys of accounts: ids to close, and one-time codes.

`orgkit sandbox exec` passes these settings on: they say what is to be done, and not where.
"""

import os
from collections.abc import Collection
from shlex import quote

from orgkit.errors import WrongPlace

IDS_VARIABLE = "ORGKIT_CLOSE_ACCOUNTS"  # as "old-team=111122223333", by the keys of [offboarding]
CODES_VARIABLE = "ORGKIT_EMAIL_CODES"  # as "website-prod=A1B2C3 dns=new", by the keys of accounts
PERSON_SETTINGS = (IDS_VARIABLE, CODES_VARIABLE)
_OF_PHASES = {"offboarding": (IDS_VARIABLE, "ID"), "emails": (CODES_VARIABLE, "CODE")}


def values_by_key(variable: str) -> dict[str, str]:
    """Return the values of a setting by their keys; {} where it is not set.

    Raises:
        WrongPlace: An entry has no key, or no value. It is not repeated: it may be a code.
    """
    entries = os.environ.get(variable, "").split()
    pairs = [entry.partition("=") for entry in entries]
    for number, (key, _, value) in enumerate(pairs, start=1):
        if not (key and value):
            raise WrongPlace(
                f"entry {number} of {variable} has not the form KEY=VALUE.",
                f"set it as in {variable}=KEY=VALUE, with a space between two entries, or unset it.",
            )
    return {key: value for key, _, value in pairs}


def require_known_keys(variable: str, keys: Collection[str], section: str) -> None:
    """Refuse a setting for an account that the file does not have: what a person typed would have no effect.

    Args:
        variable: The setting.
        keys: Those that it may have.
        section: Where they are in the parameters file.
    """
    unknown = sorted(values_by_key(variable).keys() - set(keys))
    if unknown:
        raise WrongPlace(
            f"{variable} names {', '.join(map(ascii, unknown))}, and {section} has no such key.",
            f"name {' or '.join(sorted(keys)) or 'nothing there'}, or unset {variable}.",
        )


def settings_for(phase: str) -> str:
    """Return what has to stand before a command that runs a phase again, as in this one; "" for most phases.

    A person types ids and codes anew: each has a placeholder.
    """
    variable, placeholder = _OF_PHASES.get(phase, ("", ""))
    entries = [f"{key}={placeholder}" for key in values_by_key(variable)] if variable else []
    return f"{variable}={quote(' '.join(entries))} " if entries else ""
