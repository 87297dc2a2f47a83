"""`orgkit permissions` against the calls that the sandbox saw: enough, and nothing that no call can need."""

from typing import Any

import pytest

from orgkit.phases.descriptor import Phase
from orgkit.phases.permissions import policy_for
from orgkit.phases.registry import PHASES, phase_of
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, before

# Where IAM's name of an action is not service:operation. [AWS Service Authorization Reference]
IAM_NAMES = {
    "tagging:GetResources": "tag:GetResources",
    "sso:ListInstances": "sso:ListInstances",
    "budgets:DescribeBudgets": "budgets:ViewBudget",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
}
FREE = {"sts:GetCallerIdentity"}  # AWS asks no permission for it
# In a policy though no call has its name: AWS needs them for a call that is there, or one road does not come by.
NEEDED_BY_ANOTHER_CALL = {
    "iam:CreateServiceLinkedRole": "CreateOrganization and an organization trail make linked roles",
    "organizations:TagResource": "tags given with CreateOrganizationalUnit and CreateAccount",
    "cloudtrail:AddTags": "tags given with CreateTrail",
    "iam:GetRole": "CreateTrail looks for its linked role; 00 looks for Control Tower's",
    "organizations:ListAccountsForParent": "where an endpoint does not give Paths",
    "organizations:ListTagsForResource": "where the tagging API does not answer",
    "organizations:ListAWSServiceAccessForOrganization": "CreateTrail asks for it",
    "account:ListRegions": "orgkit records reconcile --all-regions, and its list of the regions that were not queried",
    "controltower:GetLandingZone": "only a landing zone is asked what it owns, and there is none",
    "controltower:ListEnabledBaselines": "only a landing zone is asked what it owns, and there is none",
    "controltower:ListEnabledControls": "only a landing zone is asked what it owns, and there is none",
    "billing:GetCredits": "only where the account's plan names no amount",
    "sts:AssumeRole": "orgkit records reconcile looks into the log archive account",
    "cloudformation:DescribeStackSet": "only where StackSets have trusted access, when an account is moved",
    "cloudformation:ListStackSets": "only where StackSets have trusted access, when an account is moved",
    "organizations:ListDelegatedAdministrators": "only where StackSets have trusted access, when an account is moved",
    "ram:GetResourceShareAssociations": "only where RAM has trusted access, when an account is moved",
    "cloudtrail:LookupEvents": "orgkit records reconcile joins the record of a phase with AWS's log",
}


def actions(phase: Phase) -> set[str]:
    return {action for statement in policy_for([phase])["Statement"] for action in statement["Action"]}


def called(stage: Stage) -> set[str]:
    """What the management account asked for, under IAM's names."""
    own: list[dict[str, Any]] = [c for c in stage.sandbox.calls() if c["account"] == stage.seed.management_account_id]
    names = {f"{call['service']}:{call['operation']}" for call in own}
    return {IAM_NAMES.get(name, name) for name in names} - FREE


@pytest.fixture(scope="module")
def seen(stage: Stage) -> dict[str, set[str]]:
    """The calls of each phase, with everything to do, and once more with nothing to do."""
    found: dict[str, set[str]] = {}
    for phase in PHASES_THAT_CHANGE:
        stage.begin(*before(phase))
        stage.apply(phase)
        assert not stage.plan(phase).steps
        found[phase] = called(stage)
    stage.begin()
    stage.project.phase("management-account")
    found["management-account"] = called(stage)
    stage.begin(*PHASES_THAT_CHANGE)
    stage.project.phase("costs")
    found["costs"] = called(stage)
    return found


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.run_label)
def test_the_policy_of_a_phase_allows_every_call_that_it_makes(phase, seen):
    assert seen[phase.label] - actions(phase) == set()


def test_no_policy_allows_what_no_call_needs(seen):
    made = {action for calls in seen.values() for action in calls} | set(NEEDED_BY_ANOTHER_CALL)
    allowed = {action for phase in PHASES for action in actions(phase)}
    # A step that this bootstrap does not need still has to be allowed: its own tests make its call.
    rarely = {
        "organizations:TagResource", "cloudtrail:UpdateTrail", "cloudtrail:GetTrail", "cloudtrail:PutEventSelectors",
        "organizations:DescribeOrganizationalUnit", "organizations:UpdateOrganizationalUnit", "account:PutAccountName",
    }  # fmt: skip
    assert allowed - made - rarely == set()


def test_nothing_that_deletes_closes_or_stops_is_ever_allowed():
    words = ("Delete", "Remove", "Close", "Leave", "Stop", "Detach", "Disable", "Cancel", "Deregister")
    allowed = {action for phase in PHASES for action in actions(phase)}
    assert [action for action in allowed if action.split(":")[1].startswith(words)] == []


def test_a_phase_that_stays_in_the_management_account_may_only_look_into_members():
    for phase in ("organization", "units", "billing"):
        statements = policy_for([phase_of(phase)])["Statement"]
        (entering,) = [statement for statement in statements if statement["Action"] == ["sts:AssumeRole"]]
        assert entering["Resource"] == ["arn:aws:iam::*:role/orgkit-read"]


def test_members_are_entered_by_two_roles_only():
    statements = policy_for([phase_of("accounts")])["Statement"]
    (entering,) = [statement for statement in statements if statement["Action"] == ["sts:AssumeRole"]]
    assert entering["Resource"] == [
        "arn:aws:iam::*:role/orgkit-read",
        "arn:aws:iam::*:role/OrganizationAccountAccessRole",
    ]
