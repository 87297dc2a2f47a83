"""A service that refuses a token which STS accepts: a session without MFA, a region that is not enabled, a new account.

AWS uses the codes of credentials that have ended for all of these, and signing in again helps with none.
"""

from collections.abc import Callable

from orgkit.aws.local_errors import UNSET_KEYS
from orgkit.aws.rejections import Rejected
from orgkit.errors import REGION_NOT_ENABLED, SESSION_WITHOUT_MFA, TOKEN_NOT_ACCEPTED

TOKEN_CODES = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidToken")
# Said of other mistakes too: they mean the token only where the region may be off. S3 answers a HEAD without a code.
REGION_CODES = (*TOKEN_CODES, "AuthFailure", "OptInRequired", "400")
# Every later region has to be enabled in each account. [AWS Account Management Reference Guide, "Enable or disable AWS
# Regions in your account"]
ENABLED_BY_DEFAULT = frozenset(
    {
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
        "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
        "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    }
)  # fmt: skip


def may_refuse_token(rejection: Rejected, region: str) -> bool:
    """Return whether STS has to be asked what a rejection means."""
    codes = TOKEN_CODES if region in ENABLED_BY_DEFAULT else REGION_CODES
    return rejection.code in codes and not rejection.operation.startswith("sts:")


def explain_refused_token(
    rejection: Rejected, *, region: str, account: str, is_member: bool, caller_arn: str
) -> Rejected:
    """Return the rejection with a code, and a remedy, that say why a token is refused although STS accepts it.

    Args:
        rejection: What a service answered, other than STS.
        region: Of the endpoint.
        account: The account in which the call was made.
        is_member: Whether that is a member account, entered through a role.
        caller_arn: Who calls, as STS names it.
    """
    if region not in ENABLED_BY_DEFAULT:
        return rejection.explained(REGION_NOT_ENABLED, enable_region(region, account, is_member=is_member))
    if rejection.operation.startswith("iam:") and ":assumed-role/" not in caller_arn:
        return rejection.explained(SESSION_WITHOUT_MFA, begin_with_mfa(caller_arn))
    return rejection.explained(
        TOKEN_NOT_ACCEPTED,
        "AWS's STS accepts these credentials and this service does not, as in the first minutes of an account: run the "
        "same command again in some minutes.",
    )


def enable_region(region: str, account: str, *, is_member: bool) -> str:
    """Return the commands that enable a region in an account, and show when that has ended."""
    option = f" --account-id {account}" if is_member else ""
    trusted = (
        " (as the management account; it needs `aws organizations enable-aws-service-access --service-principal "
        "account.amazonaws.com`)"
    )
    return (
        f"`aws account enable-region --region-name {region}{option}`{trusted if is_member else ''}; it takes minutes "
        f"to hours: `aws account get-region-opt-status --region-name {region}{option}` has to say ENABLED. If it does "
        "already, the session is of the global STS endpoint, which such a region refuses: `export "
        "AWS_STS_REGIONAL_ENDPOINTS=regional` and begin a new one. Then run the same command again."
    )


def begin_with_mfa(caller_arn: str) -> str:
    """Return the command that begins a session which IAM accepts. [IAM User Guide, GetSessionToken]"""
    account, name = caller_arn.split(":", 5)[4:]
    name = "root-account-mfa-device" if name == "root" else name.rpartition("/")[2]
    command = f"aws sts get-session-token --serial-number arn:aws:iam::{account}:mfa/{name} --token-code"
    return (
        f"`{UNSET_KEYS}`, then `aws login`, or `{command}` with the code of the MFA device: IAM refuses "
        "sessions of a user that were begun without MFA, and federated ones. Then run the same command again."
    )


def accepts(identify: Callable[[], object]) -> bool:
    """Return whether STS knows the credentials; that it could not be asked says nothing for them."""
    try:
        identify()
    except Rejected:
        return False
    return True
