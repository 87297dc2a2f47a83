"""Required statements are put into policies of any form, and nobody who could deliver before cannot afterwards."""

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.model.canonical_json import normal_form
from orgkit.phases.trail.documents import key_statements, log_statements
from orgkit.policy_evaluation.merge import is_missing, merge, sources_of
from orgkit.policy_evaluation.requests import Principal, PrincipalKind, Request
from orgkit.sandbox.corrections.documents import effects

MANAGEMENT, ARCHIVE, ORGANIZATION, PARTNER = "111111111111", "222222222222", "o-exampleorgid", "333333333333"
CLOUDTRAIL = Principal(PrincipalKind.SERVICE, "cloudtrail.amazonaws.com")
BUCKET = "arn:aws:s3:::acme-log"
OURS = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/acme-trail"
AUDIT = f"arn:aws:cloudtrail:us-east-1:{MANAGEMENT}:trail/audit"
THEIRS = f"arn:aws:cloudtrail:eu-west-1:{PARTNER}:trail/partner"
REQUIRED = log_statements("acme-log", OURS, partition="aws", management_id=MANAGEMENT, organization_id=ORGANIZATION)
SIDS = [str(statement["Sid"]) for statement in REQUIRED]
WRITE = "AWSCloudTrailWrite20150319"
DENY = {"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": "s3:*"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def requests(*arns: str) -> list[Request]:
    """What CloudTrail asks of S3 for each trail, in each place."""
    found = []
    for arn in arns:
        account = arn.split(":")[4]
        context = {"aws:SourceArn": arn, "aws:SourceAccount": account, "aws:SecureTransport": "true"}
        for owner in (account, ORGANIZATION):
            acl = {**context, "s3:x-amz-acl": "bucket-owner-full-control"}
            found.append(Request(CLOUDTRAIL, "s3:PutObject", f"{BUCKET}/AWSLogs/{owner}/CloudTrail/x", context=acl))
        found.append(Request(CLOUDTRAIL, "s3:GetBucketAcl", BUCKET, context=context))
    return found


def granted(policy: str, *arns: str) -> set[tuple[str, str, str]]:
    """Which of these requests a policy allows, by the sandbox's own reading of policies."""
    return {
        (str(request.context["aws:SourceArn"]), request.action, request.resource)
        for request in requests(*arns)
        if effects(json.loads(policy), request) == {"Allow"}
    }


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """A statement for trails, in one of the forms in which people write them."""
    sid = draw(st.sampled_from([*SIDS, "Partner", None]))
    arns = draw(st.lists(st.sampled_from([OURS, AUDIT, THEIRS]), min_size=1, max_size=3, unique=True))
    account_ids = sorted({arn.split(":")[4] for arn in arns})
    operator, key, values = draw(
        st.sampled_from(
            [
                ("StringEquals", "aws:SourceArn", arns),
                ("StringEquals", "AWS:SourceArn", arns),
                ("ArnLike", "aws:sourceArn", arns),
                ("ArnEquals", "aws:SourceArn", arns),
                ("StringLike", "aws:SourceArn", [f"arn:aws:cloudtrail:*:{each}:trail/*" for each in account_ids]),
                ("StringEquals", "aws:SourceAccount", account_ids),
                ("StringLike", "aws:SourceArn", ["*"]),
                ("", "", []),
            ]
        )
    )
    values = values[0] if len(values) == 1 and draw(st.booleans()) else values
    action, resources = draw(
        st.sampled_from(
            [
                ("s3:GetBucketAcl", [BUCKET]),
                ("s3:PutObject", [f"{BUCKET}/*"]),
                ("s3:putobject", [f"{BUCKET}/AWSLogs/*"]),
                ("s3:PutObject", [f"{BUCKET}/AWSLogs/{MANAGEMENT}/*"]),
                ("s3:PutObject", [f"{BUCKET}/AWSLogs/{owner}/*" for owner in (*account_ids, ORGANIZATION)]),
                (["s3:PutObject", "s3:GetBucketAcl"], [BUCKET, f"{BUCKET}/*"]),
                ("s3:*", [BUCKET, f"{BUCKET}/*"]),
            ]
        )
    )
    condition: dict[str, Any] = {operator: {key: values}} if operator else {}
    if action == "s3:PutObject" and draw(st.booleans()):
        condition = {**condition, "StringEquals": {**condition.get("StringEquals", {}),
                     "S3:x-amz-acl": "bucket-owner-full-control"}}  # fmt: skip
    principal = draw(
        st.sampled_from(
            [
                {"Service": "cloudtrail.amazonaws.com"},
                {"Service": ["cloudtrail.amazonaws.com"]},
                {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]},
                {"AWS": "*"},
                "*",
            ]
        )
    )
    made: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action,
                            "Resource": resources[0] if len(resources) == 1 else resources}  # fmt: skip
    return made | ({"Sid": sid} if sid else {}) | ({"Condition": condition} if condition else {})


