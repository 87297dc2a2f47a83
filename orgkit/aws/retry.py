"""What an answer of AWS means for a mutation: refused and repeatable, refused for good, or unsure."""

from datetime import datetime
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    LoginError,
    NoCredentialsError,
    PaginationError,
    PartialCredentialsError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from orgkit.aws.skew import time_of

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
        "PolicyChangesInProgressException", "OperationAborted", "ConditionalRequestConflict",
    }
)  # fmt: skip
# CloudTrail may not see yet the policy that was just written; a policy that is wrong it will never like.
NOT_SEEN_YET = frozenset({"InsufficientS3BucketPolicyException", "InsufficientEncryptionPolicyException"})
FINALIZING = frozenset({"FinalizingOrganizationException"})
NO_ROOM = "NoRoom"  # ours: all that we have of AWS's slots and throttles is taken, longer than we wait
# Nobody has to act: after its budget of seconds too, the same request makes sense later. (A policy that is NOT_SEEN_YET
# may be one that CloudTrail will never like.)
PASSES = THROTTLED | BUSY | FINALIZING | {NO_ROOM}
# Without credentials nothing more can be done, whatever the step.
EXPIRED = frozenset(
    {
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
        "UnrecognizedClientException", "NoCredentials",
    }
)  # fmt: skip
# Nobody has answered, or nobody that can be understood: which says nothing about the credentials.
UNREACHED = frozenset(
    {"NoAnswer", "EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError"}
)
SIGNED_OUT = (
    CredentialRetrievalError, LoginError, NoCredentialsError, PartialCredentialsError, SSOError, TokenRetrievalError,
)  # fmt: skip
# Those of botocore's errors that come after the request has left; the others come before.
LOST = (HTTPClientError, SSLError, IncompleteReadError, ChecksumError, FlexibleChecksumError, PaginationError)

AGAIN = "run the phase again: it goes on from here."
DO = {
    UNREACHED: f"AWS did not answer, or not in a way that can be understood: check the network, then {AGAIN}",
    THROTTLED: f"AWS is asked too much at the moment: wait some minutes, then {AGAIN}",
    BUSY: f"something else is changing the same thing: wait until it has ended, then {AGAIN}",
    NOT_SEEN_YET: f"CloudTrail does not accept the policy of its bucket or key, or does not see it yet: later {AGAIN}",
    FINALIZING: f"AWS is still setting up the new organization, which takes up to an hour: later {AGAIN}",
    EXPIRED: "sign in again and run the phase again under the same approval: it goes on from here.",
}


class Refused(Exception):
    """AWS answered no; nothing was changed. `reason` is the constraint's own reason, if it gave one."""

    def __init__(
        self, operation: str, code: str, reason: str, message: str, request_id: str, at: datetime | None = None
    ) -> None:
        super().__init__(f"{operation}: {code}{f' ({reason})' if reason else ''}: {message}")
        self.operation = operation
        self.code = code
        self.reason = reason
        self.message = message
        self.request_id = request_id
        self.at = at  # when AWS answered, by its own clock

    @property
    def do(self) -> str:
        """What helps when this says nothing about rights; "" when the answer itself has to be read."""
        return next((do for codes, do in DO.items() if self.code in codes), "")

    def after(self, seconds: float) -> "Refused":
        """The same, told with how long it was repeated in vain."""
        message = f"{self.message} (AWS still answered so after {seconds:.0f} s)"
        return Refused(self.operation, self.code, self.reason, message, self.request_id, self.at)


class Unsure(Exception):
    """The answer was lost, cut or a server's failure: the change may have been made, or may yet be."""

    def __init__(self, operation: str, cause: str) -> None:
        super().__init__(f"{operation}: {cause}")
        self.operation = operation
        self.cause = cause


def classify(operation: str, error: Exception) -> Refused | Unsure:
    """Read an exception as one of the two.

    botocore's parsers raise whatever they stumble over in an answer that makes no sense (KeyError, ValueError ...):
    what is not known to come before the request leaves is unsure. An error's text may hold the answer, and with it
    credentials: only its name is told.
    """
    if isinstance(error, ClientError):
        return _answered(operation, error.response)
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Refused(operation, "SSLError", "", str(error), "")  # no request leaves before the handshake is over
    if isinstance(error, LOST) or not isinstance(error, BotoCoreError):
        return Unsure(operation, type(error).__name__)
    if isinstance(error, SIGNED_OUT):
        return Refused(operation, "NoCredentials", "", str(error), "")
    return Refused(operation, type(error).__name__, "", str(error), "")


def as_refused(operation: str, error: Exception) -> Refused:
    """The same for what changes nothing: to be unsure of a read is to have no answer."""
    found = error if isinstance(error, Refused | Unsure) else classify(operation, error)
    return found if isinstance(found, Refused) else Refused(operation, "NoAnswer", "", found.cause, "")


def _answered(operation: str, response: Any) -> Refused | Unsure:
    error, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    code = str(error.get("Code", ""))
    if meta.get("HTTPStatusCode", 0) >= 500 and code not in THROTTLED:
        return Unsure(operation, f"{code} (HTTP {meta['HTTPStatusCode']})")
    reason = str(response.get("Reason") or error.get("Reason") or "")  # the model puts it at the top level
    message, request_id = str(error.get("Message", "")), str(meta.get("RequestId", ""))
    return Refused(operation, code, reason, message, request_id, time_of(response))
