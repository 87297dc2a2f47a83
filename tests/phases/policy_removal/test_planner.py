"""13-policy-removal plans what is named and still there, says what becomes allowed, and leaves an SCP that allows."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.desired import Desired
from orgkit.model.observed import Account, Observed, Organization, Unit
from orgkit.model.plan import Plan, Target
from orgkit.parameters import load
from orgkit.phases.policies.facts import ObservedPolicy
from orgkit.phases.policies.spec import PoliciesSpec, PolicySpec
from orgkit.phases.policy_removal.facts import RemovalFacts
from orgkit.phases.policy_removal.planner import plan
from orgkit.phases.policy_removal.spec import PolicyRemovalSpec, RemovalSpec
from orgkit.phases.policy_removal.steps import DeletePolicy, DetachPolicy
from orgkit.policy_evaluation.policy_types import RCP, SCP
from tests.bootstrap.project import EXAMPLE

MANAGEMENT = "999999999999"
ORGANIZATION = Organization("o-a1b2c3d4e5", MANAGEMENT, "", "ALL", "r-root", ((SCP, "ENABLED"),), (), ())
UNITS = tuple(Unit((name,), f"ou-{name}", ()) for name in ("Infrastructure", "Production", "Security"))


def account(number: int, name: str, unit: str = "Production") -> Account:
    return Account(f"{number:012}", name, f"{name}@acme.dev", "ACTIVE", (unit,), "CREATED", ())


ACCOUNTS = (account(1, "web"), account(2, "shop"), account(4, "logs", "Security"))


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": list(statements), "Version": "2012-10-17"}, separators=(",", ":"))


def statement(effect: str, action: Any, **more: Any) -> dict[str, Any]:
    return {"Action": action, "Effect": effect, "Resource": "*", "Sid": "S", **more}


DENY = document(statement("Deny", "organizations:LeaveOrganization"))
ALLOW_ALL = document({"Action": "*", "Effect": "Allow", "Resource": "*"})


def existing(name: str = "deny", content: str = DENY, **more: Any) -> ObservedPolicy:
    return ObservedPolicy(SCP, name, f"p-{name:a<8}", content=content, **more)


FULL = existing("FullAWSAccess", ALLOW_ALL, is_of_aws=True, targets=("ou-Production", "ou-Security", "r-root"))


def removal(policy: str = "deny", **more: Any) -> RemovalSpec:
    return RemovalSpec(policy, SCP, **{"units": (("Production",),), **more})


@pytest.fixture(scope="module")
def desired() -> Desired:
    return load(EXAMPLE)


def planned(desired: Desired, policies: list[ObservedPolicy], *removals: RemovalSpec, **more: Any) -> Plan:
    values = {"organization": ORGANIZATION, "units": UNITS, "accounts": ACCOUNTS, **more}
    organization = values["organization"]
    target = Target(MANAGEMENT, organization.id if organization else None, "aws", "aws")
    observed = Observed(target, "arn", **values).with_facts(RemovalFacts((SCP,), tuple(policies)))
    return plan(observed, desired.with_section(PolicyRemovalSpec(removals)))


def test_a_policy_is_detached_where_the_file_says_so_and_the_step_says_what_becomes_allowed(desired: Desired) -> None:
    there = existing(targets=("ou-Production", "ou-Security"), description="Managed by orgkit")
    (step,) = planned(desired, [there, FULL], removal()).steps
    assert isinstance(step, DetachPolicy)
    assert step.sentence == (
        "detach policy deny (SERVICE_CONTROL_POLICY, made by orgkit, as its description says) from unit Production: "
        "2 account(s) no longer have it: shop, web; statement S no longer denies organizations:LeaveOrganization on "
        "every resource"
    )
    assert step.starts_from == json.dumps({"attached_to": "unit Security", "content": DENY}, separators=(",", ":"))
    assert step.id == "detach-policy:deny: unit Production"
    assert step.details[:3] == (
        "statement S no longer denies organizations:LeaveOrganization on every resource", "- {", '-   "Statement": [',
    )  # fmt: skip
    assert step.losses == ("policy deny at unit Production: 2 account(s) no longer have it: shop, web",)


def test_what_is_done_leaves_an_empty_plan_so_that_the_section_may_stay(desired: Desired) -> None:
    for policies in ([], [existing(targets=("ou-Security",))]):
        done = planned(desired, [*policies, FULL], removal(delete=not policies))
        assert (done.steps, done.waiting, done.unrepaired_drift) == ((), (), ())


def test_a_name_that_aws_does_not_have_is_a_warning_as_it_may_be_misspelled(desired: Desired) -> None:
    assert planned(desired, [FULL], removal()).warnings == (
        "policy deny (SERVICE_CONTROL_POLICY) is not in AWS: it has been removed, or it has another name.",
    )
    gone = planned(
        desired, [existing(targets=("ou-Production",))], removal(units=(("Prod",),), accounts=("000000000009",))
    )
    assert gone.warnings == (
        "policy deny: unit Prod is not in the organization.",
        "policy deny: account 000000000009 is not in the organization.",
    )


def test_targets_are_detached_one_by_one_each_from_what_the_earlier_ones_leave(desired: Desired) -> None:
    there = existing(targets=("000000000001", "ou-Production", "ou-Security", "r-root"))
    entry = removal(units=(("Production",), ("Security",)), accounts=("000000000001",), root=True, delete=True)
    steps = planned(desired, [there, FULL], entry).steps
    starts = [json.loads(step.starts_from)["attached_to"] for step in steps]
    assert [step.subject for step in steps] == [
        "deny: the organization root", "deny: unit Production", "deny: unit Security", "deny: account 000000000001",
        "deny",
    ]  # fmt: skip
    assert starts == [
        ["account 000000000001", "unit Production", "unit Security"], ["account 000000000001", "unit Security"],
        "account 000000000001", [], [],
    ]  # fmt: skip
    root, production, _, own, delete = steps
    assert isinstance(root, DetachPolicy)
    assert isinstance(production, DetachPolicy)
    assert isinstance(own, DetachPolicy)
    assert isinstance(delete, DeletePolicy)
    assert (root.accounts, root.still) == ((), ("logs", "shop", "web"))
    assert "no account has it from there alone; 3 account(s) still have it from elsewhere" in root.sentence
    assert (production.accounts, production.still) == (("shop",), ("web",))
    assert own.accounts == ("web",)
    assert delete.depends_on == ("deny", *(step.subject for step in steps[:4]))


def test_a_policy_that_is_attached_elsewhere_is_not_deleted(desired: Desired) -> None:
    there = existing(targets=("ou-Production", "ou-Security"))
    done = planned(desired, [there, FULL], removal(delete=True))
    assert [step.kind for step in done.steps] == ["detach-policy"]
    (waiting,) = done.waiting
    assert waiting.what == (
        "policy deny: it is not deleted, since it is still attached to unit Security. Name these targets, too"
    )
    assert (waiting.drift, waiting.blocks) == (True, "deny: deletion")


@pytest.mark.parametrize(
    ("description", "of_aws", "made_by"),
    [
        ("Managed by orgkit", False, "orgkit, as its description says"), ("", False, "somebody else than orgkit"),
        ("managed by orgkit", False, "somebody else than orgkit"), ("Managed by orgkit", True, "AWS"),
    ],
)  # fmt: skip
def test_the_step_says_who_made_the_policy(desired: Desired, description: str, of_aws: bool, made_by: str) -> None:
    there = existing(targets=("ou-Production",), description=description, is_of_aws=of_aws)
    (step,) = planned(desired, [there, FULL], removal(there.id)).steps
    assert isinstance(step, DetachPolicy)
    assert (step.made_by, step.policy) == (made_by, there.id)


def test_full_aws_access_is_not_detached_while_no_other_scp_of_the_target_allows(desired: Desired) -> None:
    for others in ([], [existing(targets=("ou-Production",))], [existing("all", ALLOW_ALL, targets=("ou-Security",))]):
        done = planned(desired, [FULL, *others], removal("FullAWSAccess"))
        assert done.steps == ()
        (waiting,) = done.waiting
        assert "without it no SCP of unit Production allows anything" in waiting.what
        assert (waiting.drift, waiting.blocks) == (True, "FullAWSAccess: unit Production")


def test_two_allow_lists_of_a_target_do_not_replace_each_other(desired: Desired) -> None:
    other = existing("all", ALLOW_ALL, targets=("ou-Production",))
    done = planned(desired, [FULL, other], removal("FullAWSAccess"), removal("all"))
    assert done.steps == ()
    assert len(done.waiting) == 2


def test_a_replacement_that_allows_all_denies_nothing(desired: Desired) -> None:
    other = existing("all", ALLOW_ALL, targets=("ou-Production",))
    (step,) = planned(desired, [FULL, other], removal("FullAWSAccess")).steps
    assert isinstance(step, DetachPolicy)
    assert step.denied == ()
    assert (step.accounts, step.still) == (("shop", "web"), ())  # each level needs an SCP that allows
    assert json.loads(step.starts_from)["next_to"] == {"all": ALLOW_ALL}


def test_what_a_narrower_replacement_would_deny_is_in_the_step(desired: Desired) -> None:
    allowed = document(statement("Allow", ["iam:*", "sts:*", "s3:Get*", "organizations:*"]))
    other = existing("list", allowed, targets=("ou-Production",))
    (step,) = planned(desired, [FULL, other], removal("FullAWSAccess"), **without_members(desired)).steps
    assert isinstance(step, DetachPolicy)
    assert step.denied[0].startswith("every action of ")
    assert any(line.startswith("9") or "action(s) of s3 are denied there then: s3:" in line for line in step.denied)
    assert set(step.denied) < set(step.losses)
    assert step.denied[0] in step.sentence


def without_members(desired: Desired) -> dict[str, Any]:
    """A tree in which the accounts of the file are elsewhere: there is nobody of them to lock out in Production."""
    accounts = [
        replace(account(number, member.key, "Security"), email=getattr(member, "email", "x@acme.dev"))
        for number, member in enumerate(desired.members, 10)
    ]
    ids = {member.key: member.id for member in desired.members if member.id}
    named = [replace(item, id=ids.get(item.name, item.id)) for item in accounts]
    return {"accounts": (*ACCOUNTS, *named)}


def test_an_allow_list_that_locks_out_a_break_glass_role_holds_the_step_back(desired: Desired) -> None:
    roles = desired.with_section(PoliciesSpec((), ("break-glass",)))
    needed = document(statement("Allow", ["iam:*", "sts:*", "s3:*", "organizations:*", "ec2:*", "kms:*"]))
    other = existing("list", needed, targets=("ou-Production",))
    done = planned(roles, [FULL, other], removal("FullAWSAccess"))
    assert done.steps == ()
    assert [item.what for item in done.waiting if "break-glass" in item.what] == [
        (
            "policy FullAWSAccess: it is not detached from unit Production: that locks out break-glass role "
            "break-glass: nothing allows cloudtrail:LookupEvents on * there any more"
        )
    ]
    assert "that locks out role orgkit-read: nothing allows " in done.waiting[0].what


def test_an_allow_under_a_condition_that_is_not_known_is_a_warning(desired: Desired) -> None:
    network = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    conditional = {**statement("Allow", "iam:*", Condition=network), "Sid": "Net"}
    content = document(statement("Allow", ["cloudtrail:*", "kms:*", "s3:*", "sts:*"]), conditional)
    other = existing("list", content, targets=("ou-Production",))
    done = planned(desired, [FULL, other], removal("FullAWSAccess"))
    assert [step.kind for step in done.steps] == ["detach-policy"]
    assert any(
        line.startswith("policy FullAWSAccess, detached from unit Production: that may lock out role orgkit-read: ")
        for line in done.warnings
    )


def test_a_policy_of_aws_is_never_deleted_also_by_its_id(desired: Desired) -> None:
    other = existing("all", ALLOW_ALL, targets=("ou-Production",))
    done = planned(desired, [FULL, other], removal(FULL.id, delete=True))
    assert done.steps == ()
    assert done.waiting[0].what.endswith("FullAWSAccess is a policy of AWS itself, which is never deleted")


def test_what_the_file_still_attaches_is_held_back_where_the_entry_has_the_id_of_the_policy(desired: Desired) -> None:
    there = existing(targets=("ou-Production",))
    wanted = desired.with_section(PoliciesSpec((PolicySpec("deny", SCP, "d.json", (("Production",),), DENY),)))
    for entry, reason in (
        (removal(there.id), "[policies.deny] attaches it to Production: take the unit out there first"),
        (removal(there.id, units=(), delete=True), "[policies.deny] makes it: take that out of the file first"),
    ):
        done = planned(wanted, [there, FULL], entry)
        assert (done.steps, [item.what for item in done.waiting]) == ((), [f"policy {there.id}: {reason}"])


def test_one_policy_under_its_name_and_its_id_is_one_entry_too_many(desired: Desired) -> None:
    there = existing(targets=("ou-Production",))
    done = planned(desired, [there, FULL], removal(), removal(there.id))
    assert len(done.steps) == 1
    assert done.waiting[0].what == f"policy {there.id}: [policy_removal] names it as deny, too. Keep one entry"


def test_a_name_that_two_policies_of_a_type_have_is_not_chosen_between(desired: Desired) -> None:
    two = [existing(targets=("ou-Production",)), replace(existing(), id="p-bbbbbbbb")]
    done = planned(desired, two, removal())
    assert done.steps == ()
    assert done.waiting[0].what.endswith("AWS has 2 of that name: p-denyaaaa, p-bbbbbbbb. Name one by its id")


def test_nothing_is_concluded_about_a_type_that_was_not_read(desired: Desired) -> None:
    done = planned(desired, [], replace(removal(), type=RCP))
    assert (done.steps, done.warnings) == ((), (f"policy deny is not read: type {RCP} is not enabled.",))
    nothing = planned(desired, [], removal(), organization=None)
    assert nothing.needs == ("the organization does not exist yet: run 01-organization",)


@pytest.mark.parametrize("content", ["", "not JSON \u202e", '{"Statement": 1}', "[]", '{"Statement": ["x"]}'])
def test_a_hostile_document_is_shown_escaped_and_can_be_detached(desired: Desired, content: str) -> None:
    there = existing(targets=("ou-Production",), content=content)
    keep = existing("all", ALLOW_ALL, targets=("ou-Production",))
    (step,) = planned(desired, [there, FULL, keep], removal()).steps
    assert all(line.isprintable() for line in step.details)
    assert step.sentence.startswith("detach policy deny (SERVICE_CONTROL_POLICY, ")


def test_settings_of_other_types_are_named(desired: Desired) -> None:
    there = ObservedPolicy("S3_POLICY", "block", "p-block000", targets=("ou-Production",), content='{"s3":{}}')
    facts = RemovalFacts(("S3_POLICY",), (there,))
    observed = Observed(Target(MANAGEMENT, "o-a1b2c3d4e5", "aws", "aws"), "arn", ORGANIZATION, UNITS, ACCOUNTS)
    entry = RemovalSpec("block", "S3_POLICY", (("Production",),))
    (step,) = plan(observed.with_facts(facts), desired.with_section(PolicyRemovalSpec((entry,)))).steps
    assert step.sentence.endswith("its settings no longer hold: s3")