@given(st.lists(statements(), max_size=4), st.booleans())
def test_whoever_could_deliver_still_can_and_our_trail_can_too(policy: list[dict[str, Any]], shared: bool) -> None:
    before = document(*policy)
    merged = merge(before, REQUIRED, is_shared=shared)
    trails = (OURS, AUDIT, THEIRS)
    said = granted(document(*merged.removed), *trails)
    assert granted(before, *trails) - granted(merged.document, *trails) <= said
    assert {(OURS, "s3:GetBucketAcl", BUCKET)} < granted(merged.document, OURS)
    assert len(granted(merged.document, OURS)) == 3
    assert not is_missing(merged.document, REQUIRED)


@given(st.lists(statements(), max_size=4))
def test_where_others_are_known_to_deliver_nobody_loses_anything(policy: list[dict[str, Any]]) -> None:
    before = document(*policy)
    after = merge(before, REQUIRED, is_shared=True).document
    assert granted(before, AUDIT, THEIRS) <= granted(after, AUDIT, THEIRS)


@given(st.lists(statements(), max_size=4), st.booleans())
def test_merging_again_changes_nothing_and_sids_are_used_once(policy: list[dict[str, Any]], shared: bool) -> None:
    sids = [statement["Sid"] for statement in policy if "Sid" in statement]
    merged = merge(document(*policy), REQUIRED, is_shared=shared)
    assert not merge(merged.document, REQUIRED, is_shared=shared).changes
    names = [item["Sid"] for item in (*merged.added, *merged.remaining) if "Sid" in item]
    assert len(names) - len(set(names)) <= len(sids) - len(set(sids))


@given(st.lists(statements(), max_size=4))
def test_an_apply_removes_what_the_plan_says_and_nothing_else(policy: list[dict[str, Any]]) -> None:
    planned = merge(document(*policy), REQUIRED)
    removes = [normal_form(statement) for statement in planned.removed]
    assert merge(document(*policy), REQUIRED, removes=removes) == planned
    assert merge(document(*policy), REQUIRED, removes=()).removed == ()


def statement(sid: str | None = WRITE, source: Any = THEIRS, **changes: Any) -> dict[str, Any]:
    condition = {"StringEquals": {"aws:SourceArn": source}} if source else {}
    made: dict[str, Any] = {
        "Sid": sid, "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
        "Resource": f"{BUCKET}/AWSLogs/{MANAGEMENT}/*", "Condition": condition,
    }  # fmt: skip
    return {name: value for name, value in (made | changes).items() if value}


