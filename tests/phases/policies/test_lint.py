"""What is found in a document without a call: its form, its size, misspellings, and statements without effect."""

import json
from typing import Any

import pytest

from orgkit.phases.policies.lint import lint
from orgkit.policy_evaluation.policy_types import RCP, SCP, policy_types

DENY = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def messages(kind: str, *statements: Any, errors: bool) -> list[str]:
    return [str(finding) for finding in lint(document(*statements), kind) if finding.is_error is errors]


def warnings(**elements: Any) -> list[str]:
    assert messages(SCP, {**DENY, **elements}, errors=True) == []
    return messages(SCP, {**DENY, **elements}, errors=False)


def test_a_sound_statement_has_no_findings() -> None:
    assert lint(document(DENY), SCP) == ()
    assert lint(document({**DENY, "Principal": "*"}), RCP) == ()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("Deny", "statement 1: is not a JSON object"),
        ({**DENY, "Effect": "deny"}, "statement 1: has the effect 'deny': write Allow or Deny"),
        ({**DENY, "Principal": "*"}, "statement 1: has the element 'Principal', which a SERVICE_CONTROL_POLICY does"),
        ({**DENY, "NotAction": "s3:*"}, "statement 1: has both Action and NotAction"),
        ({"Effect": "Deny", "Action": "s3:*"}, "statement 1: has neither Resource nor NotResource"),
        ({**DENY, "Action": []}, "statement 1: its Action is not a text or a list of texts"),
        ({**DENY, "Action": [1]}, "statement 1: its Action is not a text or a list of texts"),
        ({**DENY, "Condition": {"StringEquals": "x"}}, "statement 1: has a Condition that is not an object"),
        ({**DENY, "Sid": 5}, "statement 1: has the Sid 5, which is not a text: write it in quotes"),
        *(
            ({**DENY, "Condition": {"Null": {"aws:SourceArn": value}}}, "statement 1: has a condition on 'aws")
            for value in (None, {"a": 1}, [["a"]], [None])
        ),
        *(
            ({**DENY, "Condition": {operator: {"aws:SourceArn": "x"}}}, "statement 1: has the condition operator")
            for operator in ("StriNotngEquals", "NumericNotLessThan", "BoolNot", "NullIfExists", "NotNull", "Some:Null")
        ),
    ],
)
def test_the_form_of_a_statement_is_checked(statement: Any, message: str) -> None:
    (error,) = messages(SCP, statement, errors=True)
    assert error.startswith(message)


def test_a_resource_control_policy_denies_everybody_and_allows_nothing() -> None:
    assert "effect 'Allow': write Deny" in messages(RCP, {**DENY, "Principal": "*", "Effect": "Allow"}, errors=True)[0]
    assert 'no "Principal": "*"' in messages(RCP, DENY, errors=True)[0]


def test_a_policy_without_version_or_statement_is_refused() -> None:
    assert [str(finding) for finding in lint({"Statment": []}, SCP)] == [
        'has no "Version": "2012-10-17"',
        "has the element 'Statment', which a policy does not have",
        "has no statement",
    ]


@pytest.mark.parametrize(("kind", "limit"), [(SCP, 10_240), (RCP, 5_120)])
def test_the_size_is_that_without_white_space(kind: str, limit: int) -> None:
    statement = {**DENY, "Principal": "*"} if kind == RCP else DENY
    length = limit - _size(document({**statement, "Sid": ""}))
    assert lint(document({**statement, "Sid": "x" * length}), kind) == ()
    (finding,) = lint(document({**statement, "Sid": "x" * (length + 1)}), kind)
    assert str(finding) == f"has {limit + 1:,} characters without white space; AWS allows {limit:,} for a {kind}"
    assert finding.is_error


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def test_a_type_without_a_known_limit_warns_and_leaves_the_decision_to_aws() -> None:
    for kind, known in policy_types().items():
        findings = [finding for finding in lint({"any": {}}, kind) if "knows no limit" in finding.message]
        assert bool(findings) is (known.max_characters is None), kind
        assert not any(finding.is_error for finding in findings)
        assert known.source or known.max_characters is None


