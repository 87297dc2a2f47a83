"""AWS's rates for Organizations: a token bucket an operation and account. moto has no limits."""

from orgkit.sandbox.corrections.registry import differs, refusal
from orgkit.sandbox.world import world

# (a second, at once), from reliability.md 1.2. A failed call takes its token as a good one does. CreateAccount's alone
# always holds, since it decides how accounts are vended; the others unless the seed says otherwise.
CREATE_ACCOUNT = (0.1, 3.0)
RATES = {
    "CreateOrganization": (1.0, 1.0),
    "EnableAWSServiceAccess": (1.0, 2.0),
    "EnablePolicyType": (1.0, 1.0),
    "CreateOrganizationalUnit": (1.0, 2.0),
    "CreatePolicy": (2.0, 3.0),
    "AttachPolicy": (2.0, 3.0),
    "MoveAccount": (2.0, 3.0),
    "InviteAccountToOrganization": (3.0, 5.0),
    "AcceptHandshake": (1.0, 2.0),
    "RegisterDelegatedAdministrator": (1.0, 2.0),
    "TagResource": (4.0, 6.0),
    "DescribeOrganization": (1.0, 2.0),
    "ListRoots": (1.0, 2.0),
    "DescribeCreateAccountStatus": (2.0, 2.0),
}


@differs("organizations.throttling", moto="Organizations takes any number of requests a second.")
def check(account: str, operation: str) -> None:
    """Organizations answers TooManyRequestsException above a rate for each account and operation."""
    rates = {**(RATES if world().seed.throttling else {}), "CreateAccount": CREATE_ACCOUNT}
    if operation in rates and world().throttled(account, operation, *rates[operation]):
        message = "You have sent too many requests in too short a period of time."
        raise refusal("TooManyRequestsException", message)
