"""Findings in a policy of a bucket or of the key: who else has access, what stops the delivery, what is lost."""

from collections.abc import Iterator, Sequence

from orgkit.dataclass import dataclass
from orgkit.errors import NeedsDecision
from orgkit.model.canonical_json import normal_form
from orgkit.policy_evaluation.conditions import conditions_of
from orgkit.policy_evaluation.deleted_principals import deleted_principals, is_deleted
from orgkit.policy_evaluation.merge import Merge, context_of, fulfills, services_of, sources_of
from orgkit.policy_evaluation.patterns import overlaps
from orgkit.policy_evaluation.statements import (
    ANYBODY,
    Statement,
    account_of,
    covers,
    principals_of,
    reaches,
    statements_of,
    variables_of,
)

CLOUDTRAIL = "cloudtrail.amazonaws.com"
# The effect of an action; findings name the first that match.
_EFFECTS = {
    "s3:getobject": "read the logs",
    "s3:putobject": "put objects among the logs",
    "s3:deleteobject": "delete logs",
    "s3:deleteobjectversion": "delete versions of logs for good",
    "s3:putbucketpolicy": "change this policy",
    "s3:putlifecycleconfiguration": "let logs expire",
    "kms:decrypt": "decrypt the logs",
    "kms:putkeypolicy": "change this policy",
    "kms:schedulekeydeletion": "delete the key, and with it all that it encrypted",
}


@dataclass(frozen=True)
class PolicyFinding:
    """A finding about one statement.

    Attributes:
        message: The statement, and its consequence.
        ends_delivery: Whether CloudTrail cannot deliver while it is there.
    """

    message: str
    ends_delivery: bool = False


@dataclass(frozen=True)
class Policy:
    """One policy, and the statements that it requires."""

    subject: str  # "bucket acme-log"
    document: str | None
    required: Sequence[Statement]
    account: str = ""  # that owns the resource; "" while it is not known

    @property
    def foreign(self) -> list[Statement]:
        """The statements that say more, or something else, than the required ones."""
        own = {normal_form({**statement, "Sid": ""}) for statement in self.required}
        return [
            statement
            for statement in statements_of(self.document)
            if normal_form({**statement, "Sid": ""}) not in own
            and not any(covers(other, statement, {}) for other in self.required)
        ]


def findings_of(policy: Policy) -> Iterator[PolicyFinding]:
    """Yield the findings about statements that affect the logs."""
    for statement in policy.foreign:
        finding = _denial(policy, statement) if statement["Effect"] == "Deny" else _grant(policy, statement)
        if finding is not None:
            yield finding


def unmanaged_of(policy: Policy) -> Iterator[str]:
    """Yield the statements of others that do not affect the logs."""
    for statement in policy.foreign:
        if statement["Effect"] == "Deny":
            is_finding = _denial(policy, statement) is not None
        else:
            is_finding = _grant(policy, statement) is not None
        if not is_finding and not any(fulfills(statement, other) for other in policy.required):
            yield f"{_name(statement)} ({statement['Effect']}) of {policy.subject}"


def denies_delivery(policy: Policy) -> bool:
    """Return whether a statement of somebody else keeps CloudTrail from delivering."""
    return any(finding.ends_delivery for finding in findings_of(policy))


def lacks_grant(policy: Policy) -> bool:
    """Return whether CloudTrail needs something that no statement grants it, narrowed to our trail or not."""
    statements = statements_of(policy.document)
    return any(
        not any(covers(statement, required, context_of(required)) for statement in statements)
        for required in policy.required
        if required["Effect"] == "Allow" and services_of(required)
    )


def other_writers(policy: Policy) -> tuple[str, ...]:
    """Return the other trails for which the policy lets CloudTrail write, in the words of a step."""
    own = {source for statement in policy.required for source in sources_of(statement) or ()}
    sources = {
        source
        for statement in statements_of(policy.document)
        if statement["Effect"] == "Allow" and CLOUDTRAIL in services_of(statement)
        for source in _sources(statement)
    }
    return tuple(sorted(sources - own))


def _sources(statement: Statement) -> frozenset[str]:
    sources = sources_of(statement)
    return frozenset({"any trail of any account"}) if sources is None else sources


