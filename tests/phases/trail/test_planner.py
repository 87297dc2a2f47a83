"""Phase 05 planned on values alone: what is missing, what differs, what is adopted, and what stops."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orgkit.errors import CouldNotRead, NeedsDecision
from orgkit.model.desired import KEY_TAG, ObjectLockSpec
from orgkit.model.observed import Unread
from orgkit.model.plan import Plan
from orgkit.phases.trail import steps as steps
from orgkit.phases.trail.facts import Trail
from orgkit.phases.trail.planner import plan
from tests.phases.trail.conftest import OUR_TRAIL

Build = Callable[..., Any]


def names(made: Plan) -> list[str]:
    return [type(step).__name__ for step in made.steps]


def of(world: Any) -> Plan:
    return plan(world.observed, world.desired)


BUCKET = ["CreateBucket", "BlockPublicAccess", "SetOwnership", "SetVersioning", "SetEncryption", "SetLifecycle",
          "TagBucket", "SetBucketPolicy"]  # fmt: skip


def test_when_everything_is_there_nothing_is_planned(world: Build) -> None:
    made = of(world())
    assert (made.steps, made.needs, made.warnings, made.unmanaged) == ((), (), (), ())


def test_on_a_fresh_account_buckets_come_before_the_trail_and_logging_last(world: Build) -> None:
    assert names(of(world().without_storage())) == [*BUCKET, *BUCKET, "CreateTrail", "StartLogging"]


def test_with_a_key_and_a_lock_the_key_comes_first(world: Build) -> None:
    made = of(world(kms_key=True, object_lock=ObjectLockSpec("GOVERNANCE", 90)).without_storage())
    locked = [*BUCKET[:6], "SetObjectLock", *BUCKET[6:]]
    assert names(made) == ["CreateKey", *locked, *locked, "CreateTrail", "StartLogging"]
    encryptions = [step.key_alias for step in made.steps if isinstance(step, steps.SetEncryption)]
    assert encryptions == ["alias/acme-trail", ""], "records need no key of their own"


def test_with_a_key_and_a_lock_there_nothing_is_planned(world: Build) -> None:
    assert names(of(world(kms_key=True, object_lock=ObjectLockSpec("COMPLIANCE", 90)))) == []


def test_the_public_is_kept_out_before_a_policy_lets_anybody_in(world: Build) -> None:
    order = names(of(world().without_storage()))
    assert order.index("BlockPublicAccess") < order.index("SetBucketPolicy") < order.index("CreateTrail")


def test_the_plan_is_the_same_before_and_after_the_log_archive_account_exists(world: Build) -> None:
    after = world(kms_key=True).without_storage()
    before = world(kms_key=True).without_storage()
    before.observed = replace(before.observed, accounts=(), members=())
    before.storage(buckets=(), key=None)
    assert of(before).digest == of(after).digest
    assert of(before).needs == ("log archive account log-archive does not exist yet: run 03-accounts",)


def test_a_plan_has_no_id_that_aws_gives(world: Build) -> None:
    made = of(world(kms_key=True).without_storage())
    content = json.dumps([step.facts() for step in made.steps])
    for values in ("222222222222", "o-exampleorgid", "111111111111"):
        assert values not in content


def without_statement(policy: str, sid: str) -> str:
    document = json.loads(policy)
    return json.dumps(document | {"Statement": [s for s in document["Statement"] if s["Sid"] != sid]})


BUCKET_DRIFT = {
    "BlockPublicAccess": {"public_access_block": ()},
    "SetOwnership": {"ownership": "ObjectWriter"},
    "SetVersioning": {"versioning": "Suspended"},
    "SetEncryption": {"encryption": "aws:kms arn:aws:kms:us-east-1:333333333333:key/x"},
    "SetLifecycle": {"lifecycle": '[{"ID":"orgkit","Status":"Disabled"}]'},
    "TagBucket": {"tags": (("Name", "other"), ("ManagedBy", "orgkit"))},
    "SetBucketPolicy": {"policy": None},
}


@pytest.mark.parametrize("bucket", ["acme-log", "acme-records"])
@pytest.mark.parametrize(("step", "drift"), BUCKET_DRIFT.items(), ids=BUCKET_DRIFT)
def test_each_setting_of_a_bucket_that_differs_is_exactly_one_step(
    world: Build, bucket: str, step: str, drift: dict[str, Any]
) -> None:
    made = of(world().bucket(bucket, **drift))
    assert names(made) == [step]
    assert made.steps[0].subject == bucket


@pytest.mark.parametrize(
    "sid",
    [
        "AWSCloudTrailAclCheck20150319",
        "AWSCloudTrailWrite20150319",
        "AWSCloudTrailOrganizationWrite20150319",
        "DenyInsecureTransport",
    ],
)
def test_a_lost_statement_of_the_bucket_policy_is_one_step(world: Build, sid: str) -> None:
    there = world()
    policy = without_statement(there.facts.buckets[0].policy, sid)
    assert names(of(there.bucket("acme-log", policy=policy))) == ["SetBucketPolicy"]


def test_a_bucket_policy_for_another_trail_is_one_step(world: Build) -> None:
    there = world()
    policy = there.facts.buckets[0].policy.replace("trail/acme-trail", "trail/other")
    assert names(of(there.bucket("acme-log", policy=policy))) == ["SetBucketPolicy"]


def test_the_step_says_for_whom_else_cloudtrail_goes_on_writing(world: Build) -> None:
    there = world()
    partner = "arn:aws:cloudtrail:us-east-1:333333333333:trail/x"
    policy = there.facts.buckets[0].policy.replace(our_arn(there.facts.buckets[0].policy), partner)
    made = of(there.bucket("acme-log", policy=policy))
    (step,) = made.steps
    assert isinstance(step, steps.SetBucketPolicy)
    assert (step.other_writers, step.removes) == ((partner,), ())
    assert f"for trail acme-trail and, as before, for {partner}" in step.sentence
    assert [line for line in made.warnings if f"lets CloudTrail for {partner} put objects among the logs" in line]


def test_what_a_step_takes_away_stands_in_its_sentence(world: Build) -> None:
    there = world()
    document = json.loads(there.facts.buckets[0].policy)
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            statement.pop("Condition")
    made = of(there.bucket("acme-log", policy=json.dumps(document)))
    (step,) = made.steps
    assert made.warnings == ()
    assert len(step.removes) == len(step.losses) == 3
    loss = "statement AWSCloudTrailWrite20150319 lets CloudTrail for any trail of any account put objects"
    assert f"this removes that {loss}" in step.sentence
    assert "for trail acme-trail only" in step.sentence


def test_where_another_trail_of_ours_writes_nothing_is_taken_away(world: Build, our_trail: Trail) -> None:
    there = world()
    document = json.loads(there.facts.buckets[0].policy)
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            statement.pop("Condition")
    audit = replace(our_trail, name="audit", arn=our_trail.arn.replace("acme-trail", "audit"), organization=False)
    there.trails(our_trail, audit).bucket("acme-log", policy=json.dumps(document))
    (step,) = of(there).steps
    assert (step.removes, step.other_writers) == ((), ("any trail of any account",))


def our_arn(policy: str) -> str:
    return policy[policy.index("arn:aws:cloudtrail") :].split('"')[0]


@pytest.mark.parametrize(
    "text", ["{", "[]", '"x"', "null", '{"Statement": ["x"]}', '{"Statement": [{"Effect": "Maybe"}]}']
)
def test_a_policy_that_cannot_be_read_is_for_a_person(world: Build, text: str) -> None:
    with pytest.raises(NeedsDecision, match="not a policy document in JSON"):
        of(world().bucket("acme-log", policy=text))
    there = world(kms_key=True)
    with pytest.raises(NeedsDecision, match="not a policy document in JSON"):
        of(there.storage(key=replace(there.facts.key, policy=text)))


def test_statements_and_rules_of_others_are_reported_and_left(world: Build) -> None:
    there = world()
    log = there.facts.buckets[0]
    policy, rules = json.loads(log.policy), json.loads(log.lifecycle)
    inside = {"Sid": "Reader", "Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "s3:GetObject"}
    siem = {"Sid": "Siem", "Effect": "Allow", "Principal": {"AWS": "333333333333"}, "Action": "s3:Get*"}
    policy["Statement"] += [inside, siem]
    rules.append({"ID": "tidy", "Status": "Enabled"})
    made = of(there.bucket("acme-log", policy=json.dumps(policy), lifecycle=json.dumps(rules)))
    assert names(made) == []
    assert made.unmanaged == ("statement Reader (Allow) of bucket acme-log", "lifecycle rule tidy of bucket acme-log")
    (warning,) = made.warnings
    assert warning.startswith(
        "statement Siem of bucket acme-log lets account 333333333333 read the logs. orgkit leaves"
    )


@pytest.mark.parametrize("form", [{}, {"Prefix": ""}])
def test_a_lifecycle_rule_that_aws_words_otherwise_is_no_drift(world: Build, form: dict[str, str]) -> None:
    there = world()
    (rule,) = json.loads(there.facts.buckets[0].lifecycle)
    assert names(of(there.bucket("acme-log", lifecycle=json.dumps([rule | {"Filter": form}])))) == []


TRAIL_DRIFT = {
    "organization": ({"organization": False}, "log every account of the organization"),
    "regions": ({"multi_region": False}, "log every region"),
    "validation": ({"validated": False}, "switch on log file validation"),
    "bucket": ({"bucket": "elsewhere"}, "write to bucket acme-log instead of elsewhere"),
    "key": ({"key": "arn:aws:kms:us-east-1:222222222222:key/x"}, "encrypt with no KMS key"),
}


@pytest.mark.parametrize(("drift", "change"), TRAIL_DRIFT.values(), ids=TRAIL_DRIFT)
def test_our_trail_that_differs_is_exactly_one_step(
    world: Build, our_trail: Trail, drift: dict[str, Any], change: str
) -> None:
    made = of(world().trails(replace(our_trail, **drift)))
    assert names(made) == ["UpdateTrail"]
    assert made.steps[0].sentence == f"change trail acme-trail in us-east-1: {change}"


def test_a_trail_that_does_not_log_is_started(world: Build, our_trail: Trail) -> None:
    assert names(of(world().trails(replace(our_trail, logging=False)))) == ["StartLogging"]


def test_a_key_that_is_asked_for_later_reaches_bucket_and_trail(world: Build, our_trail: Trail) -> None:
    there = world(kms_key=True).trails(our_trail).storage(key=None).bucket("acme-log", encryption="AES256")
    made = of(there)
    assert names(made) == ["CreateKey", "SetEncryption", "UpdateTrail"]
    assert made.steps[-1].sentence.endswith("encrypt with KMS key alias/acme-trail")


KEY_DRIFT = {"RotateKey": {"rotates": False}, "SetKeyPolicy": {"policy": '{"Statement":[]}'}}


@pytest.mark.parametrize(("step", "drift"), KEY_DRIFT.items(), ids=KEY_DRIFT)
def test_a_key_that_differs_is_exactly_one_step(world: Build, step: str, drift: dict[str, Any]) -> None:
    there = world(kms_key=True)
    assert names(of(there.storage(key=replace(there.facts.key, **drift)))) == [step]


def test_a_key_that_waits_for_its_deletion_is_for_a_person(world: Build) -> None:
    there = world(kms_key=True)
    there.storage(key=replace(there.facts.key, state="PendingDeletion"))
    with pytest.raises(NeedsDecision, match="PendingDeletion"):
        of(there)


FOREIGN = {"name": "tower", "arn": "arn:aws:cloudtrail:eu-west-1:111111111111:trail/tower", "bucket": "tower-logs",
           "home_region": "eu-west-1", "key": "arn:aws:kms:eu-west-1:333333333333:key/y"}  # fmt: skip


def test_an_organization_trail_of_another_name_and_bucket_is_adopted(world: Build, our_trail: Trail) -> None:
    made = of(world(kms_key=True).without_storage().trails(replace(our_trail, **FOREIGN)))
    assert {getattr(step, "bucket", "") for step in made.steps} == {"acme-records"}
    assert made.warnings[0].startswith("Organization trail tower is there already and is adopted")
    assert "bucket acme-log is not created" in made.warnings[1]


def test_an_adopted_trail_that_falls_short_is_adjusted_where_it_is(world: Build, our_trail: Trail) -> None:
    made = of(world().trails(replace(our_trail, **FOREIGN, validated=False, logging=False)))
    assert names(made) == ["UpdateTrail", "StartLogging"]
    update = made.steps[0]
    assert isinstance(update, steps.UpdateTrail)
    assert (update.region, update.bucket, update.key_alias) == ("eu-west-1", "tower-logs", None)


def test_an_organization_trail_that_writes_to_our_bucket_is_ours_under_its_name(world: Build, our_trail: Trail) -> None:
    arn = our_trail.arn.replace("acme-trail", "older")
    made = of(world().trails(replace(our_trail, name="older", arn=arn)))
    assert names(made) == ["SetBucketPolicy"]
    assert f"for trail older and, as before, for {our_trail.arn}," in made.steps[0].sentence


def test_our_own_trail_is_chosen_before_others(world: Build, our_trail: Trail) -> None:
    made = of(world().trails(replace(our_trail, **FOREIGN), our_trail))
    assert names(made) == []
    (output,) = made.warnings
    assert output.startswith("The management account has another organization trail, tower (bucket tower-logs): AWS")


def test_a_plain_trail_makes_ours_a_paid_copy_and_is_no_reason_to_stop(world: Build, our_trail: Trail) -> None:
    made = of(world().without_storage().trails(replace(our_trail, **FOREIGN, organization=False)))
    assert names(made)[-2:] == ["CreateTrail", "StartLogging"]
    assert "another trail, tower" in made.warnings[0]
    assert "paid second copy" in made.warnings[0]


def test_a_trail_that_writes_under_a_prefix_may_write_there(world: Build, our_trail: Trail) -> None:
    made = of(world().trails(replace(our_trail, prefix="audit")))
    assert names(made) == ["SetBucketPolicy"]
    assert "acme-log/audit/AWSLogs/<organization>/*" in str(made.steps[0].facts())


LOCKS = [
    (None, "GOVERNANCE 90", []),
    (("GOVERNANCE", 30), "GOVERNANCE 90", []),
    (("GOVERNANCE", 365), "COMPLIANCE 90", []),
    (("COMPLIANCE", 30), "GOVERNANCE 90", []),
    (None, "on", []),
    (("GOVERNANCE", 90), "GOVERNANCE 90", []),
    (("GOVERNANCE", 90), "on", ["SetObjectLock"]),
    (("GOVERNANCE", 90), None, ["SetObjectLock"]),
    (("GOVERNANCE", 90), "GOVERNANCE 30", ["SetObjectLock"]),
    (("COMPLIANCE", 90), "GOVERNANCE 90", ["SetObjectLock"]),
]


@pytest.mark.parametrize(("requests", "there", "planned"), LOCKS)
def test_a_lock_is_made_longer_and_stricter_and_never_the_other_way(
    world: Build, requests: tuple[str, int] | None, there: str | None, planned: list[str]
) -> None:
    made = of(world(object_lock=ObjectLockSpec(*requests) if requests else None).bucket("acme-log", object_lock=there))
    assert names(made) == planned
    same = there == (f"{requests[0]} {requests[1]}" if requests else None)
    assert len(made.warnings) == (0 if planned or same else 1)


def test_what_compliance_means_stands_in_the_sentence(world: Build) -> None:
    made = of(world(object_lock=ObjectLockSpec("COMPLIANCE", 90)).bucket("acme-log", object_lock=None))
    assert "not even the root user" in made.steps[0].sentence


def test_a_bucket_of_somebody_else_is_for_a_person(world: Build) -> None:
    with pytest.raises(NeedsDecision, match="acme-records exists"):
        of(world().bucket("acme-records", foreign=True))


def test_a_bucket_in_another_region_is_for_a_person(world: Build) -> None:
    with pytest.raises(NeedsDecision, match="is in eu-west-1"):
        of(world().bucket("acme-log", region="eu-west-1"))


@pytest.mark.parametrize("part", ["trails", "buckets", "key"])
def test_what_could_not_be_read_is_not_planned_on(world: Build, part: str) -> None:
    with pytest.raises(CouldNotRead, match="denied"):
        of(world().storage(**{part: Unread("denied")}))


def test_an_account_that_cannot_be_looked_into_is_needed_first(world: Build) -> None:
    there = world()
    there.observed = replace(there.observed, members=())
    there.storage(buckets=Unread("no role"), key=Unread("no role"))
    assert of(there).needs == ("orgkit-read cannot be assumed in log archive account log-archive: run 03-accounts",)


def test_trusted_access_is_needed_first(world: Build) -> None:
    there = world()
    there.observed = replace(there.observed, organization=replace(there.observed.organization, trusted_access=()))
    assert of(there).needs == ("trusted access for cloudtrail.amazonaws.com is not enabled: run 01-organization",)


def test_without_an_organization_the_whole_phase_is_a_preview(world: Build) -> None:
    there = world()
    target = replace(there.observed.target, organization=None)
    there.observed = replace(there.observed, target=target, organization=None, accounts=(), members=(), phase_facts=())
    made = of(there)
    assert names(made) == [*BUCKET, *BUCKET, "CreateTrail", "StartLogging"]
    assert made.digest == ""
    assert made.needs[0].endswith("run 01-organization")


def test_nobody_having_looked_is_not_the_same_as_nothing_there(world: Build) -> None:
    there = world()
    there.observed = replace(there.observed, phase_facts=())
    with pytest.raises(CouldNotRead):
        of(there)


def test_a_failed_records_bucket_does_not_keep_the_trail_from_being_made(world: Build) -> None:
    made = of(world(kms_key=True).without_storage())
    trail = made.steps[-2]
    assert set(trail.depends_on) == {"acme-trail", "acme-log", "alias/acme-trail"}
    records = [step for step in made.steps if step.subject == "acme-records"]
    assert all("alias/acme-trail" not in step.depends_on for step in records)


def test_what_aws_did_not_answer_is_no_matter_of_rights(world: Build) -> None:
    lost = Unread("NoAnswer", "run the phase again.")
    for facts in ({"trails": lost}, {"buckets": lost, "key": lost}):
        with pytest.raises(CouldNotRead) as stopped:
            of(world().storage(**facts))
        assert stopped.value.remedy == "run the phase again."


CLOSED = {"state": "SUSPENDED"}


def with_archive(world: Any, **changes: Any) -> Any:
    accounts = tuple(replace(account, **changes) for account in world.observed.accounts)
    world.observed = replace(world.observed, accounts=accounts)
    return world


def test_a_closed_log_archive_account_does_not_hide_a_trail_that_was_stopped(world: Build) -> None:
    made = of(with_archive(world(kms_key=True).trails(replace(OUR_TRAIL, logging=False, validated=False)), **CLOSED))
    assert names(made) == ["StartLogging"], "what needs a bucket or key of the closed account is not planned"
    assert made.needs == (), "an order of phases would keep the trail from being started"
    assert [decision.blocks for decision in made.blocked] == ["log-archive"]
    assert "Its buckets, its key and what of the trail depends on them" in made.blocked[0].what


def test_without_a_trail_nothing_is_planned_on_a_closed_log_archive_account(world: Build) -> None:
    made = of(with_archive(world().without_storage(), **CLOSED))
    assert (names(made), len(made.blocked)) == ([], 1)


def test_a_trail_with_a_bucket_of_its_own_is_changed_whatever_became_of_the_log_archive_account(world: Build) -> None:
    adopted = replace(OUR_TRAIL, name="theirs", bucket="their-bucket", validated=False, logging=False)
    made = of(with_archive(world().trails(adopted), **CLOSED))
    assert names(made) == ["UpdateTrail", "StartLogging"]


def test_a_log_archive_account_of_which_there_are_two_blocks_the_same_steps(world: Build) -> None:
    place = with_archive(world().trails(replace(OUR_TRAIL, logging=False)), tags=((KEY_TAG, "log-archive"),))
    one = place.observed.accounts[0]
    two = replace(one, id="333333333333", email="two@acme.test")
    place.observed = replace(place.observed, accounts=(one, two))
    made = of(place)
    assert (names(made), len(made.blocked)) == (["StartLogging"], 1)


@pytest.mark.parametrize(("is_there", "planned"), [(True, ["tag-bucket"]), (False, [])])
def test_steps_in_a_log_archive_account_that_cannot_be_entered_wait_for_its_owner(
    world: Build, is_there: bool, planned: list[str]
) -> None:
    place = world(tags=(("Team", "a"),)).bucket("acme-log", tags=())
    (member,) = place.observed.members
    place.observed = replace(place.observed, members=(replace(member, access_role=is_there),))
    plan = of(place)
    assert [step.kind for step in plan.steps if isinstance(step, steps.InLogArchive)] == planned
    tasks = [waiting for waiting in plan.waiting if "is not there, or does not trust" in waiting.what]
    assert [(task.drift, "create-role" in task.commands[0]) for task in tasks] == [(True, True)] * (not is_there)
    stopped = place.trails(replace(place.facts.trails[0], logging=False))
    assert "start-logging" in [step.kind for step in of(stopped).steps]


def test_without_a_records_bucket_only_the_log_bucket_is_made(world: Build) -> None:
    assert names(of(world(records_bucket="").without_storage())) == [*BUCKET, "CreateTrail", "StartLogging"]


def test_with_the_bucket_as_it_is_neither_its_settings_nor_the_key_are_changed(world: Build) -> None:
    plain = world(bucket_settings=False, records_bucket="", kms_key=True)
    plain.storage(buckets=(), key=None)
    plain.trails(replace(OUR_TRAIL, key="arn:aws:kms:us-east-1:333333333333:key/other", bucket="somewhere-else"))
    made = of(plain)
    assert (made.steps, made.warnings) == ((), ())


def test_with_the_bucket_as_it_is_a_trail_that_is_gone_is_made_again_and_the_bucket_stays(world: Build) -> None:
    lost = world(bucket_settings=False, records_bucket="", kms_key=True).without_storage()
    assert names(of(lost)) == ["CreateTrail", "StartLogging"]


def test_with_the_bucket_as_it_is_the_trail_itself_is_still_repaired(world: Build) -> None:
    weak = world(bucket_settings=False, records_bucket="").trails(replace(OUR_TRAIL, multi_region=False, logging=False))
    assert names(of(weak)) == ["UpdateTrail", "StartLogging"]
