"""What AWS says of a denied request: the kind of policy, and its ARN.

Sources: IAM User Guide, "Troubleshoot access denied error messages"; AWS Security Blog, "Enhanced access denied error
messages with policy ARNs". `orgkit.aws.denials` reads these messages.
"""

from orgkit.aws.denials import BOUNDARY, IDENTITY, RCP, SCP, SESSION, TRUST
from orgkit.policy_evaluation.evaluation import Decision
from orgkit.policy_evaluation.requests import PrincipalKind, Request

_WITH_ARN = (SCP, RCP, BOUNDARY, SESSION, IDENTITY)
_ANONYMOUS = "anonymous"


def denial_message(request: Request, decision: Decision) -> str:
    """Return the message of a denial; services that have another form have the same words about the policy."""
    caller = _ANONYMOUS if request.principal.kind is PrincipalKind.ANONYMOUS else request.principal.arn
    sentence = f"User: {caller} is not authorized to perform: {request.action}{_resource(request)} "
    return sentence + _reason(request, decision)


def _resource(request: Request) -> str:
    if request.resource == "*":
        return ""
    quote = '"' if request.service == "s3" else ""
    return f" on resource: {quote}{request.resource}{quote}"


def _reason(request: Request, decision: Decision) -> str:
    if not decision.is_explicit:
        return f"because no {decision.kind} allows the {request.action} action"
    article = "the" if decision.kind == TRUST else "an" if decision.kind == IDENTITY else "a"
    return f"with an explicit deny in {article} {decision.kind}{_arn(request, decision)}"


def _arn(request: Request, decision: Decision) -> str:
    """Return the ARN of the policy, which AWS names within one account or organization, and of explicit denials."""
    arn = decision.policy.arn if decision.policy and decision.kind in _WITH_ARN else ""
    organization = request.principal.account.organization
    is_inside = not request.is_cross_account or bool(organization and organization == request.owner.organization)
    return f": {arn}" if arn and is_inside else ""
