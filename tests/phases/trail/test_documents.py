"""The documents of phase 05: as AWS documents them, narrow, comparable, and known to AWS's own rules."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from orgkit.model.plan import Step
from orgkit.phases.storage.documents import lifecycle_rule, normal_rule, render, rule_of, template, tls_statements
from orgkit.phases.trail import steps as steps
from orgkit.phases.trail.aws import HANDLERS
from orgkit.phases.trail.documents import (
    LOG_ARCHIVE,
    MANAGEMENT,
    ORGANIZATION,
    key_statements,
    log_statements,
    session_policy,
    trail_arn,
)
from orgkit.phases.trail.reads import READS_IN_LOG_ARCHIVE, READS_IN_MANAGEMENT
from orgkit.phases.trail.steps import InLogArchive
from orgkit.policy_evaluation.merge import is_missing, merge
from orgkit.policy_evaluation.service_authorization import find_action

BUCKET = "acme-org-trail-222222222222"
ARN = trail_arn("aws", "us-east-1", "111111111111", "org-trail")
LOG = log_statements(BUCKET, ARN, partition="aws", management_id="111111111111", organization_id="o-exampleorgid")
RECORDS = tls_statements("acme-records", partition="aws")
KEY = key_statements(ARN, partition="aws", management_id="111111111111", log_archive_id="222222222222")
ALL = [("bucket", LOG), ("records", RECORDS), ("key", KEY)]

STEPS = [handler.step for handler in HANDLERS]


def made(kind: type[Step]) -> Step:
    """A step of this kind with something in every field."""
    examples: dict[str, Any] = {"tags": (("Name", "x"),), "statements": (), "changes": ("log every region",),
                                "object_lock": True, "transition_days": 90, "expire_days": 400, "noncurrent_days": 30,
                                "days": 90, "mode": "GOVERNANCE"}  # fmt: skip
    names = [f.name for f in fields(kind) if f.compare]
    return kind(**{name: examples.get(name, f"a-{name}") for name in names})


def test_the_log_bucket_policy_is_the_documented_one() -> None:
    documented = json.loads((Path(__file__).parent / "documented-bucket-policy.json").read_text())
    assert documented["Statement"] == LOG


@pytest.mark.parametrize(("name", "statements"), ALL)
def test_a_service_is_let_in_for_one_trail_only(name: str, statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        if "Service" in statement["Principal"]:
            assert statement["Effect"] == "Allow"
            assert statement["Condition"]["StringEquals"]["aws:SourceArn"] == ARN


@pytest.mark.parametrize(("name", "statements"), ALL)
def test_nobody_is_let_in_by_a_star_or_a_negation(name: str, statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        assert not {"NotPrincipal", "NotAction", "NotResource"} & statement.keys()
        if statement["Effect"] == "Allow":
            assert "*" not in json.dumps(statement["Principal"])


def test_the_key_may_be_used_in_its_own_account_and_by_cloudtrail_alone() -> None:
    allowed = [json.dumps(s["Principal"]) for s in KEY if s["Effect"] == "Allow"]
    assert {each for each in allowed if "cloudtrail" not in each} == {'{"AWS": "arn:aws:iam::222222222222:root"}'}


def test_a_template_with_its_ids_filled_in_is_the_document() -> None:
    named = log_statements(BUCKET, trail_arn("aws", "us-east-1", MANAGEMENT, "org-trail"), partition="aws")
    ids = {MANAGEMENT: "111111111111", ORGANIZATION: "o-exampleorgid", LOG_ARCHIVE: "222222222222"}
    assert render(template(named), ids) == LOG


def as_aws_gives_it_back(statements: list[dict[str, Any]]) -> str:
    """Single values as lists, lists in another order, keys in another order."""
    changed = json.loads(json.dumps(statements))
    for statement in changed:
        statement["Action"] = [statement["Action"]]
        if isinstance(statement["Resource"], list):
            statement["Resource"].reverse()
    return json.dumps({"Id": "x", "Statement": changed[::-1], "Version": "2012-10-17"})


@pytest.mark.parametrize(("name", "statements"), ALL)
def test_a_policy_in_other_words_lacks_nothing(name: str, statements: list[dict[str, Any]]) -> None:
    assert not is_missing(as_aws_gives_it_back(statements), statements)
    assert is_missing(None, statements)
    assert is_missing('{"Statement": {"Sid": "one", "Effect": "Deny"}}', statements)


def test_merging_keeps_others_and_repairs_ours() -> None:
    foreign = {"Sid": "Siem", "Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "s3:GetObject", "Resource": "x"}
    broken = LOG[0] | {"Action": "s3:*"}
    there = json.dumps({"Statement": [foreign, broken]})
    after = merge(there, LOG)
    assert not is_missing(after.document, LOG)
    assert (after.remaining, after.removed) == ((foreign,), (broken,))
    assert not merge(after.document, LOG).changes
    allowed = [s for s in json.loads(after.document)["Statement"] if s["Effect"] == "Allow"]
    assert "s3:*" not in json.dumps(allowed)


@pytest.mark.parametrize("filter_", [{}, {"Prefix": ""}, None])
def test_a_rule_for_all_objects_has_several_words(filter_: dict[str, str] | None) -> None:
    rule = lifecycle_rule(90, "STANDARD_IA", 400, 30)
    values = {key: value for key, value in rule.items() if key != "Filter"} | (
        {} if filter_ is None else {"Filter": filter_}
    )
    assert rule_of(json.dumps([values])) == normal_rule(rule)


@pytest.mark.parametrize("change", [{"Filter": {"Prefix": "AWSLogs/"}}, {"Filter": {"Tag": {"Key": "a", "Value": "b"}}},
                                    {"Prefix": "x", "Filter": {}}, {"Status": "Disabled"}])  # fmt: skip
def test_a_rule_for_some_objects_is_another_rule(change: dict[str, Any]) -> None:
    rule = lifecycle_rule(90, "STANDARD_IA", 400, 30)
    assert rule_of(json.dumps([rule | change])) != normal_rule(rule)


def test_zero_days_mean_never() -> None:
    rule = lifecycle_rule(0, "STANDARD_IA", 0, 0)
    assert set(rule) == {"ID", "Status", "Filter", "AbortIncompleteMultipartUpload"}


@pytest.mark.parametrize("kind", STEPS, ids=lambda kind: kind.__name__)
def test_a_step_reads_well_and_knows_its_actions(kind: type[Step]) -> None:
    step = made(kind)
    assert step.subject
    assert step.actions
    assert "None" not in step.sentence
    assert step.facts()["id"] == step.id


IN_LOG_ARCHIVE = [kind for kind in STEPS if issubclass(kind, InLogArchive)]


@pytest.mark.parametrize("kind", IN_LOG_ARCHIVE, ids=lambda kind: kind.__name__)
def test_the_access_role_is_narrowed_to_the_step(kind: type[InLogArchive]) -> None:
    step = made(kind)
    assert isinstance(step, InLogArchive)
    bucket = str(getattr(step, "bucket", ""))
    policy = session_policy(step, bucket, "aws")
    assert len(policy) <= 2048
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == (f"arn:aws:s3:::{bucket}" if bucket else "*")
    assert not any("*" in action or "Delete" in action or "Disable" in action for action in statement["Action"])
    assert {action.partition(":")[0] for action in statement["Action"]} == {"s3" if bucket else "kms"}


def test_no_step_deletes_disables_or_stops() -> None:
    verbs = [action.partition(":")[2] for kind in STEPS for action in kind.actions]
    assert not [verb for verb in verbs if verb.startswith(("Delete", "Disable", "Stop", "Schedule", "Remove"))]


def test_every_action_is_one_that_iam_knows() -> None:
    named = {action for kind in STEPS for action in kind.actions} | {*READS_IN_LOG_ARCHIVE, *READS_IN_MANAGEMENT}
    assert [action for action in sorted(named) if find_action(action) is None] == []


def test_what_create_trail_asks_for_on_our_behalf_is_named() -> None:
    actions = [find_action(f"cloudtrail:{name}") for name in ("CreateTrail", "UpdateTrail")]
    dependent = {name.lower() for action in actions if action for name in action.dependent_actions}
    assert dependent
    assert dependent <= {action.lower() for action in steps.CreateTrail.actions}


RESOURCES = {
    "bucket": ("AWS::S3::BucketPolicy", {"Bucket": BUCKET}, "PolicyDocument", LOG),
    "records": ("AWS::S3::BucketPolicy", {"Bucket": "acme-records"}, "PolicyDocument", RECORDS),
    "key": ("AWS::KMS::Key", {"EnableKeyRotation": True}, "KeyPolicy", KEY),
}


@pytest.mark.filterwarnings("ignore")
def test_cloudformation_finds_no_fault_in_the_documents() -> None:
    from cfnlint.api import lint_all

    documents = {
        name.capitalize(): {
            "Type": kind, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
            "Properties": {**more, member: {"Version": "2012-10-17", "Statement": statements}},
        }
        for name, (kind, more, member, statements) in RESOURCES.items()
    }  # fmt: skip
    text = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": documents})
    assert [str(match) for match in lint_all(text) if not match.rule.id.startswith("I")] == []
