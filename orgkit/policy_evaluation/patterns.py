"""AWS's patterns, in which `*` matches any text and `?` any one character: matching, containment and overlap."""

import re
from functools import cache


def matches(pattern: str, text: str) -> bool:
    """Return whether a text fits a pattern; given a pattern as text, whether all that it matches fits."""
    return _compiled(pattern).fullmatch(text) is not None


def overlaps(one: str, other: str) -> bool:
    """Return whether some text fits both patterns."""
    reached = {0}  # positions in `other` that can be reached with what was read of `one`
    reached = _skip_stars(reached, other)
    for char in one:
        if char == "*":
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
            continue
        following = {n + 1 for n in reached if n < len(other) and _shares(char, other[n])}
        following |= {n for n in reached if n < len(other) and other[n] == "*"}
        reached = _skip_stars(following, other)
    return len(other) in reached


def _skip_stars(positions: set[int], pattern: str) -> set[int]:
    """Add the positions after stars, which may match nothing."""
    reached = set(positions)
    for n in sorted(positions):
        while n < len(pattern) and pattern[n] == "*":
            n += 1
            reached.add(n)
    return reached


def _shares(one: str, other: str) -> bool:
    return other != "*" and (one == other or "?" in (one, other))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in pattern), re.DOTALL)