@pytest.mark.parametrize("action", ["s3:PutObjct", "s4:PutObject", "PutObject", "s3:putobjectz*"])
def test_an_action_that_aws_does_not_have_is_a_warning(action: str) -> None:
    assert warnings(Action=[action, "s3:Put*"]) == [f"statement 1: AWS has no action {action}, as far as orgkit knows"]
    assert "statement 1: can never match: it names no action that AWS has" in warnings(Action=action)


@pytest.mark.parametrize("action", ["*", "s3:putobject", "S3:Put*", "*:*", "s3:Put?bject"])
def test_an_action_that_aws_has_is_no_warning(action: str) -> None:
    assert warnings(Action=action) == []


@pytest.mark.parametrize("key", ["aws:PrincipalArm", "s3:x-amz-alc", "s4:prefix", "prefix"])
def test_a_condition_key_that_aws_does_not_have_is_a_warning(key: str) -> None:
    (warning,) = warnings(Condition={"StringEquals": {key: "x"}})
    assert warning == f"statement 1: AWS has no condition key {key.lower()}, as far as orgkit knows"


@pytest.mark.parametrize("key", ["aws:principalarn", "AWS:PrincipalTag/team", "s3:x-amz-acl", "aws:AssumedRoot"])
def test_a_condition_key_that_aws_has_is_no_warning(key: str) -> None:
    assert warnings(Condition={"StringEquals": {key: "x"}}) == []


def test_an_operator_that_aws_does_not_have_is_an_error() -> None:
    condition = {"StringEqual": {"aws:PrincipalArn": "x", "aws:SourceIp": "y"}}
    (error,) = messages(SCP, {**DENY, "Condition": condition}, errors=True)
    assert error.startswith("statement 1: has the condition operator 'StringEqual', which AWS does not have")


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"Resource": "arn:aws:ec2:*:*:instance/*"}, "none of its actions is about a resource of that form"),
        ({"Action": "s3:ListAllMyBuckets", "Resource": "arn:aws:s3:::x"}, "none of its actions is about a resource"),
        ({"Condition": {"StringEquals": {"ec2:Region": "x"}}}, "requests of its actions have no ec2:region"),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalArn": ["arn:aws:iam::*:role/x"]}}},
            "stringequals compares the * under aws:principalarn as a character; StringLike is meant",
        ),
    ],
)
def test_a_statement_that_can_never_match_is_a_warning(elements: dict[str, Any], reason: str) -> None:
    (warning,) = warnings(**elements)
    assert warning.startswith(f"statement 1: can never match: {reason}")


@pytest.mark.parametrize(
    "elements",
    [
        {"Resource": "arn:aws:s3:::logs/*"},
        {"Resource": "arn:aws:s3:::${aws:PrincipalAccount}-*"},
        {"Action": "s3:*", "Resource": "arn:aws:s3:::logs"},
        {"Action": "s3:ListAllMyBuckets"},
        {"Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*"},
        {"Condition": {"StringNotEquals": {"ec2:Region": "x"}}},
        {"Condition": {"StringEqualsIfExists": {"ec2:Region": "x"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalArn": ["a*", "b"]}}},
        {"Condition": {"Null": {"aws:AssumedRoot": "true"}}},
    ],
)
def test_a_statement_that_may_match_is_no_warning(elements: dict[str, Any]) -> None:
    assert warnings(**elements) == []


def test_a_resource_control_policy_about_another_service_can_never_match() -> None:
    statement = {**DENY, "Principal": "*", "Action": "ec2:RunInstances"}
    assert messages(RCP, statement, errors=False) == [
        "statement 1: can never match: resource control policies do not apply to the services of its actions"
    ]


def test_a_statement_that_stands_twice_is_reported_with_the_first() -> None:
    second = {**DENY, "Action": ["S3:PutObject"], "Sid": "Again"}
    assert messages(SCP, {**DENY, "Sid": "First"}, second, errors=False) == [
        "statement Again: says the same as statement First"
    ]
    other = {**DENY, "Action": "s3:GetObject", "Sid": "First"}
    assert messages(SCP, {**DENY, "Sid": "First"}, other, errors=True) == [
        "statement First: has the Sid of an earlier statement"
    ]
