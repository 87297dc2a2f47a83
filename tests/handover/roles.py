"""Terraform's role with the policy that `orgkit handover permissions` prints, and what must stay as it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.bootstrap.project import Stage, keys_of_role
from tests.handover.stages import HandedOver
from tests.sandbox.terraform_plan import Terraform

ROLE = "terraform"
KEYS = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
        "aws_session_token": "AWS_SESSION_TOKEN"}  # fmt: skip
# What differs from one look to the next although nothing was changed.
VOLATILE = ("AssumedRole", "AccessKey", "AccountSummary")
LAST_USE = ("last_used", "last_used_region", "role_last_used")


@dataclass(frozen=True)
class RoleTerraform(Terraform):
    """Terraform with the credentials of a role."""

    keys: Mapping[str, str] = None  # type: ignore[assignment]  # a default, since those of the base class come first

    def environment(self) -> dict[str, str]:
        usual = {name: value for name, value in super().environment().items() if name != "AWS_PROFILE"}
        return {**usual, **{KEYS[name]: value for name, value in self.keys.items()}}


@dataclass(frozen=True)
class WithRole(HandedOver):
    """A hand-over that Terraform applies as its role."""

    keys: Mapping[str, str] = None  # type: ignore[assignment]

    @property
    def terraform(self) -> Terraform:
        return RoleTerraform(self.folder, self.stage, self.keys)


def as_terraform_role(handed: HandedOver) -> WithRole:
    """Make the role, with the printed policy and no other."""
    account = handed.stage.seed.management_account_id
    printed = handed.stage.project.orgkit("handover", "permissions", "management").stdout
    iam = handed.stage.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=printed)
    return WithRole(handed.stage, handed.folder, keys_of_role(handed.stage.client("sts"), account, ROLE))


def state_of(stage: Stage) -> dict[str, Any]:
    """Everything that the server has, without what each call leaves behind."""
    dump = stage.sandbox._ask("/moto-api/data.json")
    return {
        f"{service} {kind}": [{name: value for name, value in item.items() if name not in LAST_USE} for item in items]
        for service, classes in dump.items()
        for kind, items in classes.items()
        if kind not in VOLATILE
    }
