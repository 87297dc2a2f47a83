"""Statements of policies: the principals they name, what they cover, and which requests they apply to."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orgkit.policy_evaluation.conditions import Context, as_list, conditions_of, holds
from orgkit.policy_evaluation.patterns import matches, overlaps
from orgkit.policy_evaluation.variables import VARIABLE

Statement = dict[str, Any]
ANYBODY = ("*", "*")
# The values that a service sends under these keys are not documented, or differ between requests.
NOT_KNOWN = frozenset(
    {
        "aws:currenttime", "aws:epochtime", "aws:principalservicenameslist", "aws:referer", "aws:requestedregion",
        "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "aws:sourceip", "aws:sourceorgid",
        "aws:sourceorgpaths", "aws:tokenissuetime", "aws:useragent", "kms:calleraccount", "kms:requestalias",
        "kms:resourcealiases", "kms:viaservice", "s3:authtype", "s3:resourceaccount", "s3:signatureage",
        "s3:signatureversion", "s3:x-amz-content-sha256", "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-storage-class",
    }
)  # fmt: skip
TLS_VERSION, TLS_VERSIONS = "s3:tlsversion", ("1.2", "1.3")  # AWS's services use one of these
# Of keys with a name in them. DescribeKey is not a cryptographic operation, and has no encryption context.
_NOT_KNOWN_PREFIXES = ("aws:resourcetag/", "kms:encryptioncontext")
_WITHOUT_ENCRYPTION_CONTEXT = "kms:describekey"
_ACCOUNT = re.compile(r"[0-9]{12}")


def statements_of(document: Mapping[str, Any] | str | None) -> list[Statement]:
    """Return the statements of a policy, in JSON or parsed; none when there is no policy."""
    policy = json.loads(document) if isinstance(document, str) and document else document
    return list(as_list(policy.get("Statement"))) if isinstance(policy, Mapping) else []


def statement_name(statement: Any, number: int) -> str:
    """Return how a person names a statement of a policy: its Sid, or its number from 1."""
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    return sid if isinstance(sid, str) and sid else str(number)


def find_statement_name(document: Mapping[str, Any], statement: Statement) -> str:
    """Return how a person names a statement, by its place in its policy."""
    number = next(n for n, item in enumerate(statements_of(document), start=1) if item == statement)
    return statement_name(statement, number)


def is_policy(document: str | None) -> bool:
    """Return whether a document is a policy whose statements can be read, or there is none."""
    try:
        policy = json.loads(document) if document else {}
    except ValueError:
        return False
    statements = as_list(policy.get("Statement")) if isinstance(policy, dict) else [None]
    return all(isinstance(item, dict) and item.get("Effect") in ("Allow", "Deny") for item in statements)


def principals_of(statement: Statement) -> frozenset[tuple[str, str]]:
    """Return (kind, name) of each principal of a statement; an account is its id in any form, and ANYBODY is `*`.

    The result is empty for NotPrincipal, which names the principals that the statement excludes.
    """
    value = statement.get("Principal")
    if isinstance(value, str):
        value = {"AWS": value}
    if not isinstance(value, Mapping):
        return frozenset()
    return frozenset(_principal(kind, str(name)) for kind, names in value.items() for name in as_list(names))


def grantees_of(document: Mapping[str, Any] | str | None) -> frozenset[tuple[str, str]]:
    """Return (kind, name) of each principal that a policy allows anything; NotPrincipal in an Allow means anybody."""
    allowed = [statement for statement in statements_of(document) if statement.get("Effect") == "Allow"]
    principals = frozenset(principal for statement in allowed for principal in principals_of(statement))
    return principals | {ANYBODY for statement in allowed if "NotPrincipal" in statement}


def account_of(arn: str) -> str:
    """Return the account of an ARN, or of a principal that is an account's id; "" where it names none."""
    account = arn if _ACCOUNT.fullmatch(arn) else ":".join(arn.split(":")[4:5])
    return account if _ACCOUNT.fullmatch(account) else ""


def covers(wider: Statement, narrower: Statement, context: Context) -> bool:
    """Return whether one statement allows, or denies, all that another does.

    Args:
        wider: The statement that may cover the other; parts that orgkit does not know cover nothing.
        narrower: The statement that may be covered.
        context: Known values of the requests that `narrower` applies to, in addition to its own conditions.
    """
    principals, other = principals_of(wider), principals_of(narrower)
    if wider.get("Effect") != narrower.get("Effect") or not other or not (ANYBODY in principals or other <= principals):
        return False
    if not _contains(wider, narrower, "Action", str.lower) or not _contains(wider, narrower, "Resource", str):
        return False
    pinned = conditions_of(narrower)
    return all(
        _is_implied(operator, key, values, pinned, context) for (operator, key), values in conditions_of(wider).items()
    )


