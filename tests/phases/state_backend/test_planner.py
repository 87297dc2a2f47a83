"""What phase 09 plans: nothing where all is as required, a step for each setting that differs, and what it refuses."""

import json
from typing import Any

import pytest

from orgkit.errors import CouldNotRead, NeedsDecision
from orgkit.model.desired import Desired
from orgkit.model.observed import Member, MemberRole, Unread
from orgkit.model.plan import ABSENT, Plan
from orgkit.model.state_backend import APPLY_ROLE, PLAN_ROLE
from orgkit.phases.state_backend.documents import AUDIENCE, ROLE_POLICY
from orgkit.phases.state_backend.facts import Provider, StateFacts
from orgkit.phases.state_backend.file_warnings import file_warnings
from orgkit.phases.state_backend.phase import PHASE
from orgkit.phases.state_backend.planner import plan
from orgkit.phases.storage.bucket import BLOCK_ALL_PUBLIC_ACCESS, Bucket
from tests.phases.state_backend.world import (
    ACCOUNT_ID,
    bucket_there,
    desired_with,
    facts_there,
    observed_with,
    role_there,
    spec_of,
)

KMS_KEY = f"arn:aws:kms:us-east-1:{ACCOUNT_ID}:key/11111111-2222-4333-8444-555555555555"
OUTSIDE = {"Sid": "Vendor", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
           "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}  # fmt: skip


def planned(desired: Desired, facts: StateFacts, **changes: Any) -> Plan:
    return plan(observed_with(facts, **changes), desired)


def with_bucket(**changes: Any) -> Plan:
    desired = desired_with()
    return planned(desired, facts_there(desired, bucket=bucket_there(desired, **changes)))


def policy_with(*statements: dict[str, Any], keep: int | None = None) -> str:
    own = json.loads(bucket_there(desired_with()).policy or "")["Statement"]
    return json.dumps({"Version": "2012-10-17", "Statement": [*own[:keep], *statements]})


def kinds(made: Plan) -> list[str]:
    return [step.kind for step in made.steps]


def test_without_a_section_nothing_is_planned() -> None:
    assert plan(observed_with(StateFacts()), desired_with(account="")) == Plan(
        "state-backend", observed_with(StateFacts()).target
    )


@pytest.mark.parametrize("values", [{}, {"github": None}, {"kms_key": KMS_KEY, "keeps_key": False}], ids=str)
def test_what_is_as_required_has_no_step(values: dict[str, Any]) -> None:
    desired = desired_with(**values)
    made = planned(desired, facts_there(desired))
    assert (made.steps, made.needs, made.waiting, made.warnings, made.unmanaged) == ((), (), (), (), ())


def test_from_nothing_the_bucket_comes_first_and_each_role_after_the_provider() -> None:
    made = planned(desired_with(), StateFacts(Bucket("x", exists=False)))
    assert kinds(made) == [
        "create-state-bucket", "block-state-public-access", "set-state-ownership", "set-state-versioning",
        "set-state-encryption", "set-state-lifecycle", "tag-state-bucket", "set-state-bucket-policy",
        "create-identity-provider", "create-state-role", "set-state-role-policy", "create-state-role",
        "set-state-role-policy",
    ]  # fmt: skip
    starts = {step.kind: step.starts_from for step in made.steps}
    assert starts["set-state-encryption"] == "AES256"
    assert {starts[kind] for kind in ("create-state-bucket", "set-state-role-policy", "set-state-lifecycle")} == {
        ABSENT
    }


@pytest.mark.parametrize(
    ("changes", "kind", "start"),
    [
        ({"public_access_block": BLOCK_ALL_PUBLIC_ACCESS[:3]}, "block-state-public-access", "BlockPublicPolicy"),
        ({"acl_grants": ("READ to group AllUsers",)}, "set-state-acl", "READ to group AllUsers"),
        ({"ownership": "ObjectWriter"}, "set-state-ownership", "ObjectWriter"),
        ({"versioning": "Suspended"}, "set-state-versioning", "Suspended"),
        ({"versioning": None}, "set-state-versioning", ABSENT),
        ({"encryption": None}, "set-state-encryption", ABSENT),
        ({"lifecycle": None}, "set-state-lifecycle", ABSENT),
        ({"policy": None}, "set-state-bucket-policy", ABSENT),
        ({"policy": policy_with(keep=1)}, "set-state-bucket-policy", "DenyInsecureTransport"),
        ({"tags": ()}, "tag-state-bucket", ABSENT),
    ],
    ids=str,
)
def test_each_setting_that_differs_is_one_step_that_starts_from_it(changes: Any, kind: str, start: str) -> None:
    (step,) = with_bucket(**changes).steps
    assert step.kind == kind
    assert start in step.starts_from
    desired = desired_with()
    for bucket, is_shown in ((bucket_there(desired, **changes), False), (bucket_there(desired), True)):
        observed = observed_with(facts_there(desired, bucket=bucket))
        assert PHASE.shows(step, observed, desired) is is_shown


def test_a_foreign_bucket_a_wrong_region_and_a_policy_that_is_no_json_are_refused() -> None:
    for changes, reason in (
        ({"foreign": True}, "somebody else's"),
        ({"region": "eu-west-1"}, "is in eu-west-1"),
        ({"policy": "{"}, "not a policy document"),
    ):
        with pytest.raises(NeedsDecision, match=reason):
            with_bucket(**changes)


def test_statements_of_others_stay_and_are_reported() -> None:
    deny = {**OUTSIDE, "Sid": "TheirDeny", "Effect": "Deny", "Principal": "*"}
    made = with_bucket(policy=policy_with(OUTSIDE, deny))
    assert made.steps == ()
    assert "statement Vendor of the policy" in made.warnings[0]
    assert "account 999999999999" in made.warnings[0]
    assert made.unmanaged[0].startswith("statement TheirDeny (Deny)")


def test_the_step_says_whom_of_others_it_shuts_out() -> None:
    inside = {**OUTSIDE, "Sid": "Own", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/ci"}}
    (step,) = with_bucket(policy=policy_with(OUTSIDE, inside, keep=0)).steps
    assert step.losses == ("statement Vendor no longer lets in account 999999999999, unless of this organization",)
    assert step.losses[0] in step.sentence


def test_a_deny_of_others_that_exempts_another_organization_too_does_not_do() -> None:
    own = json.loads(bucket_there(desired_with()).policy or "")["Statement"][1]
    condition = {**own["Condition"], "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ["o-exampleorgid", "o-other"]}}
    wider = {**own, "Sid": "Two", "Condition": condition}
    assert kinds(with_bucket(policy=policy_with(wider, keep=1))) == ["set-state-bucket-policy"]
    assert kinds(with_bucket(policy=policy_with({**own, "Sid": "Same"}, keep=1))) == []


def test_a_key_that_the_bucket_has_stays_unless_the_file_says_otherwise() -> None:
    encrypted = {"encryption": f"aws:kms {KMS_KEY} with bucket key"}
    made = with_bucket(**encrypted)
    assert made.steps == ()
    assert "stronger than S3's own keys" in made.warnings[0]
    desired = desired_with(keeps_key=False)
    (step,) = planned(desired, facts_there(desired, bucket=bucket_there(desired, **encrypted))).steps
    assert "no longer with aws:kms" in step.sentence


def test_rules_of_others_that_delete_the_state_wait_for_their_owner_and_are_drift() -> None:
    desired = desired_with()
    own = json.loads(bucket_there(desired).lifecycle or "")
    rule = {"ID": "clean", "Status": "Enabled", "Filter": {"Prefix": "organization/"}, "Expiration": {"Days": 5}}
    made = with_bucket(lifecycle=json.dumps([*own, rule]))
    assert made.steps == ()
    assert "objects after 5 days (the file: for ever)" in made.waiting[0].what
    assert made.unrepaired_drift
    other = {**rule, "Filter": {"Prefix": "logs/"}}
    assert with_bucket(lifecycle=json.dumps([*own, other])).unmanaged == (
        f"lifecycle rule clean of bucket terraform-state-{ACCOUNT_ID}-us-east-1-an",
    )


def test_mfa_delete_and_object_lock_stay_and_are_reported() -> None:
    made = with_bucket(mfa_delete=True, versioning="Suspended", lifecycle=None, object_lock="GOVERNANCE 30")
    assert made.steps == ()
    assert made.waiting[0].who == "the root user of account infra"
    assert len(made.warnings) == 2


def test_a_role_that_others_may_take_is_restricted_and_the_step_says_who_loses_it() -> None:
    desired = desired_with()
    statement = {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Statement": [statement]})
    roles = (role_there(desired, PLAN_ROLE, trust=trust), role_there(desired, APPLY_ROLE))
    (step,) = planned(desired, facts_there(desired, roles=roles)).steps
    assert step.losses == (f"role {PLAN_ROLE} no longer trusts 999999999999",)
    assert json.loads(step.starts_from) == {"Statement": statement}


def test_a_wildcard_in_the_subject_of_a_trust_policy_differs() -> None:
    desired = desired_with()
    role = role_there(desired, APPLY_ROLE)
    wider = role.trust.replace("StringEquals", "StringLike").replace(":terraform-apply", ":*")
    roles = (role_there(desired, PLAN_ROLE), role_there(desired, APPLY_ROLE, trust=wider))
    assert kinds(planned(desired, facts_there(desired, roles=roles))) == ["set-state-role-trust"]


def test_a_policy_that_lets_the_plan_write_is_replaced_and_other_policies_stay() -> None:
    desired = desired_with()
    apply_policy = dict(role_there(desired, APPLY_ROLE).inline)[ROLE_POLICY]
    others = ("arn:aws:iam::aws:policy/ReadOnlyAccess",)
    inline = ((ROLE_POLICY, apply_policy), ("more", "{}"))
    roles = (role_there(desired, PLAN_ROLE, inline=inline, attached=others), role_there(desired, APPLY_ROLE))
    made = planned(desired, facts_there(desired, roles=roles))
    assert [step.id for step in made.steps] == [f"set-state-role-policy:{PLAN_ROLE}"]
    assert made.steps[0].starts_from == apply_policy
    assert made.unmanaged == (f"policy {others[0]} of role {PLAN_ROLE}", f"inline policy more of role {PLAN_ROLE}")


def test_a_provider_that_lacks_the_audience_waits_for_its_owner() -> None:
    desired = desired_with()
    made = planned(desired, facts_there(desired, provider=Provider(("another",))))
    assert made.steps == ()
    assert AUDIENCE in made.waiting[0].commands[0]
    assert made.unrepaired_drift


def test_what_is_missing_before_is_named_and_what_cannot_be_read_is_an_error() -> None:
    desired, facts = desired_with(), StateFacts()
    assert "run 03-accounts" in planned(desired, facts, accounts=(), members=()).needs[0]
    closed = (Member(ACCOUNT_ID, readable=False, current=False),)
    assert "orgkit-read cannot be assumed" in planned(desired, facts, members=closed).needs[0]
    with pytest.raises(CouldNotRead, match="s3:ListBucket"):
        planned(desired, StateFacts(unread=Unread("s3:ListBucket: AccessDenied")))


def test_an_access_role_that_trusts_nobody_holds_all_steps_back() -> None:
    role = MemberRole("OrganizationAccountAccessRole", json.dumps({"Statement": []}))
    members = (Member(ACCOUNT_ID, readable=True, current=True, access_role=True, roles=(role,)),)
    made = planned(desired_with(), StateFacts(Bucket("x", exists=False)), members=members)
    assert made.steps == ()
    assert "does not trust the management account" in made.waiting[0].what


def test_every_step_has_evidence_that_is_true_when_all_is_there_and_false_before() -> None:
    desired = desired_with()
    empty = observed_with(StateFacts(Bucket(spec_of(desired).with_account(ACCOUNT_ID).bucket, exists=False)))
    whole = observed_with(facts_there(desired))
    for step in plan(empty, desired).steps:
        assert PHASE.shows(step, empty, desired) is False, step.id
        assert PHASE.shows(step, whole, desired) is True, step.id
        assert PHASE.shows(step, observed_with(StateFacts()), desired) is None, step.id


def test_a_kms_key_comes_with_a_warning_that_its_policy_is_not_checked() -> None:
    assert list(file_warnings(desired_with())) == []
    (warning,) = file_warnings(desired_with(kms_key=KMS_KEY))
    assert "kms:GenerateDataKey" in warning
