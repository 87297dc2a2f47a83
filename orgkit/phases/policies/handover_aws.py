"""AWS calls that read what a hand-over of phase 12 needs in addition to the facts of the phase."""

from functools import partial

from orgkit.aws.session import Connection
from orgkit.aws.tags import read_tags_of
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.policies.aws import list_policies
from orgkit.phases.policies.facts import PolicyFacts
from orgkit.phases.policies.handover import PolicyDetails, PolicyHandoverFacts


def read_handover(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read descriptions and tags of the policies of the file, and the policies of types that it does not use."""
    if observed.organization is None:
        return observed
    policies = (observed.facts(PolicyFacts) or PolicyFacts()).policies
    reads = [partial(_details, aws, policy.id) for policy in policies if policy.content]
    kinds = {policy.type for policy in policies}
    other_kinds = [kind for kind, status in observed.organization.policy_types if status == "ENABLED"]
    other_policies = [item for kind in other_kinds if kind not in kinds for item in list_policies(aws, kind)]
    details = aws.executor.map(lambda read: read(), reads)
    return observed.with_facts(PolicyHandoverFacts(tuple(details), tuple(other_policies)))


def _details(aws: Connection, policy_id: str) -> PolicyDetails:
    summary = aws.read("organizations", "DescribePolicy", PolicyId=policy_id)["Policy"]["PolicySummary"]
    return PolicyDetails(policy_id, str(summary.get("Description", "")), read_tags_of(aws, policy_id))
