"""Ids derived from natural keys, so that they repeat whatever the order of calls."""

import hashlib

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def derive(length: int, *key: object) -> str:
    """Lower-case letters and digits, the alphabet of most Organizations ids."""
    number = _number(key)
    return "".join(LETTERS[(number >> (6 * position)) % 36] for position in range(length))


def account_id(*key: object) -> str:
    """Twelve digits; never beginning with a zero, which tools that take an id for a number would lose."""
    return str(100_000_000_000 + _number(key) % 900_000_000_000)


def uuid(*key: object) -> str:
    """In the shape of a random one."""
    text = f"{_number(key):064x}"
    return "-".join((text[:8], text[8:12], "4" + text[13:16], "a" + text[17:20], text[20:32]))


def key_part(length: int, *key: object) -> str:
    """Upper-case letters and digits, as in IAM's unique ids."""
    return derive(length, *key).upper()


def one_time_code(email: str) -> str:
    """The six letters and digits that the reader of that mailbox would receive."""
    return key_part(6, "code", email)


def _number(key: tuple[object, ...]) -> int:
    text = "\0".join(str(part) for part in key)
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
