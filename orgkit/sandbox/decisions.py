"""Decisions about requests, each evaluated once while its policies stay as they are."""

from orgkit.policy_evaluation.evaluation import Decision, Policies, evaluate
from orgkit.policy_evaluation.requests import Request
from orgkit.sandbox.corrections.attached_policies import ParsedPolicy

MAX_DECISIONS = 4096
# With the policies that led to a decision: while they are kept, no other document has the id of one of theirs.
_decisions: dict[tuple[object, ...], tuple[Policies, Decision]] = {}


def decide(request: Request, policies: Policies) -> Decision:
    """Evaluate a request, or return what the same request has had under the same policies.

    Args:
        request: The request.
        policies: Those in force.

    Returns:
        The decision; it is evaluated each time where a policy may decide by the time.
    """
    applied = [*policies.identity, *filter(None, (policies.boundary, policies.resource)), *policies.session]
    applied += [policy for level in (*policies.scps, *policies.rcps) for policy in level.policies]
    documents = [policy.document for policy in applied]
    if any(not isinstance(document, ParsedPolicy) or document.is_about_time for document in documents):
        return evaluate(request, policies)
    caller = request.principal
    key = (
        *(caller.kind, caller.arn, caller.account, caller.role, caller.user, caller.unique_id, *caller.tags.items()),
        *(request.action, request.resource, request.owner, request.region, *request.context.items()),
        *(len(policies.identity), policies.boundary is None, policies.resource is None, len(policies.session)),
        *(len(policies.scps), *((level.target, len(level.policies)) for level in (*policies.scps, *policies.rcps))),
        *((id(policy.document), policy.arn, policy.name) for policy in applied),
    )
    if key not in _decisions:
        if len(_decisions) >= MAX_DECISIONS:
            _decisions.clear()
        _decisions[key] = policies, evaluate(request, policies)
    return _decisions[key][1]
