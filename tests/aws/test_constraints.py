"""Every reason in AWS's model has a kind and a sentence, and an update of botocore with new ones fails here."""

import pytest
from botocore.session import get_session

from orgkit.aws.advice import ADVICE, advice, reason_of
from orgkit.aws.constraint_reasons import (
    CONSTRAINTS,
    CREATIONS,
    ENUMS,
    HANDSHAKES,
    REASONS,
    SPELLING_VARIANTS,
    Kind,
    Reason,
)
from orgkit.aws.rejections import Rejected

MODEL = get_session().get_service_model("organizations")
REASON_ENUMS = {name for name in MODEL.shape_names if name.endswith(("ExceptionReason", "FailureReason"))}


def test_every_enum_of_reasons_in_the_model_has_a_table() -> None:
    assert set(ENUMS) == REASON_ENUMS


@pytest.mark.parametrize("enum", ENUMS)
def test_the_table_has_every_reason_of_the_installed_botocore_and_no_other(enum: str) -> None:
    known, there = set(ENUMS[enum]), set(MODEL.shape_for(enum).enum)
    assert not there - known, (
        f"AWS has added these to {enum}: give each a kind and a sentence in orgkit/aws/constraint_reasons.py"
    )
    assert not known - there, f"{enum} has these no more: take them out of orgkit/aws/constraint_reasons.py"


def test_a_reason_that_stands_in_two_enums_means_the_same_in_both() -> None:
    for table in ENUMS.values():
        assert {name: REASONS[name] for name in table} == dict(table)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_each_is_told_in_a_sentence_that_says_what_to_do(reason: str) -> None:
    output = ADVICE[reason]
    assert output.endswith((".", ")."))
    assert output[0].islower() or output.split()[0] in ("AWS", "AWS's")
    assert reason not in output
    assert ("report it" in output) is (REASONS[reason].kind in (Kind.BUG, Kind.NOT_OURS))
    assert advice(reason, "ConstraintViolationException") == output


def test_what_passes_by_itself_is_what_the_library_waits_for_or_a_person_resumes() -> None:
    """The first four are waited for (tests/phases/accounts/test_creation.py); the others take hours."""
    waits = {name for name, reason in REASONS.items() if reason.kind is Kind.WAIT}
    waited_for = {
        "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED",
        "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
        "INTERNAL_FAILURE",
        "CONCURRENT_ACCOUNT_MODIFICATION",
    }
    assert waits - waited_for == {
        "HANDSHAKE_RATE_LIMIT_EXCEEDED",
        "ORGANIZATION_MEMBERSHIP_CHANGE_RATE_LIMIT_EXCEEDED",
    }
    assert "tomorrow" in ADVICE["HANDSHAKE_RATE_LIMIT_EXCEEDED"]
    assert "hours" in ADVICE["ORGANIZATION_MEMBERSHIP_CHANGE_RATE_LIMIT_EXCEEDED"]


def test_a_reason_of_next_year_is_told_as_aws_says_it_and_not_waited_for() -> None:
    rejection = Rejected("organizations:CreateAccount", "ConstraintViolationException", "BRAND_NEW", "Too new.", "r-1")
    assert str(rejection).endswith("(BRAND_NEW): Too new.")
    assert reason_of("BRAND_NEW") is None
    assert "AWS's answer above" in advice(rejection.reason, rejection.code)


@pytest.mark.parametrize(("spelled", "known"), SPELLING_VARIANTS.items())
def test_what_the_documentation_spells_otherwise_is_understood(spelled: str, known: str) -> None:
    assert spelled not in REASONS
    assert advice(spelled) == ADVICE[known]


def test_the_quota_is_one_text_wherever_it_is_met() -> None:
    assert CONSTRAINTS["ACCOUNT_NUMBER_LIMIT_EXCEEDED"] == HANDSHAKES["ACCOUNT_NUMBER_LIMIT_EXCEEDED"]
    assert CREATIONS["ACCOUNT_LIMIT_EXCEEDED"] == Reason(
        Kind.USER, CONSTRAINTS["ACCOUNT_NUMBER_LIMIT_EXCEEDED"].explanation
    )
