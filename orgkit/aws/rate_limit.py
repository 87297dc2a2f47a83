"""The rates at which AWS answers, kept by all threads: one token bucket per operation and account.

Operations without a published rate are not limited here; botocore repeats what AWS throttles.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """How many requests a second AWS answers in the long run, and how many at once."""

    per_second: float
    burst: int


# From the quotas in the AWS Organizations User Guide ("Throttling limits", per account) and in the Account Management
# Reference Guide. STS: 600 a second for AssumeRole and GetCallerIdentity together, by the IAM User Guide ("AWS STS
# request quotas"), as others cite it. IAM, S3, KMS and the tagging API publish none.
RATES = {
    "account:GetAccountInformation": Rate(3, 3),
    "account:GetAlternateContact": Rate(10, 1),  # AWS takes more at once; a phase of 900 reads leaves that to others
    "account:GetContactInformation": Rate(10, 15),
    "account:ListRegions": Rate(5, 5),
    "account:AcceptPrimaryEmailUpdate": Rate(1, 1),
    "account:GetPrimaryEmail": Rate(3, 3),
    "account:PutAccountName": Rate(1, 1),
    "account:PutAlternateContact": Rate(5, 1),
    "account:StartPrimaryEmailUpdate": Rate(1, 1),
    "organizations:DescribeOrganization": Rate(1, 2),
    "organizations:ListAWSServiceAccessForOrganization": Rate(1, 3),
    "organizations:ListAccounts": Rate(8, 12),
    "organizations:ListAccountsForParent": Rate(5, 8),
    "organizations:ListCreateAccountStatus": Rate(5, 8),
    "organizations:ListDelegatedAdministrators": Rate(5, 8),
    "organizations:ListHandshakesForAccount": Rate(5, 8),
    "organizations:ListHandshakesForOrganization": Rate(5, 8),
    "organizations:ListOrganizationalUnitsForParent": Rate(5, 8),
    "organizations:ListParents": Rate(5, 8),
    "organizations:ListPoliciesForTarget": Rate(5, 8),
    "organizations:ListRoots": Rate(1, 2),
    "organizations:ListTagsForResource": Rate(10, 15),
    "sts:AssumeRole": Rate(600, 600),
}


# Those whose rate is kept by one thread too, and by the connection's clock: a phase asks hundreds of times in a row.
ALWAYS_LIMITED = {
    "account:AcceptPrimaryEmailUpdate", "account:GetAlternateContact", "account:PutAccountName",
    "account:PutAlternateContact", "account:StartPrimaryEmailUpdate",
}  # fmt: skip


class RateLimit:
    """The buckets of one process.

    Args:
        monotonic: Seconds of a clock that is never set.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}  # tokens, and when that was

    def reserve(self, operation: str, account: str, at: float | None = None) -> float:
        """Take a token, and return how many seconds to wait before the request is sent.

        A token that is not there yet is taken all the same, so that those who wait are served in their order.

        Args:
            operation: Service and operation, such as sts:AssumeRole.
            account: The account whose credentials sign the request.
            at: Seconds of another clock, for an operation that is always limited by that one.
        """
        rate = RATES.get(operation)
        if rate is None:
            return 0.0
        with self._lock:
            now = self._monotonic() if at is None else at
            tokens, since = self._buckets.get((operation, account), (float(rate.burst), now))
            tokens = min(float(rate.burst), tokens + max(0.0, now - since) * rate.per_second) - 1
            self._buckets[operation, account] = tokens, now
            return max(0.0, -tokens / rate.per_second)
