"""What botocore raises before AWS has answered: where the cause lies, and a command that helps, by the error's class.

None of these errors says anything about the caller's rights. They come from the AWS configuration of this machine, from
its credentials, its network or its packages.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from orgkit.errors import ExtraMissing, OrgkitError, Unexpected, Unreachable, WrongAccount, WrongPlace


class Kind(Enum):
    """Where the cause lies, and so which error of orgkit it becomes."""

    CREDENTIALS = auto()
    CONFIGURATION = auto()
    NETWORK = auto()
    PACKAGES = auto()
    ORGKIT = auto()  # orgkit should not have asked for that


@dataclass(frozen=True)
class Cause:
    """A kind, and what helps; `{profile}` and `{source}` stand for the AWS CLI's option --profile."""

    kind: Kind
    remedy: str


RERUN = "then run the same command again."
RERUN_PHASE = "then run the phase again: it goes on from here."
UNSET_KEYS = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
EXPORT = 'eval "$(aws configure export-credentials{profile} --format env)"'

SIGN_IN_COMMANDS = {
    "assume-role": f"`{EXPORT}` in a terminal",
    "custom-process": "with the program of credential_process",
    "env": f"`{UNSET_KEYS}` and `aws login{{source}}`, or export new ones",
    "sso": "`aws sso login{source}`",
}


def _causes(kind: Kind, remedy: str, *names: str) -> Mapping[str, Cause]:
    return dict.fromkeys(names, Cause(kind, remedy))


