"""The grammar of service and resource control policies: what AWS would refuse is reported before it is evaluated.

Sources: AWS Organizations User Guide, "SCP syntax", "RCP syntax" and "Quotas for AWS Organizations".
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.phases.schema.formats import quote
from orgkit.policy_evaluation.conditions import as_list
from orgkit.policy_evaluation.operators import COMPARISONS

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
MAX_CHARACTERS = {SCP: 10_240, RCP: 5_120}  # white space not counted, as AWS's console sends them
VERSION = "2012-10-17"
_DOCUMENT = ("Id", "Statement", "Version")
_STATEMENT = {
    SCP: ("Action", "Condition", "Effect", "NotAction", "NotResource", "Resource", "Sid"),
    RCP: ("Action", "Condition", "Effect", "NotResource", "Principal", "Resource", "Sid"),
}
_QUANTIFIERS = ("forallvalues:", "foranyvalue:")


def parse(text: str) -> dict[str, Any]:
    """Return a document as an object of JSON.

    Raises:
        ValueError: It is not one; the message says where, and what to write.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON in line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise ValueError("is nested too deeply for a policy.") from None
    if not isinstance(document, dict):
        raise ValueError('is not a policy: write one JSON object with "Version" and "Statement".')
    return document


def problems(document: Mapping[str, Any], policy_type: str) -> Iterator[str]:
    """Yield what AWS would refuse of a policy of this type, by the statements' Sids or numbers."""
    if document.get("Version") != VERSION:
        yield f'has no "Version": "{VERSION}": write it, since older versions have no policy variables.'
    yield from _unknown(document, _DOCUMENT, "the policy")
    size = len(compact_json(document))
    if size > MAX_CHARACTERS[policy_type]:
        yield f"has {size:,} characters; AWS allows {MAX_CHARACTERS[policy_type]:,}: split it into two policies."
    statements = as_list(document.get("Statement"))
    if not statements:
        yield 'has no "Statement": write at least one.'
    for number, statement in enumerate(statements, start=1):
        if isinstance(statement, dict):
            yield from _problems_of(statement, _name(statement, number), policy_type)
        else:
            yield f"statement {number} is not a JSON object: write one with Effect, Action and Resource."
    if statements and all(isinstance(item, dict) and item.get("Effect") == "Allow" for item in statements):
        yield (
            "only allows, which has no effect next to AWS's own FullAWSAccess, and that stays attached in a rehearsal: "
            "write what it denies."
        )


def _problems_of(statement: Mapping[str, Any], name: str, policy_type: str) -> Iterator[str]:
    yield from _unknown(statement, _STATEMENT[policy_type], name)
    if policy_type == RCP and (statement.get("Effect") != "Deny" or statement.get("Principal") != "*"):
        yield f'{name}: a resource control policy takes "Effect": "Deny" and "Principal": "*" alone; write these.'
    elif statement.get("Effect") not in ("Allow", "Deny"):
        yield f'{name} has no valid Effect: write "Allow" or "Deny".'
    for member in ("Action", "Resource"):
        members = [key for key in (member, f"Not{member}") if key in statement]
        if len(members) != 1:
            yield f"{name} has {'both' if members else 'neither'} {member} and Not{member}: write one of them."
        for key in members:
            values = as_list(statement[key])
            if not values or not all(isinstance(value, str) and value for value in values):
                yield f"{name}: {key} is not a text or a list of texts: write one."
    yield from _conditions(statement.get("Condition", {}), name)


def _conditions(conditions: Any, name: str) -> Iterator[str]:
    if not isinstance(conditions, dict) or not all(isinstance(keys, dict) and keys for keys in conditions.values()):
        yield f'{name}: Condition is not like {{"StringEquals": {{"aws:RequestedRegion": "eu-west-1"}}}}: write it so.'
        return
    for operator in conditions:
        if not _is_operator(operator):
            yield f"{name}: {quote(operator)} is not a condition operator: write one, as StringNotEquals or ArnLike."


def _is_operator(operator: str) -> bool:
    plain = operator.lower()
    for quantifier in _QUANTIFIERS:
        plain = plain.removeprefix(quantifier)
    plain = plain.removesuffix("ifexists")
    return plain == "null" or plain in COMPARISONS or plain.replace("not", "", 1) in COMPARISONS


def _unknown(table: Mapping[str, Any], known: tuple[str, ...], name: str) -> Iterator[str]:
    for key in table:
        if key not in known:
            yield f"{name} has {quote(key)}, which a policy of this type does not take: it takes {', '.join(known)}."


def _name(statement: Mapping[str, Any], number: int) -> str:
    sid = statement.get("Sid")
    return f"statement {quote(sid)}" if isinstance(sid, str) and sid else f"statement {number}"


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; Python would keep the last one of two values under one key."""
    keys = [key for key, _ in pairs]
    if duplicate := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"has the key {quote(duplicate)} twice in one object: keep one.")
    return dict(pairs)