def losses_of(policy: Policy, result: Merge) -> tuple[str, ...]:
    """Return what the change of a policy removes, in the words of a step."""
    grants = (
        f"{_name(statement)} lets {', '.join(_grantees(policy, statement) or ['CloudTrail'])} {_effect(statement)}"
        for statement in result.removed
    )
    names = (
        f"{_name(statement)} names {', '.join(deleted_principals([statement]))}, which was deleted"
        for statement in result.remaining
        if deleted_principals([statement])
    )
    return (*grants, *names)


def refuse_deleted_principals(policy: Policy, result: Merge) -> None:
    """Refuse a change that AWS would reject: a NotPrincipal statement with a deleted principal."""
    if result.changes and result.deleted_principals:
        raise NeedsDecision(
            f"the policy of {policy.subject} has to change, and a statement with NotPrincipal names "
            f"{', '.join(result.deleted_principals)}, which was deleted: AWS rejects a policy with it.",
            "name somebody else in that statement, or remove it; then plan again.",
        )


def _denial(policy: Policy, statement: Statement) -> PolicyFinding | None:
    """Return a finding about a Deny that applies, or may apply, to CloudTrail's deliveries."""
    services = [required for required in policy.required if services_of(required)]
    answers = [reaches(statement, required, context_of(required)) for required in services]
    if True in answers:
        message = f"{_name(statement)} of {policy.subject} denies CloudTrail what it needs to deliver: no log arrives."
        return PolicyFinding(message, ends_delivery=True)
    if None in answers:
        keys = {key for _, key in conditions_of(statement)} | set(variables_of(statement))
        return PolicyFinding(
            f"{_name(statement)} of {policy.subject} may deny CloudTrail what it needs to deliver, which depends on "
            f"{', '.join(sorted(keys))}: check whether logs arrive."
        )
    return None


def _grant(policy: Policy, statement: Statement) -> PolicyFinding | None:
    """Return a finding about an Allow for another account, for everybody, or for other trails."""
    grantees = _grantees(policy, statement)
    if not grantees:
        return None
    condition = ", under its conditions" if conditions_of(statement) and not services_of(statement) else ""
    return PolicyFinding(
        f"{_name(statement)} of {policy.subject} lets {', '.join(grantees)} {_effect(statement)}{condition}. "
        "orgkit leaves it: remove it if nobody needs it."
    )


def _grantees(policy: Policy, statement: Statement) -> list[str]:
    if "NotPrincipal" in statement:
        return ["everybody except those that its NotPrincipal names"]
    grantees = [_principal(kind, name) for kind, name in principals_of(statement) if _is_other(policy, kind, name)]
    if CLOUDTRAIL in services_of(statement):
        grantees += _trails(policy, statement)
    return sorted(grantees)


def _trails(policy: Policy, statement: Statement) -> list[str]:
    """Return the other trails for which it lets CloudTrail write."""
    sources = sources_of(statement)
    own = {source for required in policy.required for source in sources_of(required) or ()}
    if sources is None:
        return ["CloudTrail for any trail of any account"]
    return [f"CloudTrail for {source}" for source in sources - own]


def _is_other(policy: Policy, kind: str, name: str) -> bool:
    return kind != "Service" and (kind != "AWS" or not policy.account or account_of(name) != policy.account)


def _principal(kind: str, name: str) -> str:
    if (kind, name) == ANYBODY:
        return "anybody"
    if is_deleted(name):
        return f"{name} (a principal that was deleted)"
    return f"account {name}" if name == account_of(name) else name


def _effect(statement: Statement) -> str:
    if "NotAction" in statement:
        return "do all but what its NotAction names"
    actions = [str(action).lower() for action in _listed(statement.get("Action"))]
    effects = [text for action, text in _EFFECTS.items() if any(overlaps(pattern, action) for pattern in actions)]
    return " and ".join(dict.fromkeys(effects)) or f"do {', '.join(map(str, _listed(statement.get('Action'))))}"


def _name(statement: Statement) -> str:
    return f"statement {statement.get('Sid') or 'without Sid'}"


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
