"""Whether AWS shows what a step of phase 12 makes."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.policies.facts import PolicyFacts
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy


def _content(step: CreatePolicy | ChangePolicy, observed: Observed, _: Desired) -> bool | None:
    facts = observed.facts(PolicyFacts)
    policy = facts.policy(step.type, step.name) if facts else None
    return None if facts is None else policy is not None and policy.content == step.content


def _attachment(step: AttachPolicy, observed: Observed, _: Desired) -> bool | None:
    facts = observed.facts(PolicyFacts)
    unit, policy = observed.unit(step.unit), facts.policy(step.type, step.name) if facts else None
    return None if facts is None else unit is not None and policy is not None and unit.id in policy.targets


EVIDENCE = (
    is_shown_by(CreatePolicy, _content),
    is_shown_by(ChangePolicy, _content),
    is_shown_by(AttachPolicy, _attachment),
)
