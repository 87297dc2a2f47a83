"""New ids in a sandbox that begins with a copy: none is one that the copy has, and a repetition gives the same ones."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from orgkit.sandbox.ids import one_time_code
from orgkit.sandbox.snapshot import Snapshot
from tests.sandbox.conftest import MANAGEMENT, SEED, World

NOW = "2026-12-01T12:00:00Z"
DOCUMENT = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "x:*", "Resource": "*"}]}'
KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}, "Action": "kms:*",
             "Resource": "*"}
        ],
    }
)  # fmt: skip
GUEST = {"Type": "EMAIL", "Id": "guest@corp.example"}


def make_everything(world: World) -> dict[str, str]:
    """One of each, by kind; returns the ids."""
    organizations, root = world.client("organizations"), world.root()
    unit = organizations.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]
    made = organizations.create_policy(Name="Deny", Description="", Content=DOCUMENT, Type="SERVICE_CONTROL_POLICY")
    handshake = organizations.invite_account_to_organization(Target=GUEST)["Handshake"]
    key = world.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]
    return {
        "unit": unit["Id"], "policy": made["Policy"]["PolicySummary"]["Id"], "handshake": handshake["Id"],
        "key": key["KeyId"], "account": world.account("shop"),
    }  # fmt: skip


def copy_with(ids: dict[str, str], organization: Any, root: str) -> Snapshot:
    """The same ids under other names, as after renames in the organization that was copied."""
    account = {"parent_id": root, "state": "ACTIVE", "joined_method": "CREATED", "joined_at": NOW}
    management = {**account, "id": MANAGEMENT, "name": "corp", "email": "aws@corp.example", "joined_method": "INVITED"}
    return Snapshot.model_validate(
        {
            "schema": 1,
            "taken_at": NOW,
            "organization": {
                "id": organization["Id"], "root_id": root, "feature_set": "ALL", "management_account_id": MANAGEMENT,
                "management_email": "aws@corp.example", "policy_types": ["SERVICE_CONTROL_POLICY"],
            },
            "units": [{"id": ids["unit"], "parent_id": root, "name": "Loads"}],
            "accounts": [management, {**account, "id": ids["account"], "name": "store", "email": "store@corp.example"}],
            "handshakes": [
                {"id": ids["handshake"], "action": "INVITE", "state": "CANCELED", "requested_at": NOW,
                 "expires_at": NOW, "party_type": "EMAIL", "party_id": "other@corp.example"}
            ],
            "policies": [
                {"id": ids["policy"], "name": "Refuse", "type": "SERVICE_CONTROL_POLICY", "content": DOCUMENT}
            ],
            "keys": [
                {"arn": f"arn:aws:kms:us-east-1:{MANAGEMENT}:key/{ids['key']}", "policy": KEY_POLICY, "created_at": NOW}
            ],
        }
    )  # fmt: skip


def test_what_is_made_has_an_id_of_its_own_where_the_copy_has_the_derived_one(begin: Callable[..., World]) -> None:
    world = begin(SEED)
    organization = world.organization().describe_organization()["Organization"]
    world.sandbox.sleep(100)
    first, root = make_everything(world), world.root()
    seed = replace(SEED, organization_id=organization["Id"], snapshot=copy_with(first, organization, root).to_json())
    second = make_everything(begin(seed))
    again = make_everything(begin(seed))
    assert {kind: second[kind] for kind in first if second[kind] == first[kind]} == {}
    assert again == second


def test_an_account_whose_email_was_changed_does_not_lend_its_id_to_the_next_with_the_old_email(world: World) -> None:
    organizations = world.organization()
    world.sandbox.sleep(100)
    first = world.account("shop")
    organizations.enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    target = {"AccountId": first, "PrimaryEmail": "new@corp.example"}
    world.client("account").start_primary_email_update(**target)
    world.client("account").accept_primary_email_update(**target, Otp=one_time_code("new@corp.example"))
    assert world.account("shop") not in ("", first)
