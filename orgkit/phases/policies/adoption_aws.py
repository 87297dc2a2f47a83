"""AWS calls that read all policies of an organization that is adopted, each with its document."""

from functools import partial
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import read_tags_of
from orgkit.model.observed import Observed, Unread
from orgkit.phases.policies.aws import policy_summaries, read_policy
from orgkit.phases.policies.facts import (
    AdoptedPolicies,
    DescribedPolicy,
    ObservedPolicy,
    all_of_type,
    subject_of,
)


def read_to_adopt(aws: Connection, observed: Observed, read_role: str) -> Observed:
    """Read the policies of each type that is enabled; one that cannot be read hides no other."""
    organization = observed.organization
    assert organization is not None
    policies: list[DescribedPolicy] = []
    unread: list[tuple[str, Unread]] = []
    unread_ids: list[tuple[str, str]] = []
    for kind in [name for name, status in organization.policy_types if status == "ENABLED"]:
        try:
            summaries = list(policy_summaries(aws, kind))
        except Rejected as rejection:
            unread.append((all_of_type(kind), Unread(str(rejection), rejection.remedy)))
            continue
        reads = [partial(_described, aws, item) for item in summaries]
        for item, answer in zip(summaries, aws.executor.map(lambda read: read(), reads), strict=True):
            if isinstance(answer, Unread):
                unread.append((subject_of(str(item["Name"]), kind), answer))
                unread_ids.append((subject_of(str(item["Name"]), kind), str(item["Id"])))
            else:
                policies.append(answer)
    return observed.with_facts(AdoptedPolicies(tuple(policies), tuple(unread), tuple(unread_ids)))


def _described(aws: Connection, item: dict[str, Any]) -> DescribedPolicy | Unread:
    try:
        policy: ObservedPolicy = read_policy(aws, item, not item.get("AwsManaged"))
        tags = () if policy.is_of_aws else read_tags_of(aws, policy.id)
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy)
    return DescribedPolicy(policy, str(item.get("Description") or ""), tags)
