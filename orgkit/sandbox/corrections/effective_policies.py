"""Effective policies of the types with settings: the documents on the way from the root to an account, merged."""

import json
from typing import Any

from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.policy_evaluation.policy_types import GRAMMAR_OF_IAM
from orgkit.sandbox.corrections.paths import chain
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world


@corrects(OrganizationsResponse, moto="DescribeEffectivePolicy is not there.")
def describe_effective_policy(self: OrganizationsResponse) -> str:
    """DescribeEffectivePolicy merges the documents of a type from the root to an account, with their operators."""
    backend, parameters = self.organizations_backend, self.request_params
    kind, target = parameters["PolicyType"], parameters.get("TargetId", self.current_account)
    if kind in GRAMMAR_OF_IAM:
        raise refusal("InvalidInputException", "You specified an invalid value.", "INVALID_ENUM_POLICY_TYPE")
    documents = _documents(backend, kind, target)
    if not documents:
        raise refusal("EffectivePolicyNotFoundException", "There is no effective policy of this type for the target.")
    content: dict[str, Any] = {}
    for document in documents:
        _merge(content, document)
    effective = {"PolicyContent": json.dumps(content), "TargetId": target, "PolicyType": kind}
    return json.dumps({"EffectivePolicy": {**effective, "LastUpdatedTimestamp": world().clock.timestamp()}})


@corrects(OrganizationsResponse, moto="ListAccountsWithInvalidEffectivePolicy is not there.")
def list_accounts_with_invalid_effective_policy(self: OrganizationsResponse) -> str:
    """ListAccountsWithInvalidEffectivePolicy returns no account: every document in the sandbox can be merged."""
    return json.dumps({"Accounts": [], "PolicyType": self.request_params["PolicyType"]})


def _documents(backend: OrganizationsBackend, kind: str, target: str) -> list[dict[str, Any]]:
    """Return the documents from the root down."""
    account = next((account for account in backend.accounts if account.id == target), None)
    if account is None:
        raise refusal("TargetNotFoundException", "You specified a target that doesn't exist.")
    nodes = [*chain(backend, account.parent_id), account]
    return [
        json.loads(policy.content)
        for node in nodes
        for policy in backend.policies
        if policy.type == kind and any(attached.id == node.id for attached in policy.attachments)
    ]


def _merge(content: dict[str, Any], document: dict[str, Any]) -> None:
    """Apply the operators of a document: the later value replaces, or is added to or taken from a list."""
    for key, value in document.items():
        if key.startswith("@@") or not isinstance(value, dict):
            continue
        if "@@assign" in value:
            content[key] = value["@@assign"]
        elif "@@append" in value:
            content[key] = [*content.get(key, []), *value["@@append"]]
        elif "@@remove" in value:
            content[key] = [item for item in content.get(key, []) if item not in value["@@remove"]]
        else:
            _merge(content.setdefault(key, {}), value)
