"""Which policies hold: what cannot be read of one account or type is named, and the others are shown."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from orgkit.aws.executor import SerialExecutor
from orgkit.aws.rejections import Rejected
from orgkit.phases.policies.in_force_aws import read_policies_in_force
from orgkit.policy_evaluation.policy_types import SCP
from tests.phases.policies.test_planner import ORGANIZATION, observed

AI, TAG = "AISERVICES_OPT_OUT_POLICY", "TAG_POLICY"


class Refusing:
    """A connection that answers DescribeEffectivePolicy for all accounts but one, and refuses the calls of a list."""

    executor = SerialExecutor()

    def __init__(self, *refused: str) -> None:
        self.refused = refused

    def read(self, service: str, operation: str, **parameters: Any) -> Any:
        if f"{operation} {parameters['PolicyType']} {parameters['TargetId']}" in self.refused:
            raise Rejected(operation, "AccessDeniedException", "", "no", "")
        return {"EffectivePolicy": {"PolicyContent": "{}"}}

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        if f"{operation} {parameters.get('Filter', parameters.get('PolicyType'))}" in self.refused:
            raise Rejected(operation, "AccessDeniedException", "", "no", "")
        yield from ()


def test_an_account_that_cannot_be_read_hides_no_other_and_a_type_no_other_type() -> None:
    aws: Any = Refusing(
        f"DescribeEffectivePolicy {AI} 000000000001",
        f"ListAccountsWithInvalidEffectivePolicy {TAG}",
        f"ListPolicies {SCP}",
    )
    types = tuple((kind, "ENABLED") for kind in (SCP, AI, TAG))
    now = replace(observed(), organization=replace(ORGANIZATION, policy_types=types))
    policies = read_policies_in_force(aws, now)
    assert {(row.account, row.type) for row in policies.rows} == {
        *((name, TAG) for name in ("web", "shop", "logs")),
        *((name, AI) for name in ("shop", "logs")),
    }
    assert [note.partition(" could")[0] for note in policies.notes] == [
        SCP, f"{AI} of account web", f"whether a {TAG} is invalid",
    ]  # fmt: skip
