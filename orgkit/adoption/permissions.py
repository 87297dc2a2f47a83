"""The IAM policy that the adoption of an organization needs: it reads what its phases read, and more to list it."""

from typing import Any

from orgkit.phases.permissions import ENTER, OWN_ORGANIZATION, reads_of
from orgkit.phases.registry import RUNBOOKS

CHECKS = "management-account"  # the phase whose checks adoption repeats
MORE_READS = ("organizations:DescribeResourcePolicy", "organizations:ListDelegatedServicesForAccount")


def adoption_policy(read_role: str) -> dict[str, Any]:
    """Return the policy of the caller in the management account.

    Args:
        read_role: The role in member accounts through which the account that keeps the logs is found.
    """
    adopted = [phase for phase in RUNBOOKS if phase.adopt or phase.label == CHECKS]
    reads = {action for phase in adopted for action in reads_of(phase)} - {ENTER} | {*MORE_READS}
    read = {"Sid": "Read", "Effect": "Allow", "Action": sorted(reads), "Resource": "*"}
    enter = {
        "Sid": "EnterMemberAccounts", "Effect": "Allow", "Action": [ENTER],
        "Resource": f"arn:aws:iam::*:role/{read_role}", "Condition": {"StringEquals": {**OWN_ORGANIZATION}},
    }  # fmt: skip
    return {"Version": "2012-10-17", "Statement": [read, enter]}
