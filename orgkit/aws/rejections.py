"""What an answer of AWS means for a mutation: refused and repeatable, refused for good, or unsure."""

import os
from datetime import datetime
from typing import Any

import orgkit.aws.crt  # noqa: F401  # before botocore

# isort: split
from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    PaginationError,
    SSLError,
)

from orgkit.aws.clock import time_of
from orgkit.aws.denials import IDENTITY, Denial, denial_of, is_explicit
from orgkit.aws.local_errors import CREDENTIAL_CODES, code_of, local_remedy, sign_in_command

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
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "InvalidToken",
        "UnrecognizedClientException", *CREDENTIAL_CODES,
    }
)  # fmt: skip
# Nobody has answered, or nobody that can be understood: which says nothing about the credentials.
UNREACHABLE_CODES = frozenset(
    {"NoAnswer", "EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError"}
)
# What Python reports of the file with trusted certificates, by which no connection can begin.
CA_BUNDLE_WORDS = ("[Errno 2]", "[Errno 13]", "[Errno 20]", "[Errno 21]", "[X509", "[SSL] PEM lib")
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
SAME_COMMAND = "run the same command again, with the same approval if it had one: it goes on from here."
REMEDIES = {
    UNREACHABLE_CODES: f"AWS did not answer, or its answer could not be parsed: check the network, then {RERUN}",
    THROTTLING_CODES: f"AWS throttles requests at the moment: wait some minutes, then {RERUN}",
    CONFLICT_CODES: f"another request is changing the same resource: wait until it has ended, then {RERUN}",
    UNSEEN_CODES: f"CloudTrail does not accept the policy of its bucket or key, or does not see it yet: later {RERUN}",
    EXPIRED_CODES: f"sign in again, then {SAME_COMMAND}",
    FINALIZING_CODES: f"AWS is still setting up the new organization, which takes up to an hour: later {RERUN}",
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
        self.profile = ""  # of the AWS configuration
        self.source = ""  # the profile that a person signs in to: a role names it as the source of its credentials
        self.method = ""  # botocore's name for where the credentials come from
        self._remedy = ""

    @property
    def remedy(self) -> str:
        """What helps where AWS's answer says so; "" when a right may be missing, or the answer has to be read."""
        if self._remedy:
            return self._remedy
        if self.code in EXPIRED_CODES - CREDENTIAL_CODES:
            command = sign_in_command(self.method, self.profile, self.source)
            return f"sign in again: {command}; then {SAME_COMMAND}"
        denial = self.denial
        if denial is not None and (denial.explicit or denial.kind not in ("", IDENTITY)):
            return denial.remedy
        return local_remedy(self.code, self.profile, self.source) or next(
            (remedy for codes, remedy in REMEDIES.items() if self.code in codes), ""
        )

    @property
    def denial(self) -> Denial | None:
        """What AWS says of the policy that denies it; None when it was rejected for something else."""
        return denial_of(self.code, self.message)

    @property
    def is_final(self) -> bool:
        """Whether a policy denies it explicitly, so that waiting never helps."""
        return is_explicit(self.code, self.message)

    def with_seconds(self, seconds: float) -> "Rejected":
        """The same rejection, with how long the call was retried."""
        return self._copy(message=f"{self.message} (AWS still answered so after {seconds:.0f} s)")

    def explained(self, code: str, remedy: str) -> "Rejected":
        """The same under a code of orgkit's, with AWS's own as the reason."""
        copy = self._copy(code=code, reason=self.code)
        copy._remedy = remedy
        return copy

    def _copy(self, *, code: str | None = None, reason: str | None = None, message: str | None = None) -> "Rejected":
        copy = Rejected(
            self.operation,
            self.code if code is None else code,
            self.reason if reason is None else reason,
            self.message if message is None else message,
            self.request_id,
            self.at,
        )
        copy.profile, copy.source, copy.method = self.profile, self.source, self.method
        copy._remedy = self._remedy
        return copy


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
    credentials: only its name is shown.
    """
    if isinstance(error, ClientError):
        return _answered(operation, error.response)
    if isinstance(error, SSLError) and any(words in str(error) for words in CA_BUNDLE_WORDS):
        return Rejected(operation, "CABundleError", "", f"{_ca_bundle()} cannot be used: {error}", "")
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Rejected(operation, "SSLError", "", str(error), "")  # no request leaves before the handshake is over
    if isinstance(error, LOST_RESPONSE_ERRORS) or not isinstance(error, BotoCoreError):
        return OutcomeUnknown(operation, type(error).__name__)
    return Rejected(operation, *_local_code_and_message(error), "")


def _local_code_and_message(error: BotoCoreError) -> tuple[str, str, str]:
    """What botocore says; of a credential_process it says what that printed, which may be the credentials."""
    provider = error.kwargs.get("provider") if isinstance(error, CredentialRetrievalError) else None
    if provider == "custom-process":
        message = (
            "the command of credential_process gave no credentials; what it printed is not recorded, as it may hold "
            "them: run the command in a terminal to see it"
        )
        return "CredentialProcessError", "", message
    return ("MetadataRetrievalError" if provider == "container-role" else code_of(error)), "", str(error)


def _ca_bundle() -> str:
    """Where the path of the trusted certificates stands."""
    names = (name for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE") if os.environ.get(name))
    name = next(names, "")
    return (
        f"the CA bundle {os.environ[name]!r} ({name})" if name else "the CA bundle of the AWS configuration (ca_bundle)"
    )


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
