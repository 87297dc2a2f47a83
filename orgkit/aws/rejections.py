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

from orgkit.aws.clock import time_of

# Not committed: AWS says so, and the same request may be sent again after a while. (botocore's own retries
# know only the first group, and are off for mutations: one wire attempt each.)
THROTTLING_CODES = frozenset(
    {
        "TooManyRequestsException", "Throttling", "ThrottlingException", "ThrottledException",
        "RequestLimitExceeded", "RequestThrottled", "SlowDown", "BandwidthLimitExceeded", "PriorRequestNotComplete",
    }
)  # fmt: skip
CONFLICT_CODES = frozenset(
    {
        "ConcurrentModificationException", "ConcurrentModification", "ConflictException",
        "PolicyChangesInProgressException", "OperationAborted", "ConditionalRequestConflict",
    }
)  # fmt: skip
# CloudTrail may not see yet the policy that was just written; a policy that is wrong it will never like.
UNSEEN_CODES = frozenset({"InsufficientS3BucketPolicyException", "InsufficientEncryptionPolicyException"})
FINALIZING_CODES = frozenset({"FinalizingOrganizationException"})
NO_CAPACITY = "NoRoom"  # ours: all that we have of AWS's slots and throttles is taken, longer than we wait
# Nobody has to act: after its budget of seconds too, the same request makes sense later. (A policy that is NOT_SEEN_YET
# may be one that CloudTrail will never like.)
TRANSIENT_CODES = THROTTLING_CODES | CONFLICT_CODES | FINALIZING_CODES | {NO_CAPACITY}
# Without credentials nothing more can be done, whatever the step.
EXPIRED_CODES = frozenset(
    {
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
        "UnrecognizedClientException", "NoCredentials",
    }
)  # fmt: skip
# Nobody has answered, or nobody that can be understood: which says nothing about the credentials.
UNREACHABLE_CODES = frozenset(
    {"NoAnswer", "EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError"}
)
CREDENTIAL_ERRORS = (
    CredentialRetrievalError, LoginError, NoCredentialsError, PartialCredentialsError, SSOError, TokenRetrievalError,
)  # fmt: skip
# Those of botocore's errors that come after the request has left; the others come before.
LOST_RESPONSE_ERRORS = (
    HTTPClientError,
    SSLError,
    IncompleteReadError,
    ChecksumError,
    FlexibleChecksumError,
    PaginationError,
)

RERUN = "run the phase again: it goes on from here."
REMEDIES = {
    UNREACHABLE_CODES: f"AWS did not answer, or not in a way that can be understood: check the network, then {RERUN}",
    THROTTLING_CODES: f"AWS is asked too much at the moment: wait some minutes, then {RERUN}",
    CONFLICT_CODES: f"something else is changing the same thing: wait until it has ended, then {RERUN}",
    UNSEEN_CODES: f"CloudTrail does not accept the policy of its bucket or key, or does not see it yet: later {RERUN}",
    FINALIZING_CODES: f"AWS is still setting up the new organization, which takes up to an hour: later {RERUN}",
    EXPIRED_CODES: "sign in again and run the phase again under the same approval: it goes on from here.",
}


class Rejected(Exception):
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
    def remedy(self) -> str:
        """What helps when this says nothing about rights; "" when the answer itself has to be read."""
        return next((remedy for codes, remedy in REMEDIES.items() if self.code in codes), "")

    def with_seconds(self, seconds: float) -> "Rejected":
        """The same, told with how long it was repeated in vain."""
        message = f"{self.message} (AWS still answered so after {seconds:.0f} s)"
        return Rejected(self.operation, self.code, self.reason, message, self.request_id, self.at)


class OutcomeUnknown(Exception):
    """The answer was lost, cut or a server's failure: the change may have been made, or may yet be."""

    def __init__(self, operation: str, cause: str) -> None:
        super().__init__(f"{operation}: {cause}")
        self.operation = operation
        self.cause = cause


def classify(operation: str, error: Exception) -> Rejected | OutcomeUnknown:
    """Read an exception as one of the two.

    botocore's parsers raise whatever they stumble over in an answer that makes no sense (KeyError, ValueError ...):
    what is not known to come before the request leaves is unsure. An error's text may hold the answer, and with it
    credentials: only its name is told.
    """
    if isinstance(error, ClientError):
        return _answered(operation, error.response)
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Rejected(operation, "SSLError", "", str(error), "")  # no request leaves before the handshake is over
    if isinstance(error, LOST_RESPONSE_ERRORS) or not isinstance(error, BotoCoreError):
        return OutcomeUnknown(operation, type(error).__name__)
    if isinstance(error, CREDENTIAL_ERRORS):
        return Rejected(operation, "NoCredentials", "", _credential_message(error), "")
    return Rejected(operation, type(error).__name__, "", str(error), "")


def _credential_message(error: BotoCoreError) -> str:
    """What botocore says; of a credential_process it says what that printed, which may be the credentials."""
    if isinstance(error, CredentialRetrievalError) and error.kwargs.get("provider") == "custom-process":
        return (
            "the command of credential_process gave no credentials; what it printed is not recorded, as it may hold "
            "them: run the command in a terminal to see it"
        )
    return str(error)


def as_rejected(operation: str, error: Exception) -> Rejected:
    """The same for what changes nothing: to be unsure of a read is to have no answer."""
    outcome = error if isinstance(error, Rejected | OutcomeUnknown) else classify(operation, error)
    return outcome if isinstance(outcome, Rejected) else Rejected(operation, "NoAnswer", "", outcome.cause, "")


def _answered(operation: str, response: Any) -> Rejected | OutcomeUnknown:
    error, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    code = str(error.get("Code", ""))
    if meta.get("HTTPStatusCode", 0) >= 500 and code not in THROTTLING_CODES:
        return OutcomeUnknown(operation, f"{code} (HTTP {meta['HTTPStatusCode']})")
    reason = str(response.get("Reason") or error.get("Reason") or "")  # the model puts it at the top level
    message, request_id = str(error.get("Message", "")), str(meta.get("RequestId", ""))
    return Rejected(operation, code, reason, message, request_id, time_of(response))
