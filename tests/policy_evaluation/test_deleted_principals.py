"""The unique ids of deleted principals are known from other names, and are never sent back to AWS."""

import json
from typing import Any

import pytest

from orgkit.phases.trail.documents import log_statements
from orgkit.policy_evaluation.deleted_principals import (
    deleted_principals,
    is_deleted,
    without_deleted_principals,
)
from orgkit.policy_evaluation.merge import merge

ROLE, USER = "AROAEXAMPLEEXAMPLE123", "AIDAEXAMPLEEXAMPLE123"
ROOT = "arn:aws:iam::333333333333:root"
OURS = "arn:aws:cloudtrail:us-east-1:111111111111:trail/acme-trail"
REQUIRED = log_statements("acme-log", OURS, partition="aws", management_id="111111111111", organization_id="o-example")


def statement(member: str = "Principal", **principal: Any) -> dict[str, Any]:
    return {"Effect": "Allow", member: principal, "Action": "s3:GetObject", "Resource": "*"}


@pytest.mark.parametrize("name", ["333333333333", ROOT, "*", "AROA", f"arn:aws:iam::333333333333:role/{ROLE}", 5, None])
def test_other_names_are_those_of_principals_that_are_there(name: object) -> None:
    assert not is_deleted(name)


@pytest.mark.parametrize("name", [ROLE, USER])
def test_a_statement_for_deleted_principals_alone_is_left_out(name: str) -> None:
    assert list(without_deleted_principals([statement(AWS=name), statement(AWS=[name, USER])])) == []


def test_whoever_else_a_statement_names_stays() -> None:
    mixed = statement(AWS=[ROOT, ROLE], Service="config.amazonaws.com")
    assert list(without_deleted_principals([mixed])) == [statement(AWS=[ROOT], Service="config.amazonaws.com")]
    service = statement(AWS=ROLE, Service="config.amazonaws.com")
    assert list(without_deleted_principals([service])) == [statement(Service="config.amazonaws.com")]


def test_an_exception_for_nobody_is_not_turned_into_one_for_none() -> None:
    only, more = statement("NotPrincipal", AWS=ROLE), statement("NotPrincipal", AWS=[ROLE, ROOT])
    assert list(without_deleted_principals([only, more])) == [only, statement("NotPrincipal", AWS=[ROOT])]


def test_a_policy_that_changes_is_sent_without_them_and_one_that_does_not_change_is_left() -> None:
    gone = {"Sid": "Gone", **statement(AWS=ROLE)}
    result = merge(json.dumps({"Statement": [gone]}), REQUIRED)
    assert ROLE not in result.document
    assert result.deleted_principals == ()
    assert not merge(json.dumps({"Statement": [gone, *REQUIRED]}), REQUIRED).changes


def test_an_exception_that_cannot_be_sent_is_known() -> None:
    gone = {"Sid": "Gone", **statement("NotPrincipal", AWS=ROLE), "Effect": "Deny"}
    assert merge(json.dumps({"Statement": [gone]}), REQUIRED).deleted_principals == (ROLE,)
    assert deleted_principals([gone]) == (ROLE,)
