"""What AWS has stronger than the file asks for stays, and is reported, unless the file says otherwise."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.plan import Plan
from orgkit.parameters import load
from orgkit.phases.storage.documents import lifecycle_rule
from orgkit.phases.trail import steps as steps
from orgkit.phases.trail.documents import STORAGE_CLASS
from orgkit.phases.trail.facts import Key, Trail
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.planner import plan
from orgkit.phases.trail.stronger import keys_in_use

Build = Callable[..., Any]
LEFT_OUT = ("expire_days", "kms_key", "noncurrent_days")
BY_HAND = "arn:aws:kms:us-east-1:222222222222:key/by-hand"
FOREIGN = "arn:aws:kms:us-east-1:333333333333:key/elsewhere"


def of(world: Any) -> Plan:
    return plan(world.observed, world.desired)


def names(made: Plan) -> list[str]:
    return [type(step).__name__ for step in made.steps]


def by_hand(world: Build, trail: Trail, encryption: str = f"aws:kms {BY_HAND}", **fields: Any) -> Any:
    """Somebody has encrypted trail and bucket with a key."""
    return world(**fields).trails(replace(trail, key=BY_HAND)).bucket("acme-log", encryption=encryption)


FORMS = ["aws:kms", f"aws:kms {BY_HAND}", f"aws:kms {BY_HAND} with bucket key", f"aws:kms:dsse {BY_HAND}"]


@pytest.mark.parametrize("encryption", FORMS)
def test_a_key_that_the_file_says_nothing_of_stays(world: Build, our_trail: Trail, encryption: str) -> None:
    made = of(by_hand(world, our_trail, encryption, left_out=LEFT_OUT))
    assert made.steps == ()
    trail, bucket = made.warnings
    assert trail.startswith(f"Trail acme-trail encrypts with KMS key {BY_HAND}")
    assert bucket.startswith(f"Bucket acme-log is encrypted with {encryption}, which is stronger")
    assert all("`kms_key = false` in [trail] removes it" in line for line in made.warnings)


@pytest.mark.parametrize("encryption", FORMS)
def test_a_key_that_the_file_says_no_to_is_removed(world: Build, our_trail: Trail, encryption: str) -> None:
    assert names(of(by_hand(world, our_trail, encryption))) == ["SetEncryption", "UpdateTrail"]


def test_another_change_of_the_trail_leaves_its_key_as_it_is(world: Build, our_trail: Trail) -> None:
    there = by_hand(world, our_trail, left_out=LEFT_OUT).trails(replace(our_trail, key=BY_HAND, multi_region=False))
    (step,) = of(there).steps
    assert isinstance(step, steps.UpdateTrail)
    assert (step.key_alias, step.changes) == (None, ("log every region",))


@pytest.mark.parametrize("bucket", ["acme-log", "acme-records"])
def test_each_bucket_keeps_its_encryption_on_its_own(world: Build, bucket: str) -> None:
    made = of(world(left_out=LEFT_OUT).bucket(bucket, encryption=f"aws:kms {BY_HAND}"))
    assert made.steps == ()
    assert made.warnings[0].startswith(f"Bucket {bucket} is encrypted with")


def test_a_bucket_without_encryption_is_encrypted_whatever_the_file_leaves_out(world: Build) -> None:
    assert names(of(world(left_out=LEFT_OUT).bucket("acme-log", encryption=None))) == ["SetEncryption"]


def test_two_layers_of_the_same_key_stay(world: Build) -> None:
    there = world(kms_key=True)
    made = of(there.bucket("acme-log", encryption=f"aws:kms:dsse {there.facts.key.arn}"))
    assert made.steps == ()
    assert "which is stronger than what the file asks for" in made.warnings[0]
    assert names(of(there.bucket("acme-log", encryption=f"aws:kms:dsse {BY_HAND}"))) == ["SetEncryption"]


def test_an_alias_that_is_gone_is_given_to_the_key_of_the_trail_again(world: Build) -> None:
    there = world(kms_key=True)
    there.storage(key=replace(there.facts.key, has_alias=False))
    (step,) = of(there).steps
    assert isinstance(step, CreateAlias)
    assert there.facts.key.arn in step.sentence
    assert step.id == "create-alias:alias/acme-trail"


def test_no_key_is_made_where_the_trail_has_one_of_another_account(world: Build, our_trail: Trail) -> None:
    there = world(kms_key=True).trails(replace(our_trail, key=FOREIGN)).storage(key=None)
    made = of(there.bucket("acme-log", encryption=f"aws:kms {FOREIGN}"))
    assert made.steps == ()
    assert made.warnings[0].startswith(f"Trail acme-trail encrypts with KMS key {FOREIGN}")
    assert "apply with `kms_key = false` in [trail] first" in made.warnings[0]


def test_a_key_of_another_account_is_removed_where_the_file_says_no_and_is_then_replaced(
    world: Build, our_trail: Trail
) -> None:
    """The way that the warning names leads on."""
    there = world().trails(replace(our_trail, key=FOREIGN)).bucket("acme-log", encryption=f"aws:kms {FOREIGN}")
    made = of(there)
    assert names(made) == ["SetEncryption", "UpdateTrail"]
    assert made.warnings == ()
    assert names(of(world(kms_key=True).storage(key=None))) == ["CreateKey", "SetEncryption", "UpdateTrail"]


def test_whose_key_a_trail_has_is_not_said_while_the_account_has_to_be_decided_about(
    world: Build, our_trail: Trail
) -> None:
    there = world(kms_key=True).trails(replace(our_trail, key=BY_HAND))
    accounts = [replace(item, state="SUSPENDED") for item in there.observed.accounts]
    made = plan(replace(there.observed, accounts=tuple(accounts)), there.desired)
    assert made.blocked
    assert made.warnings == ()


def test_a_key_of_the_account_that_is_gone_is_made_anew(world: Build, our_trail: Trail) -> None:
    there = world(kms_key=True).trails(replace(our_trail, key=BY_HAND)).storage(key=None)
    assert names(of(there)) == ["CreateKey", "SetEncryption", "UpdateTrail"]


def test_the_key_is_looked_for_by_trail_and_bucket_in_its_own_account(world: Build, our_trail: Trail) -> None:
    there = world(kms_key=True)
    (log, records), spec = there.facts.buckets, there.desired.trail
    encrypted = replace(log, encryption=f"aws:kms {BY_HAND}2 with bucket key")
    assert keys_in_use([replace(our_trail, key=BY_HAND)], [encrypted, records], spec, "222222222222") == (
        BY_HAND,
        f"{BY_HAND}2",
    )
    assert keys_in_use([replace(our_trail, key=FOREIGN)], [records], spec, "222222222222") == ()
    elsewhere = BY_HAND.replace("us-east-1", "eu-west-1")
    assert keys_in_use([replace(our_trail, key=elsewhere)], [], spec, "222222222222") == ()


@pytest.mark.parametrize(
    ("expire", "noncurrent", "left_out", "stays"),
    [
        (400, 3650, LEFT_OUT, True),
        (0, 30, LEFT_OUT, True),
        (800, 0, LEFT_OUT, True),
        (400, 7, LEFT_OUT, False),
        (100, 3650, LEFT_OUT, False),
        (0, 3650, ("noncurrent_days",), False),
        (400, 3650, ("noncurrent_days",), True),
        (400, 3650, (), False),
    ],
)
def test_our_rule_that_keeps_longer_than_a_default_stays(
    world: Build, expire: int, noncurrent: int, left_out: tuple[str, ...], stays: bool
) -> None:
    rule = lifecycle_rule(90, STORAGE_CLASS, expire, noncurrent)
    made = of(world(left_out=left_out).bucket("acme-log", lifecycle=json.dumps([rule])))
    assert names(made) == ([] if stays else ["SetLifecycle"])
    assert len([line for line in made.warnings if "keeps objects longer" in line]) == stays


def test_mfa_delete_stays_and_no_step_is_planned_that_s3_would_refuse(world: Build) -> None:
    made = of(world().bucket("acme-log", mfa_delete=True, versioning="Suspended", lifecycle=None))
    assert made.steps == ()
    assert "has MFA delete" in made.warnings[0]
    (waiting,) = made.waiting
    assert waiting.who.startswith("the root user of log archive account")
    assert "--bucket acme-log --mfa 'SERIAL CODE'" in waiting.commands[0]
    assert of(world().bucket("acme-log", mfa_delete=True)).waiting == ()


@pytest.mark.parametrize(
    ("lines", "left_out"),
    [
        ("", LEFT_OUT),
        ("kms_key = false", ("expire_days", "noncurrent_days")),
        ("kms_key = true\nexpire_days = 0\nnoncurrent_days = 365", ()),
    ],
)
def test_the_file_knows_what_it_leaves_out(tmp_path: Any, lines: str, left_out: tuple[str, ...]) -> None:
    from tests.parameters.test_example import EXAMPLE

    text = EXAMPLE.read_text(encoding="utf-8").replace("\n[trail]\n", f"\n[trail]\n{lines}\n")
    file = tmp_path / "x.toml"
    file.write_text(text, encoding="utf-8")
    assert load(file).trail.left_out == left_out


def test_a_key_without_its_alias_is_no_evidence_of_the_step(world: Build) -> None:
    from orgkit.phases.registry import phase_of

    there = world(kms_key=True)
    step = CreateAlias(
        account="log-archive", region="us-east-1", key_alias="alias/acme-trail", key_arn=BY_HAND, trail="x"
    )
    shows = phase_of("trail").shows
    assert shows(step, there.observed, there.desired) is True
    key: Key = there.facts.key
    there.storage(key=replace(key, has_alias=False))
    assert shows(step, there.observed, there.desired) is False