def reaches(statement: Statement, required: Statement, context: Context) -> bool | None:
    """Return whether a statement applies to requests of another one; None where that is not known.

    Args:
        statement: A statement of any form, with NotPrincipal, NotAction and NotResource too.
        required: The other statement.
        context: Known values of the requests of `required`.
    """
    if not _reaches_principal(statement, required):
        return False
    if not (_shares(statement, required, "Action", str.lower) and _shares(statement, required, "Resource", str)):
        return False
    answers = [
        None if _is_unknown(key, required, context) else _holds(operator, key, values, context)
        for (operator, key), values in conditions_of(statement).items()
    ]
    if variables_of(statement):
        answers.append(None)
    return False if False in answers else None if None in answers else True


def variables_of(statement: Statement) -> list[str]:
    """Return the variables in the resources that a statement is about."""
    return [name for pattern in _patterns(statement, "Resource", str) for name in VARIABLE.findall(pattern)]


def _holds(operator: str, key: str, values: Sequence[str], context: Context) -> bool | None:
    """Return whether a condition holds for all values that the request may have under its key; None if they differ."""
    if any(VARIABLE.search(value) for value in values):
        return None
    candidates = TLS_VERSIONS if key == TLS_VERSION and key in context else (context.get(key),)
    answers = {holds(operator, values, candidate) for candidate in candidates}
    return answers.pop() if len(answers) == 1 else None


def _is_unknown(key: str, required: Statement, context: Context) -> bool:
    """Return whether a request may have a condition key with an unknown value."""
    if key in context or key in NOT_KNOWN:
        return key not in context
    if not key.startswith(_NOT_KNOWN_PREFIXES):
        return False
    return key.startswith("aws:") or _patterns(required, "Action", str.lower) != [_WITHOUT_ENCRYPTION_CONTEXT]


def _principal(kind: str, name: str) -> tuple[str, str]:
    if name == "*" and kind == "AWS":
        return ANYBODY
    root = kind == "AWS" and name.endswith(":root")
    return (kind, account_of(name) or name) if root else (kind, name)


def _contains(wider: Statement, narrower: Statement, member: str, form: Callable[[str], str]) -> bool:
    """Return whether each pattern of the narrower one matches one of the wider; a key policy may name no resource."""
    patterns, parts = _patterns(wider, member, form), _patterns(narrower, member, form)
    return bool(parts) and all(any(matches(pattern, part) for pattern in patterns) for part in parts)


def _shares(statement: Statement, required: Statement, member: str, form: Callable[[str], str]) -> bool:
    parts = _patterns(required, member, form)
    if (excluded := statement.get(f"Not{member}")) is not None:
        patterns = [form(str(item)) for item in as_list(excluded)]
        return not all(any(matches(pattern, part) for pattern in patterns) for part in parts)
    patterns = [VARIABLE.sub("*", pattern) for pattern in _patterns(statement, member, form)]
    return any(overlaps(pattern, part) for pattern in patterns for part in parts)


def _patterns(statement: Statement, member: str, form: Callable[[str], str]) -> list[str]:
    return [form(str(item)) for item in as_list(statement.get(member))]


def _reaches_principal(statement: Statement, required: Statement) -> bool:
    parts = principals_of(required)
    if "NotPrincipal" in statement:
        return not parts <= principals_of({"Principal": statement["NotPrincipal"]})
    principals = principals_of(statement)
    return ANYBODY in principals or bool(principals & parts)


def _is_implied(
    operator: str,
    key: str,
    values: Sequence[str],
    pinned: Mapping[tuple[str, str], tuple[str, ...]],
    context: Context,
) -> bool:
    """Return whether a condition holds for each request that has the narrower statement's conditions."""
    same = pinned.get((operator, key))
    if same is not None and (set(values) <= set(same) if "not" in operator else set(same) <= set(values)):
        return True
    known = [value for (kind, name), texts in pinned.items() if name == key and _pins(kind) for value in texts]
    if not known and key in context:
        known = [context[key]]
    return bool(known) and all(holds(operator, values, value) is True for value in known)


def _pins(operator: str) -> bool:
    return operator in ("stringequals", "stringlike", "arnequals", "arnlike", "bool")
