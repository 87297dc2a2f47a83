"""The policies made from the steps: complete, of actions that exist, small enough, and no wider than a phase."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.plan import Step
from orgkit.phases.account_imports.steps import AcceptInvitation
from orgkit.phases.accounts.steps import CreateAccount
from orgkit.phases.descriptor import Phase
from orgkit.phases.member_access.roles import read_policy
from orgkit.phases.member_access.steps import CreateReadRole, MakeManageable
from orgkit.phases.permissions import (
    MAX_INLINE_POLICIES,
    MAX_MANAGED_POLICY,
    Scope,
    actions_of,
    kind_of_policy,
    policy_for,
    steps_of,
)
from orgkit.phases.registry import RUNBOOKS, phase_of
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail
from orgkit.phases.trail.steps import CreateBucket, CreateKey, InLogArchive, StartLogging, UpdateTrail
from orgkit.policy_evaluation.service_authorization import find_action, find_service
from tests.docs.test_steps_page import example
from tests.plans.loader import desired_of

ALL = sorted({step for phase in RUNBOOKS for step in steps_of(phase)}, key=lambda step: step.__name__)


def subclasses(kind: type[Step]) -> Iterator[type[Step]]:
    for step in kind.__subclasses__():
        yield step
        yield from subclasses(step)


# Actions that the data of the service authorization reference does not have yet.
NEWER = {"account:GetPrimaryEmailUpdateStatus"}  # an operation of botocore 1.44.5


def exists(action: str) -> bool:
    """Whether AWS has an action, written as AWS writes it."""
    if action in NEWER:
        return find_action(action) is None  # else it is no exception any more
    known = find_action(action)
    return known is not None and known.name == action


def allowed(phase: Phase) -> set[str]:
    return {action for statement in policy_for([phase])["Statement"] for action in statement["Action"]}


def is_base(step: type[Step]) -> bool:
    """Whether a class of steps needs no action, or has no kind: phases share the latter."""
    return not step.actions or not hasattr(step, "kind")


def test_every_step_belongs_to_a_phase() -> None:
    made = {step for step in subclasses(Step) if step.__module__.startswith("orgkit.") and not is_base(step)}
    assert made == set(ALL)


def test_a_class_of_steps_that_needs_no_action_is_only_there_for_others_to_be_made_of() -> None:
    bare = {step for step in subclasses(Step) if step.__module__.startswith("orgkit.") and is_base(step)}
    assert [step for step in bare if not step.__subclasses__()] == []


@pytest.mark.parametrize("step", ALL, ids=lambda step: step.__name__)
def test_a_step_says_what_it_does_and_what_it_is_about(step: type[Step]) -> None:
    made = example(step)
    assert made.sentence[0].islower()
    assert not made.sentence.endswith(".")
    assert "\n" not in made.sentence
    assert made.subject
    assert made.subject in made.depends_on
    assert step.symbol in ("+", "~", "-")
    assert step.__doc__
    json.dumps(made.facts())


@pytest.mark.parametrize("step", ALL, ids=lambda step: step.__name__)
def test_every_action_of_a_step_exists(step: type[Step]) -> None:
    assert [action for action in step.actions if not exists(action)] == []


@pytest.mark.parametrize("phase", RUNBOOKS, ids=lambda phase: phase.run_label)
def test_every_action_of_a_policy_exists(phase: Phase) -> None:
    assert [action for action in allowed(phase) if not exists(action)] == []


def test_every_action_of_the_read_role_exists_and_reads() -> None:
    desired = desired_of()
    policy = read_policy(desired.reads_in("log-archive"))
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert [action for action in actions if not exists(action)] == []
    verbs = ("Get", "List", "Describe", "Lookup")
    assert [action for action in actions if not action.split(":")[1].startswith(verbs)] == []


@pytest.mark.parametrize("phase", RUNBOOKS, ids=lambda phase: phase.run_label)
def test_the_policy_of_a_phase_fits_into_a_managed_policy(phase: Phase) -> None:
    assert len("".join(json.dumps(policy_for([phase])).split())) < MAX_MANAGED_POLICY


def resource_kinds(action: str) -> set[str]:
    """The kinds of resource to which IAM can narrow an action of Organizations or CloudTrail."""
    known, service = find_action(action), find_service(action.split(":")[0])
    assert known is not None
    assert service is not None
    arns = [service.resource_types[name].arn for name in known.resource_types]
    return {arn.split(":")[5].split("/")[0] for arn in arns}


def condition_keys(action: str) -> set[str]:
    known = find_action(action)
    assert known is not None
    return set(known.condition_keys)


def test_a_change_of_the_organization_or_of_the_trail_is_narrowed_as_far_as_iam_can() -> None:
    scope = Scope(account="111111111111", organization="o-a1b2c3d4e5", trail="acme", trail_region="eu-west-1")
    changes = [s for s in policy_for(RUNBOOKS, scope)["Statement"] if s["Sid"] != "Read"]
    made = {"account", "ou", "policy", "root", "trail"}  # what orgkit changes: no channels or data stores
    fewer = {  # than IAM knows: orgkit tags no policies, and attaches them to units alone
        "organizations:AttachPolicy": {"ou", "policy"},
        "organizations:TagResource": {"account", "ou", "root"},
    }
    # In addition to those of the organization: FullAWSAccess, which AWS owns.
    of_aws = {"organizations:DetachPolicy": "arn:aws:organizations::aws:policy/*"}
    new = next(statement for statement in changes if statement["Sid"] == "TagNewResources")
    assert new["Condition"] == {"StringEquals": {"aws:RequestTag/ManagedBy": ["orgkit"]}}  # they have no ARN yet
    for statement in (statement for statement in changes if statement is not new):
        arns = statement["Resource"] if isinstance(statement["Resource"], list) else []
        extra = {of_aws[action] for action in statement["Action"] if action in of_aws}
        assert extra <= {*arns}
        narrowed = [arn.split(":", 5)[5] for arn in arns if arn not in extra]
        for action in statement["Action"]:
            if action.startswith(("organizations:", "cloudtrail:")):
                kinds = fewer.get(action, resource_kinds(action) & made)
                assert {resource.split("/")[0] for resource in narrowed} == kinds, action
        for resource in narrowed:
            kind, name = resource.split("/")[:2]
            is_adopted = (statement["Sid"], resource) == ("ChangeTrail", "trail/*")
            assert is_adopted or kind not in made or name in ("o-a1b2c3d4e5", "acme")


def test_a_trail_of_another_name_that_is_adopted_may_be_repaired() -> None:
    """Naming it in the file would move it to the file's bucket, so that the policy has to cover any of the account."""
    statements = policy_for([phase_of("trail")], Scope(account="111111111111", trail="acme"))["Statement"]
    resources = {action: item["Resource"] for item in statements for action in item["Action"]}
    for step in (UpdateTrail, SetEventSelectors, TagTrail, StartLogging):
        for action in (action for action in actions_of(step) if action.startswith("cloudtrail:")):
            assert resources[action] in ("*", ["arn:aws:cloudtrail:*:111111111111:trail/*"]), action
    assert resources["cloudtrail:CreateTrail"] == ["arn:aws:cloudtrail:*:111111111111:trail/acme"]


