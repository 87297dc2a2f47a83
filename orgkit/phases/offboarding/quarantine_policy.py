"""The policy of the quarantine: it denies all to everybody but the roles that can rescue the account."""

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.offboarding import OffboardingSpec
from orgkit.phases.policies.spec import PoliciesSpec

# What stays allowed to everybody, the root user included: the owner of an account has to be able to ask AWS for help,
# and to see and pay its bills.
STAYS_ALLOWED = (
    "aws-portal:View*", "billing:Get*", "ce:Get*", "consolidatedbilling:Get*", "invoicing:Get*",
    "payments:Get*", "payments:List*", "payments:MakePayment", "support:*",
)  # fmt: skip


def rescuers(desired: Desired) -> tuple[str, ...]:
    """Return the names of the roles that the policy does not bind: of orgkit, and for emergencies."""
    access_roles = {entry.role_name for entry in desired.section(OffboardingSpec).accounts}
    return tuple(sorted({READ_ROLE, *access_roles, *_break_glass_roles(desired)}))


def quarantine_policy(desired: Desired) -> str:
    """Return the document.

    A role of an account in quarantine can be made by these roles alone, so that nobody else can take their names.
    Roles that are linked to a service are bound by no SCP. Each account has its own access role, and no other.
    """
    entries = desired.section(OffboardingSpec).accounts
    principals = {f"arn:aws:iam::{entry.account}:role/{entry.role_name}" for entry in entries}
    principals |= {f"arn:aws:iam::*:role/{role}" for role in (READ_ROLE, *_break_glass_roles(desired))}
    statement = {
        "Sid": "DenyAllButRescuers",
        "Effect": "Deny",
        "NotAction": list(STAYS_ALLOWED),
        "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": sorted(principals)}},
    }
    return compact_json({"Version": "2012-10-17", "Statement": [statement]})


def _break_glass_roles(desired: Desired) -> tuple[str, ...]:
    return tuple(desired.section(PoliciesSpec).break_glass_roles)
