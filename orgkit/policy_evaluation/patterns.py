"""AWS's patterns, in which `*` matches any text and `?` any one character: matching, containment and overlap.

`${*}`, `${?}` and `${$}` stand for the characters themselves, as in policies of version 2012-10-17.
"""

import re
from functools import cache, lru_cache

_ESCAPED = re.compile(r"\$\{([*?$])\}")
_TOKEN = re.compile(rf"{_ESCAPED.pattern}|(.)", re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Return whether a text fits a pattern; given a pattern as text, whether all that it matches fits."""
    return _compiled(pattern).fullmatch(text) is not None


def matches_arn(pattern: str, arn: str) -> bool:
    """Compare each of the six parts of an ARN separately: a `*` does not match a colon before the last part."""
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return pattern == "*" or (len(patterns) == len(parts) and all(map(matches, patterns, parts)))


def matches_resource(pattern: str, arn: str) -> bool:
    """Compare a Resource with an ARN: a `*` that ends a part of the pattern matches colons, too.

    Source: IAM User Guide, "IAM JSON policy elements: Resource". What a `*` elsewhere in the first five parts matches
    has no colon.
    """
    return _compiled_resource(pattern).fullmatch(arn) is not None


def escape(text: str) -> str:
    """Return the pattern that matches this text and nothing else."""
    return re.sub(r"[*?$]", lambda match: f"${{{match[0]}}}", text)


def unescape(pattern: str) -> str:
    """Return the text that a pattern is when its stars and question marks are plain characters."""
    return _ESCAPED.sub(r"\1", pattern)


@lru_cache(maxsize=1024)  # one policy is compared with the steps of a plan, and again with those of the next one
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
def _compiled_resource(pattern: str) -> re.Pattern[str]:
    parts, colons = [], 0
    for match in _TOKEN.finditer(pattern):
        escaped, char = match.groups()
        colons += (escaped or char) == ":"
        spans = colons >= 5 or pattern[match.end() : match.end() + 1] in ("", ":")
        wildcards = {"*": ".*" if spans else "[^:]*", "?": "." if colons >= 5 else "[^:]"}
        parts.append(re.escape(escaped) if escaped else wildcards.get(char) or re.escape(char))
    return re.compile("".join(parts), re.DOTALL)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    wildcards = {"*": ".*", "?": "."}
    parts = (
        re.escape(escaped) if escaped else wildcards.get(char) or re.escape(char)
        for escaped, char in _TOKEN.findall(pattern)
    )
    return re.compile("".join(parts), re.DOTALL)
