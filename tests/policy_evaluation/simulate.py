"""Compare the evaluator with an independent one: `python -m tests.policy_evaluation.simulate [CASES] [SEED]`.

The other one is `@cloud-copilot/iam-simulate`. It is no dependency of orgkit: npm installs it into a temporary folder.
A difference that EXPLANATIONS does not explain is printed, and the exit code is 1.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from orgkit.policy_evaluation.conditions import as_list, conditions_of
from orgkit.policy_evaluation.evaluation import Level, Policy, evaluate
from orgkit.policy_evaluation.guardrails import RCP_SERVICES
from orgkit.policy_evaluation.requests import PrincipalKind, request_context
from orgkit.policy_evaluation.statements import Statement, principals_of, statements_of
from orgkit.policy_evaluation.variables import fill_in, has_variables
from tests.policy_evaluation.cases import Case, Generator

PACKAGE = "@cloud-copilot/iam-simulate@0.1.173"
SCRIPT = Path(__file__).with_suffix(".mjs")


def main(number: int = 5000, seed: int = 1) -> int:
    cases = list(Generator(seed).cases(number))
    agreed: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    unexplained = 0
    for case, other in zip(cases, simulate([as_simulation(case) for case in cases]), strict=True):
        case = without(case, other.get("ignored", ()))
        ours, theirs = result_of(case), other.get("result", json.dumps(other.get("errors")))
        reason = next((text for text, is_reason in EXPLANATIONS.items() if is_reason(case)), "")
        if ours == theirs:
            agreed[ours] += 1
        elif reason:
            explained[reason] += 1
        else:
            unexplained += 1
            print(json.dumps({"ours": ours, "theirs": theirs, **as_simulation(case)}))
    print(f"{sum(agreed.values())} of {number} cases agree: {dict(agreed)}")
    for reason, count in explained.most_common():
        print(f"{count} differ: {reason}")
    print(f"{unexplained} differ without an explanation")
    return min(unexplained, 1)


def without(case: Case, ignored: Sequence[str]) -> Case:
    """Return a case without the condition keys that the action does not have."""
    names = {key.lower() for key in ignored}
    context = {key: value for key, value in case.request.context.items() if key.lower() not in names}
    return replace(case, request=replace(case.request, context=context))


def result_of(case: Case) -> str:
    decision = evaluate(case.request, case.policies)
    return "Allowed" if decision.is_allowed else "ExplicitlyDenied" if decision.is_explicit else "ImplicitlyDenied"


def as_simulation(case: Case) -> dict[str, Any]:
    request, policies = case.request, case.policies
    context = {key: value if isinstance(value, str) else list(value) for key, value in request_context(request).items()}
    is_anonymous = request.principal.kind is PrincipalKind.ANONYMOUS
    simulation: dict[str, Any] = {
        "request": {
            "principal": "anonymous" if is_anonymous else request.principal.arn,
            "action": request.action,
            "resource": {"resource": request.resource, "accountId": request.owner.id},
            "contextVariables": context,
        },
        "identityPolicies": [_named(policy) for policy in policies.identity],
        "serviceControlPolicies": [_level(level) for level in policies.scps],
        "resourceControlPolicies": [_level(level) for level in policies.rcps],
    }
    if policies.boundary:
        simulation["permissionBoundaryPolicies"] = [_named(policies.boundary)]
    if policies.session:
        simulation["sessionPolicy"] = policies.session[0].document
    if policies.resource:
        simulation["resourcePolicy"] = policies.resource.document
    return simulation


def simulate(simulations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        cases = Path(folder, "cases.json")
        cases.write_text(json.dumps(simulations), "utf-8")
        Path(folder, SCRIPT.name).write_text(SCRIPT.read_text("utf-8"), "utf-8")
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
        subprocess.run(install, cwd=folder, check=True)
        done = subprocess.run(["node", SCRIPT.name, cases.name], cwd=folder, check=True, capture_output=True, text=True)
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def _named(policy: Policy) -> dict[str, Any]:
    return {"name": policy.name, "policy": policy.document}


def _level(level: Level) -> dict[str, Any]:
    return {"orgIdentifier": level.target, "policies": [_named(policy) for policy in level.policies]}


def _all_policies(case: Case) -> Iterator[Policy]:
    policies = case.policies
    yield from (*policies.identity, *policies.session)
    yield from (policy for policy in (policies.boundary, policies.resource) if policy)
    yield from (policy for level in (*policies.scps, *policies.rcps) for policy in level.policies)


def _all_statements(case: Case) -> Iterator[Statement]:
    for policy in _all_policies(case):
        yield from statements_of(policy.document)


def _is_root(case: Case) -> bool:
    return case.request.principal.kind is PrincipalKind.ROOT


def _has_rcp_of_another_service(case: Case) -> bool:
    return bool(case.policies.rcps) and case.request.service not in RCP_SERVICES


def _has_not_principal(case: Case) -> bool:
    statements = statements_of(case.policies.resource.document) if case.policies.resource else []
    return any("NotPrincipal" in statement for statement in statements)


def _names_the_session_or_everybody(case: Case) -> bool:
    """Whether a resource-based policy of the same account names the session itself, or everybody."""
    caller, policies = case.request.principal, case.policies
    if case.request.is_cross_account or not (policies.resource and (policies.session or policies.boundary)):
        return False
    names = {("AWS", caller.arn), ("*", "*")}
    return any(names & principals_of(statement) for statement in statements_of(policies.resource.document))


def _has_missing_key_that_is_optional(case: Case) -> bool:
    context = request_context(case.request)
    conditions = (
        key for policy in _all_policies(case) for item in statements_of(policy.document) for key in conditions_of(item)
    )
    return any(
        op.startswith("foranyvalue:") and op.endswith("ifexists") and key not in context for op, key in conditions
    )


def _has_text(case: Case, *texts: str) -> bool:
    return any(text in json.dumps(policy.document) for policy in _all_policies(case) for text in texts)


def _has_variables_in_old_version(case: Case) -> bool:
    return any(
        "${" in json.dumps(policy.document) and not has_variables(policy.document) for policy in _all_policies(case)
    )


def _excludes_unknown_resource(case: Case) -> bool:
    context = request_context(case.request)
    excluded = (pattern for item in _all_statements(case) for pattern in as_list(item.get("NotResource")))
    return any(fill_in(pattern, context) is None for pattern in excluded)


def _has_star_that_spans_parts(case: Case) -> bool:
    names = ("Resource", "NotResource")
    patterns = (str(value) for item in _all_statements(case) for name in names for value in as_list(item.get(name)))
    return any(pattern != "*" and pattern.count(":") < 5 for pattern in patterns)


def _has_address_of_another_version(case: Case) -> bool:
    return ":" in str(case.request.context.get("aws:SourceIp")) and _has_text(case, '"NotIpAddress')


# What the other evaluator does otherwise, and where AWS documents what ours does.
EXPLANATIONS: Mapping[str, Callable[[Case], bool]] = {
    "root users have full access and assume no role (IAM User Guide, Policy evaluation logic; STS, AssumeRole)": (
        _is_root
    ),
    "RCPs apply to a list of services (Organizations User Guide, Resource control policies)": (
        _has_rcp_of_another_service
    ),
    "NotPrincipal excludes a caller that it lists with its account and role, and none that has a permissions boundary "
    "(IAM User Guide, NotPrincipal)": _has_not_principal,
    "session policies and boundaries do not limit what the resource's policy grants to a session or to everybody "
    "(IAM User Guide, How AWS enforcement code logic evaluates requests)": _names_the_session_or_everybody,
    "a condition with IfExists holds without its key, with ForAnyValue too (IAM User Guide, Condition operators)": (
        _has_missing_key_that_is_optional
    ),
    "policies before version 2012-10-17 have no variables (IAM User Guide, Variables and tags)": (
        _has_variables_in_old_version
    ),
    "${*} is a star in every operator of strings (IAM User Guide, Variables and tags)": (
        lambda case: _has_text(case, "${*}", "${?}")
    ),
    "a variable without a value may make a statement invalid, so that its NotResource allows nothing "
    "(IAM User Guide, Variables and tags)": _excludes_unknown_resource,
    "a star that ends a part of a Resource matches colons, too (IAM User Guide, IAM JSON policy elements: Resource)": (
        _has_star_that_spans_parts
    ),
    "NotIpAddress holds for all other addresses, also of version 6 (IAM User Guide, Condition operators)": (
        _has_address_of_another_version
    ),
}


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
