"""AWS Account Management: the service by which the management account changes names and contacts of its members."""

from orgkit.model.observed import Observed

ACCOUNT_MANAGEMENT = "account.amazonaws.com"
ENABLE_IT = f"add {ACCOUNT_MANAGEMENT} to organization.trusted_access and run 01-organization"


def can_change_accounts(observed: Observed) -> bool:
    """Return whether it has trusted access, without which AWS changes no member from the management account."""
    return observed.organization is not None and ACCOUNT_MANAGEMENT in observed.organization.trusted_access
