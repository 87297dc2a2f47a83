"""ACLs, deleted principals, and a log bucket of the management account are found while planning."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orgkit.errors import NeedsDecision
from orgkit.model.plan import Plan
from orgkit.phases.storage.bucket_aws import SETTINGS
from orgkit.phases.trail import steps as steps
from orgkit.phases.trail.acl_step import SetAcl
from orgkit.phases.trail.facts import Trail
from orgkit.phases.trail.planner import plan

Build = Callable[..., Any]
DELETED = "AROAEXAMPLEEXAMPLE123"
GRANTS = ("READ to canonical user abc", "WRITE to group LogDelivery")


def of(world: Any) -> Plan:
    return plan(world.observed, world.desired)


def names(made: Plan) -> list[str]:
    return [type(step).__name__ for step in made.steps]


def test_an_acl_that_lets_others_in_is_made_private_before_acls_are_switched_off(world: Build) -> None:
    made = of(world().bucket("acme-log", ownership="ObjectWriter", acl_grants=GRANTS))
    assert names(made) == ["SetAcl", "SetOwnership"]
    (acl, _) = made.steps
    assert isinstance(acl, SetAcl)
    assert "takes away READ to canonical user abc, WRITE to group LogDelivery" in acl.sentence
    assert json.loads(acl.starts_from) == list(GRANTS)


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ([{"Grantee": {"Type": "CanonicalUser", "ID": "owner"}, "Permission": "FULL_CONTROL"}], ()),
        ([{"Grantee": {"Type": "CanonicalUser", "ID": "abc"}, "Permission": "READ"}], ("READ to canonical user abc",)),
        (
            [{"Grantee": {"Type": "CanonicalUser", "ID": "b", "DisplayName": "Bo"}, "Permission": "READ"},
             {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
              "Permission": "FULL_CONTROL"}],
            ("FULL_CONTROL to group AllUsers", "READ to canonical user b (Bo)"),
        ),
        ([], ()),
    ],
)  # fmt: skip
def test_the_owner_s_own_grant_is_no_grant_to_others(grants: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    class Answers:
        def read(self, operation: str) -> dict[str, Any]:
            assert operation == "GetBucketAcl"
            return {"Owner": {"ID": "owner"}, "Grants": grants}

    assert SETTINGS["acl_grants"](Answers()) == expected  # type: ignore[arg-type]


def with_deleted(world: Build, *, missing: bool, **statement: Any) -> Any:
    there = world()
    document = json.loads(there.facts.buckets[0].policy)
    document["Statement"] = document["Statement"][missing:]
    document["Statement"].append(
        {"Sid": "Gone", "Effect": "Allow", "Principal": {"AWS": DELETED}, "Action": "s3:GetObject", "Resource": "*"}
        | statement
    )
    return there.bucket("acme-log", policy=json.dumps(document))


def test_a_deleted_principal_is_reported_where_the_policy_does_not_change(world: Build) -> None:
    made = of(with_deleted(world, missing=False))
    assert made.steps == ()
    assert f"{DELETED} (a principal that was deleted" in made.warnings[0]


def test_a_deleted_principal_is_left_out_of_a_policy_that_changes_and_the_step_says_so(world: Build) -> None:
    (step,) = of(with_deleted(world, missing=True)).steps
    assert isinstance(step, steps.SetBucketPolicy)
    assert f"statement Gone names {DELETED}, which was deleted" in step.sentence


def test_an_exception_for_a_deleted_principal_is_for_a_person(world: Build) -> None:
    gone = {"Effect": "Deny", "NotPrincipal": {"AWS": DELETED}, "Principal": None, "Action": "s3:DeleteObject"}
    there = with_deleted(world, missing=True, **gone)
    with pytest.raises(NeedsDecision, match="AWS rejects a policy with it"):
        of(there)
    of(with_deleted(world, missing=False, **gone))  # what is not changed need not be sent


def test_a_bucket_of_the_management_account_is_called_that(world: Build) -> None:
    with pytest.raises(NeedsDecision, match="is in the management account 111111111111, where service control"):
        of(world().bucket("acme-log", foreign=True, owner="111111111111"))


def test_a_bucket_of_an_adopted_trail_in_the_management_account_is_a_warning(world: Build, our_trail: Trail) -> None:
    tower = replace(our_trail, name="tower", arn=f"{our_trail.arn}-2", bucket="tower-logs")
    there = world().trails(tower).storage(management_buckets=("tower-logs",))
    (warning,) = [line for line in of(there).warnings if "in the management account" in line]
    assert warning.startswith("Bucket tower-logs of trail tower is in the management account 111111111111")
    assert not [line for line in of(there.storage(management_buckets=())).warnings if "in the management" in line]


def test_a_statement_that_another_trail_of_ours_may_rely_on_stays(world: Build, our_trail: Trail) -> None:
    """The policy does not name that trail, and CloudTrail says that it writes to the bucket."""
    audit = replace(our_trail, name="audit", arn=our_trail.arn.replace("acme-trail", "audit"), organization=False)
    removes = []
    for trails in ((our_trail,), (our_trail, audit)):
        there = world().trails(*trails)
        document = json.loads(there.facts.buckets[0].policy)
        wide = next(item for item in document["Statement"] if item["Action"] == "s3:PutObject")
        del wide["Condition"]
        (step,) = of(there.bucket("acme-log", policy=json.dumps(document))).steps
        assert isinstance(step, steps.SetBucketPolicy)
        removes.append(bool(step.removes))
    assert removes == [True, False]
