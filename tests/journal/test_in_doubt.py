"""The outcome of a change without a response: it never counts as done without evidence."""

from typing import Any

import pytest

from orgkit.journal.in_doubt import Evidence, Intent, Resolution, resolve, unanswered_intents

STEP = "create-unit:Security"
CALL = {"call": "organizations:CreateOrganizationalUnit", "key": "Name=Security"}
IN_DOUBT = Intent("i-0", "an earlier run", STEP, **CALL)


def sent(name: str, result: str = "committed", **what: str) -> list[dict[str, Any]]:
    return [
        {"event": "intent", "intent": name, "step": STEP, **CALL, **what},
        {"event": "answer", "intent": name, "result": result},
    ]


@pytest.mark.parametrize(
    ("evidence", "resolution"),
    [
        (Evidence(), None),
        (Evidence(is_shown=True), Resolution.ADOPTED),
        (Evidence(is_shown=False), Resolution.NOT_SHOWN),
        (Evidence(planned=True), None),
        (Evidence(planned=True, done=True), Resolution.ADOPTED),
        (Evidence(planned=True, is_shown=True), None),
    ],
)
def test_without_another_call_only_what_aws_shows_or_an_ended_step_counts(
    evidence: Evidence, resolution: Resolution | None
) -> None:
    assert resolve(IN_DOUBT, STEP, [], evidence) is resolution
    assert resolve(IN_DOUBT, STEP, sent("i-1", "refused"), evidence) is resolution


def test_what_was_accepted_again_had_not_been_done_before() -> None:
    assert resolve(IN_DOUBT, STEP, sent("i-1"), Evidence(planned=True, done=True)) is Resolution.NOT_COMMITTED


@pytest.mark.parametrize("other", [{"step": "tag-unit:Security"}, {"key": "Name=Audit"}, {"call": "iam:CreateRole"}])
def test_another_call_says_nothing_about_it(other: dict[str, str]) -> None:
    assert resolve(IN_DOUBT, STEP, sent("i-1", **other), Evidence(planned=True, done=True)) is Resolution.ADOPTED


def test_a_step_with_other_fields_says_nothing_about_it() -> None:
    """The account was to be moved elsewhere then: that AWS moves it now proves nothing."""
    assert resolve(IN_DOUBT, STEP, sent("i-1"), Evidence(planned=False, done=True)) is None


def test_what_sets_a_state_cannot_be_told_after_it_was_set_again() -> None:
    tag = {"call": "organizations:TagResource", "key": "ResourceId=ou-1"}
    intent = Intent("i-0", "an earlier run", "tag-unit:Security", **tag)
    events = sent("i-1", step="tag-unit:Security", **tag)
    assert resolve(intent, "tag-unit:Security", events, Evidence(planned=True, done=True)) is Resolution.REPEATED


def test_an_intent_of_plan_schema_1_has_a_sentence_and_no_id() -> None:
    (old,) = unanswered_intents("r", [{"event": "intent", "intent": "i", "step": "create unit Security", **CALL}])
    assert (old.step, old.sentence) == ("", "create unit Security")
    (new,) = unanswered_intents(
        "r", [{"event": "intent", "intent": "i", "step": STEP, "sentence": "create it", **CALL}]
    )
    assert (new.step, new.sentence) == (STEP, "create it")
