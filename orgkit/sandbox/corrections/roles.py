"""IAM roles that AWS creates automatically, and the managed policies that they need."""

import json
from typing import Any

from moto.iam.exceptions import EntityAlreadyExists
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, iam_backends

from orgkit.sandbox.corrections.registry import corrects, differs

ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
READ_ACTIONS = ["*:Get*", "*:List*", "*:Describe*", "*:View*", "*:BatchGet*", "*:Search*"]
# The few that a bootstrap attaches. All of AWS's, parsed by moto for each account, would cost 60 ms an account.
MANAGED_POLICIES = {
    "AdministratorAccess": ("/", ALLOW_ALL),
    "PowerUserAccess": ("/", ALLOW_ALL),
    "ReadOnlyAccess": ("/", None),
    "SecurityAudit": ("/", None),
    "ViewOnlyAccess": ("/job-function/", None),
    "Billing": ("/job-function/", None),
    "AWSBillingReadOnlyAccess": ("/", None),
    "AWSOrganizationsReadOnlyAccess": ("/", None),
    "AWSCloudTrail_ReadOnlyAccess": ("/", None),
    "IAMReadOnlyAccess": ("/", None),
    "IAMUserChangePassword": ("/", None),
}


@corrects(IAMBackend, moto="An account has no managed policies, unless all are loaded for each account, which is slow.")
def _init_aws_policies(self: IAMBackend) -> list[AWSManagedPolicy]:
    """An account has AWS's managed policies (here the few that a bootstrap attaches)."""
    return [_managed_policy(self, name, path, document) for name, (path, document) in MANAGED_POLICIES.items()]


def _managed_policy(backend: IAMBackend, name: str, path: str, document: dict[str, Any] | None) -> AWSManagedPolicy:
    reading = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": READ_ACTIONS, "Resource": "*"}]}
    long_ago = "2015-02-06T18:40:00+00:00"
    data = {"DefaultVersionId": "v1", "Path": path, "Document": document or reading}
    return AWSManagedPolicy.from_data(
        name, backend.account_id, backend.region_name, {**data, "CreateDate": long_ago, "UpdateDate": long_ago}
    )


def default_document(policy: ManagedPolicy) -> str:
    """Return the document of a managed policy's default version."""
    return str(next(version.document for version in policy.versions if version.is_default))


@differs("new_account.access_role", moto="The access role has no policy, and is there at once.")
def create_access_role(account: str, role_name: str, management: str) -> None:
    """The access role of a created account is an administrator, and can be assumed only after a while."""
    iam = iam_backends[account]["aws"]
    principal = {"AWS": f"arn:aws:iam::{management}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    try:
        iam.create_role(role_name, json.dumps(trust), "/", None, "", [], "3600")
    except EntityAlreadyExists:
        return
    iam.attach_role_policy("arn:aws:iam::aws:policy/AdministratorAccess", role_name)
