"""Whether AWS shows what a step of phase 13 does: that the policy is not attached there, or is gone."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.policy_removal.facts import RemovalFacts
from orgkit.phases.policy_removal.spec import RemovalSpec
from orgkit.phases.policy_removal.steps import DeletePolicy, DetachPolicy


def _is_detached(step: DetachPolicy, observed: Observed, _: Desired) -> bool | None:
    facts = observed.facts(RemovalFacts)
    if facts is None or not facts.has_read(step.type):
        return None
    target = step.account or observed.parent_id(step.unit)
    return all(target not in policy.targets for policy in facts.matching(RemovalSpec(step.policy, step.type)))


def _is_deleted(step: DeletePolicy, observed: Observed, _: Desired) -> bool | None:
    facts = observed.facts(RemovalFacts)
    if facts is None or not facts.has_read(step.type):
        return None
    return not facts.matching(RemovalSpec(step.policy, step.type))


EVIDENCE = (is_shown_by(DetachPolicy, _is_detached), is_shown_by(DeletePolicy, _is_deleted))
