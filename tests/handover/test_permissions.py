"""The printed policies: every type that can be handed over, denied what destroys it."""

import json
import re

import pytest

from orgkit.handover.permissions import LOG_ARCHIVE, MANAGEMENT, MEMBER, TYPES, policy_of
from orgkit.policy_evaluation.service_authorization import find_action
from tests.policy_evaluation.service_authorization import FILE

DESTROYING = {
    "organizations:CloseAccount", "organizations:RemoveAccountFromOrganization", "organizations:DeleteOrganization",
    "organizations:DeleteOrganizationalUnit", "organizations:DetachPolicy", "organizations:DeletePolicy",
    "organizations:DisablePolicyType", "organizations:DisableAWSServiceAccess",
    "organizations:DeregisterDelegatedAdministrator", "iam:DisableOrganizationsRootCredentialsManagement",
    "iam:DisableOrganizationsRootSessions", "cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "s3:DeleteBucket",
    "s3:DeleteBucketPolicy", "kms:DeleteAlias", "kms:ScheduleKeyDeletion", "ce:DeleteAnomalyMonitor",
    "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
}  # fmt: skip


def denied(account):
    statements = policy_of(account)["Statement"]
    return {action for item in statements if item["Effect"] == "Deny" for action in item["Action"]}


def test_what_destroys_is_denied():
    assert denied(MANAGEMENT) | denied(LOG_ARCHIVE) | denied(MEMBER) >= DESTROYING


@pytest.mark.parametrize("account", [MANAGEMENT, LOG_ARCHIVE, MEMBER])
def test_a_denied_action_is_not_allowed_by_a_pattern_that_somebody_could_rely_on(account):
    (allow, *denials) = policy_of(account)["Statement"]
    assert (allow["Effect"], {item["Effect"] for item in denials}) == ("Allow", {"Deny"})
    assert not denied(account) & set(allow["Action"])
    assert "*" not in allow["Action"]


@pytest.mark.parametrize("account", [LOG_ARCHIVE, MEMBER])
def test_a_session_policy_is_as_short_as_sts_takes_it(account):
    assert len(json.dumps(policy_of(account), separators=(",", ":"))) <= 2048


@pytest.mark.parametrize("account", [MANAGEMENT, LOG_ARCHIVE, MEMBER])
def test_every_action_is_one_of_iam(account):
    known = set(re.findall(r"[A-Za-z0-9]+", FILE.read_text(encoding="utf-8")))
    for statement in policy_of(account)["Statement"]:
        for action in statement["Action"]:
            name = action.partition(":")[2]
            if name.endswith("*"):
                assert any(each.startswith(name[:-1]) for each in known), action
            else:
                assert find_action(action) is not None, action


def test_each_type_denies_something_and_allows_none_of_it():
    for name, actions in TYPES.items():
        assert actions.destroying, name
        assert not set(actions.destroying) & set(actions.actions), name
