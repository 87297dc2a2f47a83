"""Policy variables: placeholders in the resources and conditions of a statement, filled in from the request.

Source: IAM User Guide, "IAM policy elements: Variables and tags": `${aws:username}`, with a default in
`${aws:PrincipalTag/team, 'none'}`; only policies of version 2012-10-17 have variables.
"""

import re
from collections.abc import Mapping
from typing import Any

from orgkit.policy_evaluation.conditions import RequestContext
from orgkit.policy_evaluation.patterns import escape

VERSION = "2012-10-17"
VARIABLE = re.compile(r"\$\{[^}]*\}")  # also one that stands for a character, such as `${*}`
_VALUE = re.compile(r"\$\{\s*(?P<key>[^*?$,}][^,}]*?)\s*(?:,\s*'(?P<default>[^']*)'\s*)?\}")


def has_variables(document: Mapping[str, Any]) -> bool:
    """Return whether the version of a policy has variables; in older ones they are plain text."""
    return document.get("Version") == VERSION


def fill_in(pattern: str, context: RequestContext) -> str | None:
    """Return a pattern with the values of its variables, or None if one has neither value nor default.

    Characters of a value are no wildcards. A multivalued key has no value as a variable.
    """
    values = [_value(match, context) for match in _VALUE.finditer(pattern)]
    if None in values:
        return None
    remaining = iter(values)
    return _VALUE.sub(lambda _: escape(str(next(remaining))), pattern)


def as_plain_text(pattern: str) -> str:
    """Return a pattern of an older version, in which `${` is plain text and wildcards are wildcards."""
    return pattern.replace("${", "${$}{")


def _value(match: re.Match[str], context: RequestContext) -> str | None:
    value = context.get(match["key"].lower())
    default: str | None = match["default"]
    return value if isinstance(value, str) else default
