"""Organizations that were built without orgkit, copied into another sandbox, and asked the same questions there."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.adoption.forks import results_of

CHECKOUT = Path(__file__).parents[2]
NAMES = ("small", "nested")


@cache
def all_copied() -> dict[str, Any]:
    """What `tests.rehearsal.copies` reports of each organization."""
    return results_of("tests.rehearsal.copies", NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_gives_the_answers_of_the_original_to_more_than_thirty_read_operations(name: str) -> None:
    original, copy = all_copied()[name]["original"], all_copied()[name]["copy"]
    assert len(original) >= 30
    assert sorted(copy) == sorted(original)
    for operation, answers in original.items():
        assert copy[operation] == answers, operation


def test_the_answers_that_are_compared_say_something() -> None:
    answers = all_copied()["small"]["original"]
    (lifecycle,) = answers["s3.get_bucket_lifecycle_configuration"].values()
    assert lifecycle["Rules"][0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3}
    (status,) = answers["cloudtrail.get_trail_status"].values()
    assert status["IsLogging"] is True
    assert [answer["KeyRotationEnabled"] for answer in answers["kms.get_key_rotation_status"].values()] == [True]
    states = {account["State"] for account in answers["organizations.list_accounts"][""]["Accounts"]}
    assert states == {"ACTIVE", "PENDING_CLOSURE"}
    assert answers["organizations.list_handshakes_for_organization"][""]["Handshakes"][0]["State"] == "OPEN"


@pytest.mark.parametrize("name", NAMES)
def test_taking_a_snapshot_changes_nothing(name: str) -> None:
    assert all_copied()[name]["changes"] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_printed_policy_allows_every_read_of_a_copy(name: str) -> None:
    limited = all_copied()[name]["limited"]
    assert limited["snapshot"] == limited["full"]
    assert {*limited["used"]} - {*limited["printed"]} == set()


def test_the_printed_policy_allows_nothing_that_no_copy_needs() -> None:
    limited = [all_copied()[name]["limited"] for name in NAMES]
    used = {action for each in limited for action in each["used"]}
    assert {*limited[0]["printed"]} - {"sts:AssumeRole"} - used == set()


def test_what_aws_does_not_let_us_read_is_listed_and_what_can_be_read_is_copied_all_the_same() -> None:
    denied = all_copied()["small"]["denied"]
    unread = {item["subject"]: item["reason"] for item in denied["not_read"] if not item["is_general"]}
    assert set(unread) >= {
        "trails", "handshakes", "delegated administrators", "the resource policy", "centralized root access",
        "policy Deny leaving (SERVICE_CONTROL_POLICY)",
    }  # fmt: skip
    assert "AccessDenied" in unread["trails"]
    assert sum(subject.startswith("roles in account Shop") for subject in unread) == 2
    assert [unit["name"] for unit in denied["units"]] == ["Security"]
    assert all(account["roles"] is None for account in denied["accounts"])