@pytest.mark.parametrize("key", ["organizations:ServicePrincipal", "organizations:PolicyType"])
def test_what_may_be_enabled_is_what_the_file_names(key: str) -> None:
    desired = desired_of()
    values = {
        "organizations:ServicePrincipal": desired.organization.trusted_access,
        "organizations:PolicyType": desired.organization.policy_types,
    }
    for statement in policy_for(RUNBOOKS, Scope.from_desired(desired))["Statement"]:
        enabling = [action for action in statement["Action"] if ":Enable" in action and key in condition_keys(action)]
        assert not enabling or statement["Condition"] == {"StringEquals": {key: list(values[key])}}


def test_a_file_that_enables_no_policy_type_gets_no_statement_for_them() -> None:
    statements = policy_for([phase_of("organization")], Scope(policy_types=()))["Statement"]
    assert "EnablePolicyTypes" not in [statement["Sid"] for statement in statements]


def test_the_scope_of_a_file_names_its_account_organization_and_trail() -> None:
    desired = desired_of()
    scope = Scope.from_desired(desired)
    assert scope.arn("trail") == (
        f"arn:aws:cloudtrail:{desired.trail.region}:{desired.organization.management_account_id}"
        f":trail/{desired.trail.name}"
    )
    organization = desired.organization.organization_id or "o-*"
    assert scope.arn("ou") == f"arn:aws:organizations::{scope.account}:ou/{organization}/*"


