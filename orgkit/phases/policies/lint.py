"""What is wrong with the document of a policy, as far as that can be known without a call to AWS; pure functions.

Sources: AWS Organizations User Guide, "SCP syntax" and "RCP syntax"; IAM User Guide, "IAM JSON policy elements".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.phases.policies.lint_statements import misspellings, reasons_never_to_match
from orgkit.policy_evaluation.conditions import as_list, base_operator, positive_operator
from orgkit.policy_evaluation.meaning import grants_of
from orgkit.policy_evaluation.operators import COMPARISONS
from orgkit.policy_evaluation.policy_types import GRAMMAR_OF_IAM, RCP, SCP, policy_types
from orgkit.policy_evaluation.statements import Statement, statement_name

VERSION = "2012-10-17"
_ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}


@dataclass(frozen=True)
class LintFinding:
    """One thing that is wrong with a document.

    Attributes:
        message: What it is.
        is_error: Whether AWS refuses the document, as far as orgkit knows; anything else is a warning.
        statement: The Sid of the statement, or its number; empty for the whole document.
    """

    message: str
    is_error: bool = False
    statement: str = ""

    def __str__(self) -> str:
        return f"statement {self.statement}: {self.message}" if self.statement else self.message


def lint(document: Mapping[str, Any], kind: str) -> tuple[LintFinding, ...]:
    """Return what is wrong with a document, errors and warnings.

    Args:
        document: The document, parsed.
        kind: Its type of policy, such as `SERVICE_CONTROL_POLICY`.
    """
    findings = [*_size(document, kind)]
    if kind in GRAMMAR_OF_IAM:
        findings += _head(document)
        statements = as_list(document.get("Statement"))
        for number, statement in enumerate(statements, 1):
            findings += _statement(statement, statement_name(statement, number), kind)
        findings += _repetitions([item for item in statements if isinstance(item, dict)])
    return tuple(findings)


def _size(document: Mapping[str, Any], kind: str) -> Iterator[LintFinding]:
    size, limit = len(compact_json(document)), policy_types()[kind].max_characters
    if limit is None:
        yield LintFinding(f"orgkit knows no limit for the size of a {kind}: AWS decides about its {size:,} characters")
    elif size > limit:
        yield LintFinding(f"has {size:,} characters without white space; AWS allows {limit:,} for a {kind}", True)


def _head(document: Mapping[str, Any]) -> Iterator[LintFinding]:
    if document.get("Version") != VERSION:
        yield LintFinding(f'has no "Version": "{VERSION}"', True)
    if unknown := sorted(set(document) - {"Version", "Id", "Statement"}):
        yield LintFinding(f"has the element {unknown[0]!r}, which a policy does not have", True)
    if not as_list(document.get("Statement")):
        yield LintFinding("has no statement", True)


def _statement(statement: Any, name: str, kind: str) -> Iterator[LintFinding]:
    """Yield the errors of one statement; its actions, keys and conditions only where it is well-formed."""
    if not isinstance(statement, dict):
        yield LintFinding("is not a JSON object", True, name)
        return
    errors = list(_form(statement, kind))
    yield from (LintFinding(message, True, name) for message in errors)
    if not errors:
        warnings = (*misspellings(statement), *reasons_never_to_match(statement, kind))
        yield from (LintFinding(message, statement=name) for message in warnings)


def _form(statement: Statement, kind: str) -> Iterator[str]:
    principal = {"Principal"} if kind == RCP else set()
    if unknown := sorted(set(statement) - _ELEMENTS - principal):
        yield f"has the element {unknown[0]!r}, which a {kind} does not have"
    effects = ("Deny",) if kind == RCP else ("Allow", "Deny")
    if statement.get("Effect") not in effects:
        yield f"has the effect {statement.get('Effect')!r}: write {' or '.join(effects)}"
    if kind == RCP and statement.get("Principal") != "*":
        yield 'has no "Principal": "*", the only principal that a resource control policy may have'
    for element in ("Action", "Resource"):
        yield from _one_of_two(statement, element)
    if not isinstance(statement.get("Sid", ""), str):
        yield f"has the Sid {statement['Sid']!r}, which is not a text: write it in quotes"
    yield from _condition(statement.get("Condition", {}))


def _condition(condition: Any) -> Iterator[str]:
    if not isinstance(condition, dict) or not all(isinstance(block, dict) for block in condition.values()):
        yield "has a Condition that is not an object of operators, each with an object of keys"
        return
    for operator, keys in condition.items():
        if not _is_operator(operator):
            yield f"has the condition operator {operator!r}, which AWS does not have: StringNotEquals is one"
        for key, value in keys.items():
            if not all(isinstance(item, str | int | float) for item in as_list(value)) or value is None:
                yield f"has a condition on {key!r} whose value is not a text, a number, true, false or a list of these"


def _is_operator(operator: str) -> bool:
    plain = operator.lower()
    is_null = base_operator(plain) == "null" and not plain.endswith("ifexists")
    return is_null or positive_operator(plain) in COMPARISONS


def _one_of_two(statement: Statement, element: str) -> Iterator[str]:
    present_names = [name for name in (element, f"Not{element}") if name in statement]
    if len(present_names) != 1:
        yield f"has {'both' if present_names else 'neither'} {element} {'and' if present_names else 'nor'} Not{element}"
        return
    values = as_list(statement[present_names[0]])
    if not values or not all(isinstance(value, str) and value for value in values):
        yield f"its {present_names[0]} is not a text or a list of texts"


def _repetitions(statements: list[Statement]) -> Iterator[LintFinding]:
    """Yield the second and later statements with a Sid, or with a meaning, of an earlier one."""
    sids: set[str] = set()
    meanings: dict[object, str] = {}
    for number, statement in enumerate(statements, 1):
        name, sid = statement_name(statement, number), statement.get("Sid")
        if isinstance(sid, str) and sid in sids:
            yield LintFinding("has the Sid of an earlier statement", True, name)
        sids |= {sid} if isinstance(sid, str) else set()
        if list(_form(statement, SCP)):
            continue
        earlier = meanings.setdefault(grants_of({"Version": VERSION, "Statement": [statement]}), name)
        if earlier != name:
            yield LintFinding(f"says the same as statement {earlier}", statement=name)
