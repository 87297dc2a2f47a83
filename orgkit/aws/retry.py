"""What an answer of AWS means for a mutation: refused and repeatable, refused for good, or unsure."""

from typing import Any

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

# Not committed: AWS says so, and the same request may be sent again after a while. (botocore's own retries
# know only the first group, and are off for mutations: one wire attempt each.)
THROTTLED = frozenset(
    {
        "TooManyRequestsException", "Throttling", "ThrottlingException", "ThrottledException",
        "RequestLimitExceeded", "RequestThrottled", "SlowDown", "BandwidthLimitExceeded", "PriorRequestNotComplete",
    }
)  # fmt: skip
BUSY = frozenset(
    {
        "ConcurrentModificationException", "ConcurrentModification", "ConflictException",
        "PolicyChangesInProgressException", "OperationAborted",
        "InsufficientS3BucketPolicyException", "InsufficientEncryptionPolicyException",
    }
)  # fmt: skip
FINALIZING = frozenset({"FinalizingOrganizationException"})
# Without credentials nothing more can be done, whatever the step.
EXPIRED = frozenset(
    {
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
        "UnrecognizedClientException", "NoCredentials",
    }
)  # fmt: skip
# Nobody has answered, which says nothing about the credentials.
UNREACHED = frozenset({"NoAnswer", "EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
SIGNED_OUT = (
    CredentialRetrievalError, LoginError, NoCredentialsError, PartialCredentialsError, SSOError, TokenRetrievalError,
)  # fmt: skip


class Refused(Exception):
    """AWS answered no; nothing was changed. `reason` is the constraint's own reason, if it gave one."""

    def __init__(self, operation: str, code: str, reason: str, message: str, request_id: str) -> None:
        super().__init__(f"{operation}: {code}{f' ({reason})' if reason else ''}: {message}")
        self.operation = operation
        self.code = code
        self.reason = reason
        self.message = message
        self.request_id = request_id


class Unsure(Exception):
    """The answer was lost, cut or a server's failure: the change may have been made, or may yet be."""

    def __init__(self, operation: str, cause: str) -> None:
        super().__init__(f"{operation}: {cause}")
        self.operation = operation
        self.cause = cause


def classify(operation: str, error: Exception) -> Refused | Unsure:
    """Read an exception of botocore as one of the two."""
    if isinstance(error, ClientError):
        return _answered(operation, error.response)
    if isinstance(error, HTTPClientError | SSLError | ResponseParserError):
        return Unsure(operation, type(error).__name__)
    if isinstance(error, SIGNED_OUT):
        return Refused(operation, "NoCredentials", "", str(error), "")
    return Refused(operation, type(error).__name__, "", str(error), "")


def _answered(operation: str, response: Any) -> Refused | Unsure:
    error, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    code = str(error.get("Code", ""))
    if meta.get("HTTPStatusCode", 0) >= 500 and code not in THROTTLED:
        return Unsure(operation, f"{code} (HTTP {meta['HTTPStatusCode']})")
    reason = str(response.get("Reason") or error.get("Reason") or "")  # the model puts it at the top level
    return Refused(operation, code, reason, str(error.get("Message", "")), str(meta.get("RequestId", "")))


def pause_before_repeat(refused: Refused, attempt: int) -> float | None:
    """Seconds to wait before the same request may go out again; None when repeating is pointless."""
    if refused.code in THROTTLED:
        return min(10.0 * 1.5**attempt, 60.0) if attempt < 12 else None
    if refused.code in BUSY:
        return min(2.0 * 2**attempt, 30.0) if attempt < 8 else None
    if refused.code in FINALIZING:
        return 60.0 if attempt < 75 else None  # AWS says up to an hour
    return None
