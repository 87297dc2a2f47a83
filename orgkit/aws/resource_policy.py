"""The resource policy of the organization, by which it delegates the management of policies to member accounts."""

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection


def read_resource_policy(aws: Connection) -> str:
    """Return the document; "" where the organization has no such policy."""
    try:
        answer = aws.read("organizations", "DescribeResourcePolicy")
    except Rejected as rejection:
        if rejection.code == "ResourcePolicyNotFoundException":
            return ""
        raise
    return str(answer["ResourcePolicy"]["Content"])