CREDENTIAL_CAUSES: Mapping[str, Cause] = {
    **_causes(
        Kind.CREDENTIALS,
        f"sign in: `aws login{{source}}` (or set AWS_PROFILE to a profile that has credentials), {RERUN}",
        "NoCredentials",
        "NoCredentialsError",
    ),
    **_causes(Kind.CREDENTIALS, f"`aws sso login{{source}}`, {RERUN}",
              "NoAuthTokenError", "SSOError", "SSOTokenLoadError", "TokenRetrievalError", "UnauthorizedSSOTokenError"),
    **_causes(Kind.CREDENTIALS, f"`aws login{{source}}`, {RERUN}",
              "LoginAuthorizationCodeError", "LoginError", "LoginRefreshRequired", "LoginTokenLoadError"),
    "LoginInsufficientPermissions": Cause(
        Kind.CREDENTIALS,
        "attach AWS's managed policy SignInLocalDevelopmentAccess (or what `orgkit permissions` prints) to the user, "
        f"in the console; then `aws login{{source}}`, {RERUN}",
    ),
    "PartialCredentialsError": Cause(
        Kind.CREDENTIALS,
        f"set all of them or none: `{UNSET_KEYS}` for those of the environment, `aws configure{{profile}}` for those "
        f"of a file; {RERUN}",
    ),
    "CredentialProcessError": Cause(
        Kind.CREDENTIALS,
        "run the command of credential_process in a terminal (`aws configure get credential_process{profile}` prints "
        f"it), {RERUN}",
    ),
    **_causes(
        Kind.CREDENTIALS,
        f"`aws configure list{{profile}}` shows where the credentials come from; correct that source, {RERUN}",
        "CredentialRetrievalError", "UnknownCredentialError", "UnknownTokenProviderError", "UnreadableCredentials",
    ),
    "MetadataRetrievalError": Cause(
        Kind.CREDENTIALS,
        "the endpoint that AWS_CONTAINER_CREDENTIALS_FULL_URI (or _RELATIVE_URI) names has to answer: look at the role "
        "of the task or pod. Elsewhere "
        "`unset AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, "
        f"{RERUN}",
    ),
    **_causes(
        Kind.CREDENTIALS,
        f"`{EXPORT}` in a terminal asks for the code and puts temporary credentials into the environment; {RERUN}",
        "MFAPromptUnavailable",
        "RefreshWithMFAUnsupportedError",
    ),
    "ProfileNotFound": Cause(
        Kind.CONFIGURATION,
        "`aws configure list-profiles` prints the profiles that are there: name one of them with --profile, or "
        f"`unset AWS_PROFILE`; {RERUN}",
    ),
    **_causes(Kind.CONFIGURATION, f"correct that file, or `unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE`; {RERUN}",
              "ConfigNotFound", "ConfigParseError"),
    **_causes(
        Kind.CONFIGURATION,
        f"`aws configure list{{profile}}` shows the profile in use; correct the setting that is named above, {RERUN}",
        "InfiniteLoopConfigError", "InvalidConfigError",
    ),
    "MissingDependencyException": Cause(Kind.PACKAGES, "python -m pip install 'botocore[crt]'"),
}  # fmt: skip
OTHER_CAUSES: Mapping[str, Cause] = {
    **_causes(
        Kind.CONFIGURATION,
        "correct or remove that setting in ~/.aws/config (AWS_CONFIG_FILE), or in the environment variable of its name "
        f"(`env | grep ^AWS_` prints those); {RERUN}",
        "InvalidChecksumConfigError", "InvalidDefaultsMode", "InvalidEndpointConfigurationError",
        "InvalidEndpointDiscoveryConfigurationError", "InvalidIMDSEndpointError", "InvalidIMDSEndpointModeError",
        "InvalidMaxRetryAttemptsError", "InvalidProxiesConfigError", "InvalidRetryConfigurationError",
        "InvalidRetryModeError", "InvalidS3AddressingStyleError", "InvalidS3UsEast1RegionalEndpointConfigError",
        "InvalidSTSRegionalEndpointsConfigError", "UnknownSignatureVersionError",
        "UnsupportedS3AccesspointConfigurationError", "UnsupportedS3ConfigurationError",
        "UnsupportedS3ControlConfigurationError", "UnsupportedSignatureVersionError",
    ),
    **_causes(
        Kind.CONFIGURATION,
        "compare home_region of the parameters file with `aws account list-regions`, and "
        f"`unset AWS_USE_FIPS_ENDPOINT AWS_USE_DUALSTACK_ENDPOINT` (use_... of the profile); {RERUN}",
        "BaseEndpointResolverError", "EndpointProviderError", "EndpointResolutionError", "EndpointVariantError",
        "InvalidRegionError", "NoRegionError", "ServiceNotInRegionError", "UnknownEndpointError",
        "UnknownFIPSEndpointError", "UnknownRegionError",
    ),
    **_causes(
        Kind.NETWORK,
        "AWS did not answer, or its answer could not be parsed: check the network, a proxy, the region in the "
        f"address, and ORGKIT_ENDPOINT_URL (a sandbox may have ended); {RERUN_PHASE}",
        "ConnectTimeoutError", "ConnectionError", "EndpointConnectionError", "NoAnswer", "CapacityNotAvailableError",
    ),
    "ProxyConnectionError": Cause(
        Kind.NETWORK,
        "correct the proxy (`env | grep -i _proxy` prints it), or "
        f"`unset HTTPS_PROXY https_proxy HTTP_PROXY http_proxy`; {RERUN_PHASE}",
    ),
    "SSLError": Cause(
        Kind.NETWORK,
        "the certificate is not of an authority that this machine knows, as behind a proxy that reads traffic: "
        f"`export AWS_CA_BUNDLE=` the PEM file of your company's authority; {RERUN_PHASE}",
    ),
    "CABundleError": Cause(
        Kind.CONFIGURATION,
        "name a PEM file that can be read, or `unset AWS_CA_BUNDLE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE` and remove "
        f"ca_bundle from the profile (`aws configure get ca_bundle{{profile}}` prints it); {RERUN}",
    ),
    **_causes(Kind.PACKAGES, "python -m pip install --force-reinstall boto3 botocore",
              "ApiVersionNotFoundError", "DataNotFoundError", "MD5UnavailableError", "UnknownServiceError",
              "UnknownServiceStyle", "UnsupportedServiceProtocolsError", "UnknownEndpointResolutionBuiltInName"),
}  # fmt: skip
CAUSES = {**CREDENTIAL_CAUSES, **OTHER_CAUSES}
# Without credentials nothing more can be done, whatever the step.
CREDENTIAL_CODES = frozenset(CREDENTIAL_CAUSES)
ERRORS: Mapping[Kind, type[OrgkitError]] = {
    Kind.CREDENTIALS: WrongAccount,
    Kind.CONFIGURATION: WrongPlace,
    Kind.NETWORK: Unreachable,
    Kind.PACKAGES: ExtraMissing,
    Kind.ORGKIT: Unexpected,
}


def code_of(error: Exception) -> str:
    """Return the name of the error's class, or of the next class above it that has a remedy here."""
    names = [base.__name__ for base in type(error).__mro__]
    return next((name for name in names if name in CAUSES), names[0])


def sign_in_command(method: str, profile: str, source: str) -> str:
    """Return what a person types to sign in again, by botocore's name for where the credentials come from."""
    return (
        SIGN_IN_COMMANDS.get(method, "`aws login{source}`")
        .replace("{profile}", _option(profile))
        .replace("{source}", _option(source))
    )


def _option(profile: str) -> str:
    return f" --profile {shlex.quote(profile)}" if profile and profile != "default" else ""


def local_remedy(code: str, profile: str = "", source: str = "") -> str:
    """Return what helps against an error of botocore; "" for a code that is none of these.

    Args:
        code: What `code_of` returned.
        profile: The profile in use; "" for the default one.
        source: The profile that a person signs in to: a role names it as the source of its credentials.
    """
    cause = CAUSES.get(code)
    if cause is None:
        return ""
    return cause.remedy.replace("{profile}", _option(profile)).replace("{source}", _option(source))


def local_error(code: str, message: str, remedy: str) -> OrgkitError | None:
    """Return the error of orgkit for an error of botocore; None for a code that is none of these."""
    cause = CAUSES.get(code)
    return ERRORS[cause.kind](message, remedy) if cause else None
