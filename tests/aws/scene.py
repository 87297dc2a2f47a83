"""An organization on the wire that lacks one thing, and the whole way through the library, from connecting on."""

from pathlib import Path
from unittest.mock import patch

import orgkit
from orgkit.engine import approve as approve_module
from orgkit.model.outcome import Outcomes
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.plans.loader import MANAGEMENT, ORGANIZATION, desired_of

ARN = f"arn:aws:sts::{MANAGEMENT}:assumed-role/operator/jane"
LACKING, CHANGE = "cloudtrail.amazonaws.com", "EnableAWSServiceAccess"
ROOT_USER = "".join(
    f"<entry><key>{key}</key><value>{value}</value></entry>"
    for key, value in (("AccountMFAEnabled", 1), ("AccountAccessKeysPresent", 0))
)
READS = {
    "GetCallerIdentity", "DescribeOrganization", "ListRoots", "ListAWSServiceAccessForOrganization",
    "ListOrganizationsFeatures", "GetResources", "ListOrganizationalUnitsForParent", "ListAccounts",
    "ListTagsForResource", "GetAccountSummary", "POST",
}  # fmt: skip


def identity(arn: str = ARN) -> Answer:
    account = arn.split(":")[4]
    message = f"<Account>{account}</Account><UserId>U</UserId><Arn>{arn}</Arn>"
    return Answer(200, xml("GetCallerIdentity", message), "text/xml")


def xml(operation: str, inner: str) -> str:
    return f"<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>"


def set_up(wire: Wire) -> None:
    """Everything is as the file asks, but for one trusted service."""
    types = [{"Type": f"{name}_CONTROL_POLICY", "Status": "ENABLED"} for name in ("SERVICE", "RESOURCE")]
    features = "".join(f"<member>{name}</member>" for name in ("RootCredentialsManagement", "RootSessions"))
    listed = xml("ListOrganizationsFeatures", f"<EnabledFeatures>{features}</EnabledFeatures>")
    wire.always |= {
        "GetCallerIdentity": identity(),
        "DescribeOrganization": described(),
        "ListRoots": Answer.json(Roots=[{"Id": "r-root", "PolicyTypes": types}]),
        "ListAWSServiceAccessForOrganization": Answer.json(
            EnabledServicePrincipals=[{"ServicePrincipal": "iam.amazonaws.com"}]
        ),
        "ListOrganizationsFeatures": Answer(200, listed, "text/xml"),
        "GetResources": Answer.json(ResourceTagMappingList=[]),
        "ListOrganizationalUnitsForParent": Answer.json(OrganizationalUnits=[]),
        "ListAccounts": Answer.json(Accounts=[]),
        "GetAccountSummary": Answer(200, xml("GetAccountSummary", f"<SummaryMap>{ROOT_USER}</SummaryMap>"), "text/xml"),
        "POST": Answer.json(AccountState="ACTIVE"),  # GetAccountInformation, which has a path and no name
        CHANGE: Answer(200, ""),
    }


def described(organization: str = ORGANIZATION, management: str = MANAGEMENT) -> Answer:
    return Answer.json(Organization={"Id": organization, "MasterAccountId": management, "FeatureSet": "ALL"})


def go(clock: CountingClock, changes: Path | None = None, outputs: Path | None = None) -> Outcomes:
    """Connect, read, plan, approve and apply phase 01."""
    desired = desired_of(changes)
    aws = orgkit.connect(desired, clock=clock)
    with patch.object(approve_module, "clock_of", lambda: clock):  # the wire has a time of its own
        plan = orgkit.plan("organization", orgkit.observe(aws, desired, "organization"), desired)
        approval = orgkit.approve(plan, plan.digest, asserted_by="Jane")
    return orgkit.apply(aws, desired, plan, approval, outputs=outputs)
