"""What is allowed, and what is denied, where a policy is no longer attached; pure functions.

What the SCPs of a target allow is evaluated as AWS documents it: at each level an action needs an SCP that allows it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.phases.policies.lint import lint
from orgkit.phases.policies.lockouts import UNKNOWN_ACCOUNT, UNKNOWN_ORGANIZATION
from orgkit.phases.policies.steps import parsed
from orgkit.policy_evaluation.conditions import as_list, conditions_of
from orgkit.policy_evaluation.evaluation import Level, Policies, Policy, evaluate
from orgkit.policy_evaluation.patterns import matches
from orgkit.policy_evaluation.policy_types import GRAMMAR_OF_IAM, SCP, policy_types
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request
from orgkit.policy_evaluation.service_authorization import Action, Service, find_service, services
from orgkit.policy_evaluation.statements import Statement, statement_name, statements_of

MAX_NAMES = 6  # of actions, services or resources that a sentence names
ALLOW_ALL = Policy({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
NOT_READ = "its document has a form that orgkit does not read: look at it line by line"


def describe_effects(kind: str, content: str) -> tuple[str, ...]:
    """Return what each statement of a policy no longer does where it is detached; for other types, its settings.

    Args:
        kind: The type of the policy.
        content: Its document.
    """
    document = read_document(kind, content)
    if document is None:
        return (NOT_READ,)
    if kind not in GRAMMAR_OF_IAM:
        return (f"its settings no longer hold: {_some(sorted(document))}",)
    return tuple(
        _sentence(statement, statement_name(statement, number))
        for number, statement in enumerate(statements_of(document), 1)
    )


def read_document(kind: str, content: str) -> Mapping[str, Any] | None:
    """Return a document of AWS, parsed; None for one whose form orgkit does not know."""
    document = parsed(content)
    if not isinstance(document, dict):
        return None
    if kind not in policy_types() or any(finding.is_error and finding.statement for finding in lint(document, kind)):
        return None
    return document


def _sentence(statement: Statement, name: str) -> str:
    verb = "denies" if statement["Effect"] == "Deny" else "allows"
    actions = _patterns(statement, "Action", "every action")
    resources = _patterns(statement, "Resource", "every resource")
    keys = list(dict.fromkeys(key for _, key in conditions_of(statement)))
    condition = f", under its conditions on {_some(keys)}" if keys else ""
    return f"statement {name} no longer {verb} {actions} on {resources}{condition}"


def _patterns(statement: Statement, element: str, all_values: str) -> str:
    if element in statement:
        values = list(map(str, as_list(statement[element])))
        return all_values if "*" in values else _some(values)
    return f"{all_values} but {_some(list(map(str, as_list(statement[f'Not{element}']))))}"


def _some(values: Sequence[str]) -> str:
    rest = f" and {len(values) - MAX_NAMES} more" if len(values) > MAX_NAMES else ""
    return f"{', '.join(values[:MAX_NAMES])}{rest}"


def describe_denials(old: Iterable[str], new: Iterable[str], account: str, organization: str) -> tuple[str, ...]:
    """Return what the SCPs of a target allow before and not after the removal of some of them.

    Args:
        old: The documents that are attached to the target.
        new: Those of them that are left.
        account: The id of an account that they bind; "" for one that does not exist yet.
        organization: The id of the organization.
    """
    documents = [tuple(sorted(item for item in items if read_document(SCP, item))) for items in (old, new)]
    return _denials(*documents, account or UNKNOWN_ACCOUNT, organization or UNKNOWN_ORGANIZATION)


@lru_cache(maxsize=64)  # a plan is made anew for each look at AWS
def _denials(old: tuple[str, ...], new: tuple[str, ...], account: str, organization: str) -> tuple[str, ...]:
    if any(_allows_everything(content) for content in new):
        return ()
    owner = Account(account, organization)
    levels = [_policies(documents) for documents in (old, new)]
    # Most services are named by no statement that is left, and were allowed with all others: no need to evaluate each
    # of their actions.
    is_open = any(map(_allows_everything, old)) and not _prefixes(old, "Deny")
    named_services = _prefixes(new, "Allow") if is_open else ("*",)
    denied = {
        prefix: list(_denied_in(prefix, owner, *levels))
        if any(matches(pattern, prefix) for pattern in named_services)
        else list((find_service(prefix) or Service(prefix)).actions.values())
        for prefix in services()
    }
    return tuple(_describe(denied))


def _prefixes(documents: Iterable[str], effect: str) -> tuple[str, ...]:
    """Return the services, as patterns, of the actions in the statements with an effect; all for a NotAction."""
    statements = [item for content in documents for item in statements_of(parsed(content)) if item["Effect"] == effect]
    patterns = [pattern for item in statements for pattern in as_list(item.get("Action", "*"))]
    return tuple({str(pattern).lower().partition(":")[0] for pattern in patterns})


def _allows_everything(content: str) -> bool:
    return any(
        compact_json({name: item for name, item in statement.items() if name != "Sid"})
        in ('{"Action":"*","Effect":"Allow","Resource":"*"}', '{"Action":["*"],"Effect":"Allow","Resource":["*"]}')
        for statement in statements_of(parsed(content))
    )


def _policies(documents: Iterable[str]) -> Policies:
    attached = tuple(Policy(parsed(content)) for content in documents)
    return Policies(identity=(ALLOW_ALL,), scps=(Level("target", attached),))


def _denied_in(prefix: str, owner: Account, old: Policies, new: Policies) -> Iterator[Action]:
    """Yield the actions of a service that a role with all rights may use before, and not after."""
    arn = f"arn:aws:iam::{owner.id}:role/example"
    session = f"arn:aws:sts::{owner.id}:assumed-role/example/example"
    principal = Principal(PrincipalKind.ROLE_SESSION, session, owner, role=arn)
    service = find_service(prefix) or Service(prefix)
    for action in service.actions.values():
        types = [service.resource_types[name] for name in action.required_types if name in service.resource_types]
        resource = types[0].example(owner.id) if types else "*"
        request = Request(principal, action.name, resource, owner, {"aws:SecureTransport": "true"}, "us-east-1")
        if _is_limited(request, new) and not _is_limited(request, old):
            yield action


def _is_limited(request: Request, policies: Policies) -> bool:
    """Return whether the SCPs deny a request; what other policies decide is not asked."""
    decision = evaluate(request, policies)
    return not decision.is_allowed and bool(decision.target)


def _describe(denied: Mapping[str, list[Action]]) -> Iterator[str]:
    whole, parts = list[str](), list[str]()
    for prefix, actions in denied.items():
        service = find_service(prefix) or Service(prefix)
        if actions:
            (whole if len(actions) == len(service.actions) else parts).append(prefix)
    if whole:
        yield f"every action of {len(whole)} service(s) is denied there then: {_some(whole)}"
    for prefix in parts[:MAX_NAMES]:
        names = [action.name for action in denied[prefix]]
        yield f"{len(names)} action(s) of {prefix} are denied there then: {_some(names)}"
    if rest := parts[MAX_NAMES:]:
        count = sum(len(denied[prefix]) for prefix in rest)
        yield f"{count} action(s) of {len(rest)} more services are denied there then: {_some(rest)}"
