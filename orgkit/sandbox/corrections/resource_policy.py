"""The resource policy of the organization, by which it delegates the management of policies."""

import json
from typing import Any

from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.policies import check_document
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

SOURCE = "The model of the API."


@corrects(OrganizationsResponse, moto="PutResourcePolicy is not there.", source=SOURCE)
def put_resource_policy(self: OrganizationsResponse) -> str:
    """PutResourcePolicy replaces the one policy of the organization."""
    content = self.request_params["Content"]
    check_document(content)
    world().state["resource_policy"] = content
    return json.dumps(_answer(self, content))


@corrects(OrganizationsResponse, moto="DescribeResourcePolicy is not there.", source=SOURCE)
def describe_resource_policy(self: OrganizationsResponse) -> str:
    """DescribeResourcePolicy refuses where the organization has none."""
    content = world().state.get("resource_policy")
    if content is None:
        raise refusal("ResourcePolicyNotFoundException", "We can't find a resource policy request.")
    return json.dumps(_answer(self, content))


def _answer(response: OrganizationsResponse, content: str) -> dict[str, Any]:
    organization = response.organizations_backend.org
    policy_id = f"rp-{ids.derive(8, 'resource-policy', organization.id)}"
    arn = f"arn:aws:organizations::{organization.master_account_id}:resourcepolicy/{organization.id}/{policy_id}"
    return {"ResourcePolicy": {"ResourcePolicySummary": {"Id": policy_id, "Arn": arn}, "Content": content}}
