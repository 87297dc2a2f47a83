"""A second operator is noticed by what AWS says, and nobody is suspected for our own kills and lost answers."""

from typing import Any

from orgkit.journal.in_doubt import Intent
from orgkit.journal.interference import detect_concurrent_changes

UNIT = {"call": "organizations:CreateOrganizationalUnit", "key": "Name=Security"}


def sent(name: str, result: str, code: str = "", **what: str) -> list[dict[str, Any]]:
    return [
        {"event": "intent", "intent": name, "step": "s", **UNIT, **what},
        {"event": "answer", "intent": name, "result": result, "code": code},
    ]


def earlier(name: str = "i-0", **what: str) -> Intent:
    output = {**UNIT, **what}
    return Intent(name, "a run before", "s", output["call"], output["key"])


def test_what_is_there_already_although_no_run_had_sent_it_is_somebody_else_s() -> None:
    (line,) = detect_concurrent_changes(sent("i-1", "refused", "DuplicateOrganizationalUnitException"), [])
    assert "CreateOrganizationalUnit Name=Security was there already" in line
    assert "CloudTrail" in line


def test_after_a_lost_answer_of_ours_nobody_is_suspected() -> None:
    again = sent("i-2", "refused", "DuplicateOrganizationalUnitException")
    assert not list(detect_concurrent_changes([*sent("i-1", "unsure"), *again], []))
    assert not list(detect_concurrent_changes(again, [earlier()])), (
        "an earlier run was killed while it waited for the answer"
    )
    assert list(detect_concurrent_changes(again, [earlier(key="Name=Production")])), "it had sent something else"


def test_a_change_that_met_somebody_s_is_told_once_with_how_often() -> None:
    busy = [event for number in "123" for event in sent(number, "refused", "ConcurrentModificationException")]
    (line,) = detect_concurrent_changes([*busy, *sent("4", "committed")], [])
    assert "at 3 of our changes" in line


def test_an_account_that_nobody_here_asked_for_is_told() -> None:
    (line,) = detect_concurrent_changes([{"event": "others", "what": "theirs", "request": "car-1"}], [])
    assert line.startswith("AWS creates theirs, which this plan does not ask for")


def test_throttles_and_plain_refusals_are_no_sign() -> None:
    rejection = [*sent("1", "refused", "TooManyRequestsException"), *sent("2", "refused", "AccessDeniedException")]
    assert not list(detect_concurrent_changes([*rejection, *sent("3", "committed")], []))