BOTH = [f"{BUCKET}/AWSLogs/{owner}/*" for owner in (MANAGEMENT, ORGANIZATION, PARTNER)]
KEPT = {
    "our Sid for a trail of another account": statement(),
    "our Sid for another trail of this account": statement(source=AUDIT),
    "no Sid": statement(None),
    "a key spelled otherwise": statement(Condition={"StringEquals": {"AWS:sourcearn": THEIRS}}),
    "a list of trails": statement(source=[OURS, THEIRS], Resource=BOTH),
    "a list of services": statement(Principal={"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}),
    "ArnLike": statement(Condition={"ArnLike": {"aws:SourceArn": THEIRS}}),
    "a pattern for an account": statement(Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:*:*:{PARTNER}:*"}}),
    "SourceAccount": statement(Condition={"StringEquals": {"aws:SourceAccount": [PARTNER]}}),
    "SourceOrgID": statement(Condition={"StringEquals": {"aws:SourceOrgID": "o-another"}}),
    "another account's prefix and no source": statement(source=None, Resource=f"{BUCKET}/AWSLogs/{PARTNER}/*"),
    "a wildcard resource and no source": statement(source=None, Resource=f"{BUCKET}/AWSLogs/*"),
    "NotPrincipal": statement(Principal=None, NotPrincipal={"AWS": f"arn:aws:iam::{PARTNER}:root"}),
    "another account": statement(source=None, Principal={"AWS": f"arn:aws:iam::{PARTNER}:root"}),
    "an account id that AWS would refuse": statement(source="arn:aws:cloudtrail:us-east-1:5:trail/x"),
}


@pytest.mark.parametrize("theirs", KEPT.values(), ids=KEPT)
def test_a_statement_for_somebody_else_stays_as_it_is(theirs: dict[str, Any]) -> None:
    merged = merge(document(theirs), REQUIRED)
    assert (merged.remaining, merged.removed) == ((theirs,), ())
    assert not is_missing(merged.document, REQUIRED)


@pytest.mark.parametrize("form", ["StringEquals", "ArnLike", "ArnEquals", "StringLike"])
@pytest.mark.parametrize("sid", [None, "Ours", WRITE])
def test_what_is_granted_in_another_form_is_not_granted_again(form: str, sid: str | None) -> None:
    other = [{**item, "Sid": f"{sid}{n}"} for n, item in enumerate(REQUIRED)] if sid else REQUIRED
    if not sid:
        other = [{name: value for name, value in item.items() if name != "Sid"} for item in REQUIRED]
    words = [json.loads(json.dumps(item)) for item in other]
    for item in words:
        if item["Effect"] == "Allow":
            acl = {"s3:x-amz-acl": ["bucket-owner-full-control"]} if item["Action"] == "s3:PutObject" else {}
            condition: dict[str, Any] = {"StringEquals": dict(acl)}
            condition.setdefault(form, {})["AWS:SourceArn"] = [OURS]
            item["Condition"] = condition
    assert not merge(document(*words), REQUIRED).changes


def test_two_statements_with_the_effect_of_one_are_that_one() -> None:
    split = [
        {**item, "Resource": part}
        for item in REQUIRED
        for part in (item["Resource"] if isinstance(item["Resource"], list) else [item["Resource"]])
    ]
    allow = [item for item in split if item["Effect"] == "Allow"]
    assert not merge(document(*allow, REQUIRED[-1]), REQUIRED).changes


def test_a_statement_of_ours_that_lost_its_condition_is_replaced_and_named() -> None:
    wide = statement(source=None)
    merged = merge(document(wide), REQUIRED)
    assert merged.removed == (wide,)
    assert granted(merged.document, THEIRS) == set()


@pytest.mark.parametrize("shared", [{"is_shared": True}, {}])
def test_a_statement_without_condition_stays_where_somebody_else_delivers(shared: dict[str, bool]) -> None:
    check = {**statement("AWSCloudTrailAclCheck20150319", None, Action="s3:GetBucketAcl", Resource=BUCKET)}
    theirs = statement("Partner", Resource=f"{BUCKET}/AWSLogs/{PARTNER}/*")
    merged = merge(document(check, theirs) if not shared else document(check), REQUIRED, **shared)
    assert merged.removed == ()
    assert (THEIRS, "s3:GetBucketAcl", BUCKET) in granted(merged.document, THEIRS)


def test_a_statement_of_ours_with_two_limits_is_not_taken_for_somebody_elses() -> None:
    """It gives its place; if it kept the wider one next to it, the plan after the apply would have a step again."""
    wider = statement(source=None)
    (acl,) = [item for item in REQUIRED if item["Action"] == "s3:GetBucketAcl"]
    limits = {**acl["Condition"], "StringLike": {"AWS:SourceArn": "arn:aws:cloudtrail:*:*:trail/*"}}
    result = merge(document(wider, {**acl, "Condition": limits}), REQUIRED)
    assert [item["Sid"] for item in result.removed] == [WRITE]
    assert not merge(result.document, REQUIRED).changes


def test_a_statement_is_compared_as_it_is_without_its_deleted_principals() -> None:
    required = key_statements(OURS, partition="aws", management_id=MANAGEMENT, log_archive_id=ARCHIVE)
    names = {"AWS": [ARCHIVE, "AROAEXAMPLEEXAMPLEEXA"]}
    sid = required[-1]["Sid"]
    result = merge(document({**required[-1], "Principal": names}, *required[:-1]), required)
    assert [item["Sid"] for item in result.added] == [sid]
    assert not merge(result.document, required).changes


def test_a_statement_of_ours_that_grants_less_gives_its_place_unsaid() -> None:
    narrow = statement(source=OURS, Resource=f"{BUCKET}/AWSLogs/{MANAGEMENT}/CloudTrail/*",
                       Condition=REQUIRED[1]["Condition"])  # fmt: skip
    merged = merge(document(narrow), REQUIRED)
    assert (merged.remaining, merged.removed) == ((), ())
    assert [item["Sid"] for item in merged.added] == SIDS


def test_a_denial_under_our_name_is_never_removed() -> None:
    theirs = {**DENY, "Resource": f"{BUCKET}/private/*"}
    merged = merge(document(theirs), REQUIRED)
    assert merged.remaining == (theirs,)
    assert {item["Sid"] for item in merged.added} == {*SIDS[:3], "DenyInsecureTransportOrgkit"}


def test_a_denial_that_is_wider_than_ours_is_enough() -> None:
    wider = {**DENY, "Sid": "Tls", "Resource": "*", "Condition": {"BoolIfExists": {"AWS:SecureTransport": False}}}
    assert "DenyInsecureTransport" not in [item["Sid"] for item in merge(document(wider), REQUIRED).added]


def test_a_key_that_is_shared_keeps_what_others_may() -> None:
    required = key_statements(OURS, partition="aws", management_id=MANAGEMENT, log_archive_id=ARCHIVE)
    wide = {name: value for name, value in required[2].items() if name != "Condition"}
    default = {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": ARCHIVE},
               "Action": "kms:*", "Resource": "*"}  # fmt: skip
    assert merge(document(wide, default), required, is_shared=True).remaining == (wide, default)
    merged = merge(document(wide, default), required)
    assert (merged.remaining, merged.removed) == ((default,), (wide,))
    assert "EnableIAMPolicies" not in [item["Sid"] for item in merged.added]


@pytest.mark.parametrize("absent", list(product([None, "", '{"Statement": []}', '{"Version": "2012-10-17"}'])))
def test_where_there_is_no_policy_all_is_added(absent: tuple[str | None]) -> None:
    merged = merge(absent[0], REQUIRED)
    assert (list(merged.added), merged.changes) == (REQUIRED, True)


@pytest.mark.parametrize(
    ("condition", "sources"),
    [
        ({"StringEquals": {"aws:SourceArn": OURS, "aws:SourceAccount": MANAGEMENT}}, {OURS}),
        ({"StringEquals": {"aws:SourceArn": [OURS, THEIRS], "aws:SourceAccount": MANAGEMENT}}, {OURS}),
        (
            {"StringEquals": {"aws:SourceArn": [OURS, AUDIT]}, "ArnLike": {"aws:SourceArn": "arn:*:trail/audit"}},
            {AUDIT},
        ),
        (
            {"StringEquals": {"aws:SourceAccount": [MANAGEMENT, PARTNER], "aws:SourceOrgID": "o-1"}},
            {MANAGEMENT, PARTNER},
        ),
        ({"StringEquals": {"aws:SourceArn": OURS, "aws:SourceAccount": PARTNER}}, set()),
        ({"ArnLikeIfExists": {"aws:SourceArn": AUDIT}}, {AUDIT}),
        ({"ForAnyValue:StringEquals": {"aws:SourceArn": [AUDIT]}}, {AUDIT}),
        ({"StringNotEquals": {"aws:SourceArn": AUDIT}}, None),
    ],
)
def test_a_service_acts_for_those_whom_all_limits_let_in(condition: dict[str, Any], sources: set[str] | None) -> None:
    assert sources_of({**statement(), "Condition": condition}) == sources


@pytest.mark.parametrize("operator", ["StringEqualsIfExists", "ForAnyValue:ArnLike"])
def test_a_limit_in_another_form_is_one(operator: str) -> None:
    theirs = {**statement(), "Condition": {operator: {"aws:SourceArn": AUDIT}}}
    assert merge(document(theirs), REQUIRED).removed == ()


@pytest.mark.parametrize("more", [{"source": None}, {"source": OURS, "Action": "s3:*"}])
def test_another_service_that_shares_our_statement_keeps_what_it_may(more: dict[str, Any]) -> None:
    """S3's log delivery, Config and others write to the same bucket, under a Sid that AWS documents for CloudTrail."""
    both = statement(**more, Principal={"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]})
    merged = merge(document(both), REQUIRED)
    assert merged.removed == ()
    assert both in merged.remaining


def test_our_trail_keeps_the_other_places_that_it_may_write_to() -> None:
    wider = statement(source=OURS, Resource=[f"{BUCKET}/AWSLogs/{MANAGEMENT}/*", f"{BUCKET}/before/*"])
    merged = merge(document(wider), REQUIRED)
    assert merged.removed == ()
    assert wider in merged.remaining


def test_a_statement_for_any_trail_under_another_name_does_not_spare_ours() -> None:
    """Its owner should narrow it, and then ours is needed."""
    anybody = statement("Theirs", None, Action=["s3:PutObject", "s3:GetBucketAcl"], Resource=[BUCKET, f"{BUCKET}/*"])
    merged = merge(document(anybody), REQUIRED)
    assert [item["Sid"] for item in merged.added] == SIDS
    assert merged.remaining == (anybody,)