def test_new_accounts_and_units_may_have_the_value_of_managed_by_that_the_file_gives_them() -> None:
    desired = desired_of()
    tagged = replace(desired.accounts[0], tags=(("ManagedBy", "platform-team"), ("Owner", "kim")))
    scope = Scope.from_desired(replace(desired, accounts=(tagged, *desired.accounts[1:])))
    new = next(item for item in policy_for(RUNBOOKS, scope)["Statement"] if item["Sid"] == "TagNewResources")
    values = new["Condition"]["StringEquals"]["aws:RequestTag/ManagedBy"]
    assert set(values) == {"orgkit", "platform-team"}


@pytest.mark.parametrize("phase", [phase for phase in RUNBOOKS if not phase.changes], ids=lambda phase: phase.run_label)
def test_a_phase_that_changes_nothing_is_allowed_to_read_only(phase: Phase) -> None:
    verbs = ("Get", "List", "Describe", "View", "Lookup")
    other_actions = [action for action in allowed(phase) if not action.split(":")[1].startswith(verbs)]
    assert set(other_actions) <= {"sts:AssumeRole"}
    entered = [item["Resource"] for item in policy_for([phase])["Statement"] if "sts:AssumeRole" in item["Action"]]
    roles = {role.rpartition("/")[2] for resource in entered for role in resource}
    # 11 reads the tags of a key through the access role, with a session policy of that action alone.
    assert roles <= {"orgkit-read"} | ({ACCESS_ROLE} if phase.label == "handover" else set())


def test_no_statement_allows_by_wildcard() -> None:
    for statement in policy_for(RUNBOOKS)["Statement"]:
        assert [action for action in statement["Action"] if "*" in action] == []
        assert statement["Effect"] == "Allow"


def test_roles_are_entered_and_made_by_name_only() -> None:
    for statement in policy_for(RUNBOOKS)["Statement"]:
        if {"sts:AssumeRole", "iam:CreateServiceLinkedRole"} & set(statement["Action"]):
            assert len(statement["Action"]) == 1
            assert statement["Resource"] != "*"


def test_what_is_done_inside_another_account_is_not_allowed_in_the_management_account() -> None:
    assert actions_of(CreateReadRole) == ("sts:AssumeRole",)
    assert actions_of(MakeManageable) == actions_of(AcceptInvitation) == ()
    assert actions_of(CreateBucket) == actions_of(CreateKey) == ("sts:AssumeRole",)
    for step in subclasses(InLogArchive):
        assert set(actions_of(step)) <= {"sts:AssumeRole"}
    # The names of its own buckets, by which one that is not the log archive account's is known.
    names_only = ["s3:ListAllMyBuckets"]
    assert [action for action in allowed(phase_of("trail")) if action.startswith(("s3:", "kms:"))] == names_only


def test_imports_may_not_create_accounts() -> None:
    assert CreateAccount in steps_of(phase_of("accounts"))
    assert CreateAccount not in steps_of(phase_of("imports"))
    assert "organizations:CreateAccount" not in allowed(phase_of("imports"))
    assert MakeManageable not in steps_of(phase_of("accounts"))


def test_the_kind_of_policy_is_named_with_its_size_and_the_limits() -> None:
    policy = policy_for([phase for phase in RUNBOOKS if not phase.takes_away], sign_in=True)
    size = len("".join(json.dumps(policy).split()))
    assert MAX_INLINE_POLICIES < size <= MAX_MANAGED_POLICY
    assert kind_of_policy(policy) == (
        f"Make it a customer managed policy: {size:,} of 6,144 characters, white space not counted. The inline "
        "policies of a user (2,048 in all) are too small."
    )


def test_a_small_policy_may_be_inline_and_one_that_is_too_long_is_not_called_anything() -> None:
    assert kind_of_policy(policy_for([phase_of("units")], sign_in=True)).endswith("(2,048 in all) would fit too.")
    roles = tuple(f"OrganizationAccountAccessRole{number:03}" for number in range(100))
    long = kind_of_policy(policy_for(RUNBOOKS, Scope(access_roles=roles), sign_in=True))
    assert long.startswith("This is too long for one policy: ")
    assert "orgkit permissions 01" in long


def test_every_phase_with_the_sign_in_fits_a_managed_policy() -> None:
    sizes = {
        phase.label: len(json.dumps(policy_for([phase], sign_in=True), separators=(",", ":"))) for phase in RUNBOOKS
    }
    assert max(sizes.values()) <= MAX_MANAGED_POLICY, sizes
