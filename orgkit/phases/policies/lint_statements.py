"""Misspelled actions and condition keys of a statement, and statements that can never match a request.

What AWS's services have is in `service_authorization.txt`, which ends some days before AWS's own list: a name that is
missing there is a warning.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from orgkit.policy_evaluation.conditions import as_list, base_operator, conditions_of, is_negated
from orgkit.policy_evaluation.guardrails import RCP_SERVICES
from orgkit.policy_evaluation.patterns import matches, overlaps
from orgkit.policy_evaluation.policy_types import RCP
from orgkit.policy_evaluation.service_authorization import Action, find_service, has_condition_key
from orgkit.policy_evaluation.statements import Statement
from orgkit.policy_evaluation.variables import VARIABLE

# IAM User Guide, "AWS global condition context keys"; those that end in a slash have the name of a tag after it.
GLOBAL_KEYS = frozenset(
    {
        "aws:assumedroot", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:chatbotsourcearn",
        "aws:currenttime", "aws:ec2instancesourceprivateipv4", "aws:ec2instancesourcevpc", "aws:epochtime",
        "aws:federatedprovider", "aws:multifactorauthage", "aws:multifactorauthpresent", "aws:principalaccount",
        "aws:principalarn", "aws:principalisawsservice", "aws:principalorgid", "aws:principalorgpaths",
        "aws:principalservicename", "aws:principalservicenameslist", "aws:principaltag/", "aws:principaltype",
        "aws:referer", "aws:requestedregion", "aws:requesttag/", "aws:resourceaccount", "aws:resourceorgid",
        "aws:resourceorgpaths", "aws:resourcetag/", "aws:securetransport", "aws:signinsessionarn", "aws:sourceaccount",
        "aws:sourcearn", "aws:sourceidentity", "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths",
        "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce", "aws:tagkeys", "aws:tokenissuetime", "aws:useragent",
        "aws:userid", "aws:username", "aws:viaawsservice", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
        "aws:vpcsourceip",
    }
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")


def misspellings(statement: Statement) -> Iterator[str]:
    """Yield the actions and condition keys of a well-formed statement that orgkit does not know."""
    for pattern in _patterns(statement, "Action"):
        if not _matching(pattern):
            yield f"AWS has no action {pattern}, as far as orgkit knows"
    for key in dict.fromkeys(key for _, key in conditions_of(statement)):
        if not _is_known(key):
            yield f"AWS has no condition key {key}, as far as orgkit knows"


def reasons_never_to_match(statement: Statement, kind: str) -> Iterator[str]:
    """Yield why a well-formed statement applies to no request; nothing where it may apply to some.

    Args:
        statement: The statement.
        kind: The type of its policy.
    """
    yield from _literal_wildcards(statement)
    actions = _actions(statement)
    if actions is None:  # of all services: some of them has the resource and the condition keys
        return
    if not actions:
        yield "can never match: it names no action that AWS has"
        return
    if kind == RCP and not any(_service(action) in RCP_SERVICES for action in actions):
        yield "can never match: resource control policies do not apply to the services of its actions"
    if not any(_may_be_about(statement, action) for action in actions):
        yield "can never match: none of its actions is about a resource of that form"
    for operator, key in conditions_of(statement):
        is_required = not (operator.endswith("ifexists") or is_negated(operator) or base_operator(operator) == "null")
        is_of_service = _is_known(key) and not key.startswith("aws:")
        if is_required and is_of_service and not any(has_condition_key(action, key) for action in actions):
            yield f"can never match: requests of its actions have no {key}"


def _literal_wildcards(statement: Statement) -> Iterator[str]:
    """Yield conditions that compare a star as a character."""
    for (operator, key), values in conditions_of(statement).items():
        plain = [VARIABLE.sub("", value) for value in values]
        if base_operator(operator) == "stringequals" and plain and all("*" in value for value in plain):
            yield f"can never match: {operator} compares the * under {key} as a character; StringLike is meant"


def _patterns(statement: Statement, element: str) -> list[str]:
    name = element if element in statement else f"Not{element}"
    return [str(value) for value in as_list(statement[name])]


def _actions(statement: Statement) -> list[Action] | None:
    """Return the actions that a statement is about; None where they are of all services, or all but some."""
    if "NotAction" in statement:
        return None
    patterns = _patterns(statement, "Action")
    if any("*" in pattern.partition(":")[0] or "?" in pattern.partition(":")[0] for pattern in patterns):
        return None
    return [action for pattern in patterns for action in _matching(pattern)]


@cache
def _matching(pattern: str) -> tuple[Action, ...]:
    """Return the actions that a pattern of one service matches; for a pattern of all services, one that is there."""
    prefix, _, name = pattern.lower().partition(":")
    if "*" in prefix or "?" in prefix:
        return tuple(_of_service("s3").values())[:1]
    return tuple(action for key, action in _of_service(prefix).items() if matches(name, key))


def _of_service(prefix: str) -> Mapping[str, Action]:
    service = find_service(prefix)
    return service.actions if service else {}


def _service(action: Action) -> str:
    return action.name.partition(":")[0].lower()


def _may_be_about(statement: Statement, action: Action) -> bool:
    """Return whether requests of an action may name a resource that the statement is about."""
    service = find_service(_service(action))
    if "NotResource" in statement or service is None:
        return True
    patterns = [VARIABLE.sub("*", pattern) for pattern in _patterns(statement, "Resource")]
    types = [service.resource_types[name] for name in action.resource_types if name in service.resource_types]
    forms = [_PLACEHOLDER.sub("*", kind.arn) for kind in types]
    if not action.required_types:
        forms.append("*")  # of requests that name no resource, the resource is a star
    return any(pattern == "*" or _meets(pattern, form) for pattern in patterns for form in forms)


def _meets(pattern: str, form: str) -> bool:
    parts, forms = pattern.split(":", 5), form.split(":", 5)
    if form == "*" or len(parts) != len(forms):
        return pattern == form or (form != "*" and overlaps(pattern, form))
    return all(map(overlaps, parts, forms))


def _is_known(key: str) -> bool:
    """Return whether AWS has a condition key, in lower case."""
    prefix, _, name = key.partition(":")
    if prefix == "aws":
        tag, slash, _ = name.partition("/")
        return f"aws:{tag}{slash}" in GLOBAL_KEYS
    service = find_service(prefix)
    return service is not None and any(_has_form(key, known) for known in service.condition_keys)


def _has_form(key: str, known: str) -> bool:
    parts = map(re.escape, _PLACEHOLDER.split(known.lower()))
    return re.fullmatch(".+".join(parts), key) is not None
